/** How the UI is built: one CSS file, no inlined assets, a nonce placeholder, compressed siblings beside every text file. */
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const NOTICES = 'third-party-notices.md'
const FONT = 'node_modules/@fontsource/jetbrains-mono'
const WORTH_COMPRESSING = /\.(js|css|svg|json|md)$/

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

/** The appliance serves these siblings as they are; it never compresses on its event loop. */
function compressedSiblings(): Plugin {
  let folder = ''
  return {
    name: 'compressed-siblings',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      for (const path of filesBelow(folder).filter((name) => WORTH_COMPRESSING.test(name))) {
        const raw = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(raw, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      }
    },
  }
}

/** Vite lists what scripts are made of; a font comes in by a style and wants its licence beside it all the same. */
function fontLicence(): Plugin {
  let folder = ''
  return {
    name: 'font-licence',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      const { name, version, license } = JSON.parse(readFileSync(join(FONT, 'package.json'), 'utf8'))
      const text = readFileSync(join(FONT, 'LICENSE'), 'utf8')
      appendFileSync(join(folder, NOTICES), `\n## ${name} - ${version} (${license})\n\n${text}`)
    },
  }
}

/** lodash finds the global object by evaluating text where nothing else is there; something else always is. */
function noEvaluation(): Plugin {
  return {
    name: 'no-evaluation',
    transform: {
      filter: { id: /lodash-es[\\/]_root\.js$/ },
      handler: () => 'export default globalThis',
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [vue(), noEvaluation(), fontLicence(), compressedSiblings()],
  html: { cspNonce: '__NONCE__' },
  server: { proxy: { '/api': { target: process.env.APPLIANCE_URL ?? 'http://127.0.0.1:8080', ws: true } } },
  build: {
    target: 'es2022',
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: NOTICES },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'term', test: /node_modules[\\/]@xterm/ },
            { name: 'ui', test: /node_modules/ },
            { name: 'kit', test: /src[\\/](components[\\/]|(?!main|csp)[^\\/]+\.ts$)/ }, // one request instead of twenty
          ],
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts', 'build.test.ts'] },
})
