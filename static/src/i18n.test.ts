import { expect, test } from 'vitest'
import { en, speak, t, zh } from './i18n'

const gaps = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

test('both languages have the same keys', () => {
  expect(Object.keys(en)).toEqual(Object.keys(zh))
})

test('both languages fill the same gaps', () => {
  for (const [key, text] of Object.entries(zh)) expect(gaps(en[key as keyof typeof en]), key).toEqual(gaps(text))
})

test('no text is empty, and English has no Chinese in it', () => {
  for (const text of [...Object.values(zh), ...Object.values(en)]) expect(text.trim()).not.toBe('')
  for (const text of Object.values(en)) expect(text).not.toMatch(/[\u4e00-\u9fff]/)
})

test('a gap is filled with what is given, in the language spoken', () => {
  speak('en')
  expect(t('list.total', { n: 3 })).toBe('3 in all')
  speak('zh')
  expect(t('list.total', { n: 3 })).toBe('共 3 条')
})
