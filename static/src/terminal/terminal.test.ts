import { expect, test } from 'vitest'
import { type Cast, parseCast } from './cast'
import { chunks } from './connection'
import { safeLink } from './links'
import { cleaned, lineCount, preview, wantsLook } from './paste'
import { Player } from './player'

test('a paste can neither end bracketed mode nor press keys', () => {
  expect(cleaned('ls\u001b[201~\u0003\r\nrm\u009b')).toBe('ls[201~\nrm')
})

test('one line passes, more want a look', () => {
  expect([wantsLook('ls -la'), wantsLook('ls\n')]).toEqual([false, true])
  expect(lineCount('a\nb\n')).toBe(2)
  expect(preview('x\n'.repeat(50)).split('\n')).toHaveLength(13)
})

test('a long input is cut without losing or splitting a character', () => {
  const text = `${'a'.repeat(8191)}😀${'b'.repeat(9000)}`
  const parts = [...chunks(text)]
  expect(parts.join('')).toBe(text)
  expect(parts.every((part) => part.length <= 8192 && !/[\ud800-\udbff]$/.test(part))).toBe(true)
})

test('only http and https are links', () => {
  expect(safeLink('https://example.com/a')?.host).toBe('example.com')
  for (const bad of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ssh://x', '//x', 'x']) {
    expect(safeLink(bad), bad).toBeNull()
  }
})

test('a recording cut off in the middle of a line is read up to there', () => {
  const cast = parseCast('{"version":2,"width":100,"height":30,"timestamp":1}\n[0.5,"o","a"]\n[1,"r","80x24"]\n[2,"o')
  expect(cast).toMatchObject({ width: 100, height: 30, timestamp: 1, duration: 1 })
  expect(cast.events).toHaveLength(2)
})

class Stage {
  shown = ''
  size = ''
  write = (data: string) => (this.shown += data)
  resize = (cols: number, rows: number) => (this.size = `${cols}x${rows}`)
  reset = () => (this.shown = '')
}

const EVENTS: [number, string, string][] = [
  [1, 'o', 'a'],
  [2, 'r', '120x40'],
  [3, 'o', 'b'],
  [60, 'o', 'c'],
]

const cast: Cast = {
  width: 80,
  height: 24,
  timestamp: null,
  duration: 60,
  events: EVENTS.map(([at, kind, data]) => ({ at, kind, data })),
}

test('playing shows what has happened so far, at the size it had', () => {
  const stage = new Stage()
  const player = new Player(cast, stage)
  player.advance(1, false)
  expect([stage.shown, stage.size]).toEqual(['a', '80x24'])
  player.advance(2, false)
  expect([stage.shown, stage.size]).toEqual(['ab', '120x40'])
})

test('seeking back starts over, seeking forward goes on', () => {
  const stage = new Stage()
  const player = new Player(cast, stage)
  player.seek(3)
  player.seek(1.5)
  expect([stage.shown, stage.size]).toEqual(['a', '80x24'])
  player.seek(600)
  expect([stage.shown, player.position, player.over]).toEqual(['abc', 60, true])
})

test('long silences shrink when asked to', () => {
  const stage = new Stage()
  const player = new Player(cast, stage)
  player.seek(3)
  player.advance(2.5, true)
  expect(stage.shown).toBe('abc')
})

test('a recording cannot ask for a screen of any size', () => {
  const stage = new Stage()
  new Player({ ...cast, width: 100000, height: 100000 }, stage)
  expect(stage.size).toBe('500x200')
})
