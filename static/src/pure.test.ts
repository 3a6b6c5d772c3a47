import { expect, test } from 'vitest'
import { clock, localField, size, zoned } from './format'
import { changes, has, held, toggled } from './grants'
import { inOrder } from './groups'
import { href, parse } from './router'
import type { Group } from './types'

const group = (id: number, name: string, parent: number | null): Group => ({
  id,
  name,
  parent,
  root: 1,
  level: 0,
  description: null,
})

test('groups are listed parents first, siblings by name, orphans as tops', () => {
  const tree = [group(3, 'b', 1), group(1, 'z', null), group(2, 'a', 1), group(9, 'lost', 77)]
  expect(inOrder(tree).map((one) => one.id)).toEqual([9, 1, 2, 3])
})

test('an address is read back as it was written', () => {
  expect(parse(href('/resource', { id: 3, name: 'a b&c' }))).toEqual({
    path: '/resource',
    query: { id: '3', name: 'a b&c' },
  })
  expect(parse('#/setup/tok-en').path).toBe('/setup/tok-en')
})

const grant = (resource_group: number, permission: number) => ({
  id: 0,
  protected: false,
  role: 4,
  permission,
  resource_group,
})

test('only groups whose rights differ are sent, whole', () => {
  const before = held([grant(1, 19), grant(1, 16), grant(2, 19)])
  const after = toggled(toggled(before, 2, 19), 3, 23)
  expect(changes(before, after)).toEqual([
    { id: 2, permission: [] },
    { id: 3, permission: [23] },
  ])
  expect(has(before, 2, 19)).toBe(true)
})

test('a change taken back sends nothing', () => {
  const before = held([grant(1, 19)])
  expect(changes(before, toggled(toggled(before, 1, 19), 1, 19))).toEqual([])
})

test('seconds read as a clock', () => {
  expect([clock(5), clock(125), clock(3725)]).toEqual(['0:05', '2:05', '1:02:05'])
})

test('sizes read short', () => {
  expect([size(812), size(14_500), size(2_400_000)]).toEqual(['812 B', '14 KB', '2.3 MB'])
})

test('a year that is still being typed stays a time a field can hold', () => {
  expect(localField(zoned('0002-03-04T05:06'))).toBe('0002-03-04T05:06:00')
  expect(localField(zoned('2031-03-04T05:06'))).toBe('2031-03-04T05:06:00')
})
