/** What the built UI may weigh and may contain. Runs on static/dist, so `npm run build` comes first. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'

const KB = 1024
const dist = join(__dirname, 'dist')

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

const files = existsSync(dist) ? filesBelow(dist).filter((path) => !/\.(br|gz)$/.test(path)) : []
const weight = (path: string) => statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size
const text = (path: string) => readFileSync(path, 'utf8')

test('there is a build to look at', () => {
  expect(files.length).toBeGreaterThan(5)
})

test('everything together is at most 450 KB as brotli', () => {
  expect(files.reduce((sum, path) => sum + weight(path), 0)).toBeLessThanOrEqual(450 * KB)
})

test('every script and style has its compressed siblings', () => {
  for (const path of files.filter((name) => /\.(js|css)$/.test(name))) {
    expect(existsSync(`${path}.br`) && existsSync(`${path}.gz`), path).toBe(true)
  }
})

test('nothing evaluates text as code', () => {
  for (const path of files.filter((name) => name.endsWith('.js'))) {
    expect(text(path).match(/\beval\(|new Function\(|[^.\w]Function\(["'`]/g), path).toBeNull()
  }
})

test('no style and no page loads anything from elsewhere', () => {
  for (const path of files.filter((name) => /\.(css|html)$/.test(name))) {
    expect(text(path).match(/(url\(|src=|href=|@import)\s*["']?(https?:)?\/\//g), path).toBeNull()
  }
})

test('the page marks where its nonce goes', () => {
  expect(text(join(dist, 'index.html'))).toContain('nonce="__NONCE__"')
})

test('the notices name everything that is shipped, the font too, in their compressed form as well', () => {
  const notices = brotliDecompressSync(readFileSync(join(dist, 'third-party-notices.md.br'))).toString()
  for (const name of ['element-plus', '@xterm/xterm', '@fontsource/jetbrains-mono']) expect(notices).toContain(`## ${name} - `)
})
