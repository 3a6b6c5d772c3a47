import { beforeEach, expect, test } from 'vitest'
import { speak } from '../i18n'
import { needed } from '../permissions'
import { customHint, customText, type Definition, grouped } from './definitions'

const OPTIONS = [{ value: 'a', label: '甲' }, { value: 'b' }]
const defined = (more: Partial<Definition>) => ({ field_type: 'text', options: [], ...more }) as Definition

beforeEach(() => speak('zh'))

test('values are written as people read them', () => {
  expect(customText(defined({ field_type: 'boolean' }), false)).toBe('否')
  expect(customText(defined({ field_type: 'select', options: OPTIONS }), 'a')).toBe('甲')
  expect(customText(defined({ field_type: 'multiselect', options: OPTIONS }), ['a', 'b'])).toBe('甲, b')
  expect(customText(defined({ field_type: 'json' }), { x: [1] })).toBe('{"x":[1]}')
  expect(customText(defined({}), 0)).toBe('0')
  expect(customText(defined({}), null)).toBe('')
})

test('the hint is the help, and what a new row has by itself', () => {
  expect(customHint(defined({ help_text: '机柜编号', default_value: null }))).toBe('机柜编号')
  expect(customHint(defined({ field_type: 'boolean', default_value: true }))).toBe('新建时默认：是')
})

test('fields of no group come first, groups in the order of their first field', () => {
  const rows = [defined({ name: 'x', group_name: '机房' }), defined({ name: 'y', group_name: null })]
  expect(grouped(rows).map(([title, members]) => [title, members.map((one) => one.name)])).toEqual([
    ['', ['y']],
    ['机房', ['x']],
  ])
})

test('a refusal in the address book names the right of reading or of writing', () => {
  expect(needed('/api/units?page=1')).toEqual(['ipam.core.read'])
  expect(needed('/api/ips/allocate', 'POST')).toEqual(['ipam.core.write'])
  expect(needed('/api/field_definitions', 'DELETE')).toEqual(['admin'])
})
