import { beforeEach, expect, test } from 'vitest'
import { speak } from '../i18n'
import { DEFINITIONS, GROUPS } from './administered'
import { asked, blank, body, cellText, type Collection, filled, nameOf, type Row, sections, written } from './collection'
import type { Definition } from './definitions'
import { AREAS, GATEWAYS } from './network'
import { CONTACTS, DEPARTMENTS, PROJECTS, UNITS } from './organisation'
import { arranged, lines } from './tree'

const ALL = [AREAS, GATEWAYS, UNITS, DEPARTMENTS, PROJECTS, CONTACTS, GROUPS, DEFINITIONS]
const row = (facts: Record<string, unknown>) => ({ id: 1, version: 1, created_at: '', updated_at: '', ...facts }) as Row
const fieldOf = (collection: Collection, name: string) => collection.fields.find((field) => field.name === name)!

beforeEach(() => speak('zh'))

test.each(ALL.map((collection) => [collection.resource, collection] as const))(
  'columns and filters of %s are fields of it',
  (_, collection) => {
    const names = collection.fields.map((field) => field.name)
    expect(names).toEqual([...new Set(names)])
    for (const name of [...collection.columns, ...collection.filters]) expect(names).toContain(name)
  },
)

test('a row goes through the form unchanged, and its own lists stay its own', () => {
  const unit = row({ name: '北', code: null, level: 2, parent_id: 7, sort_order: 0, status: 'active', custom_fields: { x: 1 } })
  const values = filled(UNITS, unit)
  expect(values).toMatchObject({ name: '北', code: '', level: '2', parent_id: 7, custom_fields: { x: 1 } })
  ;(values.custom_fields as Record<string, unknown>).x = 2
  expect(unit.custom_fields).toEqual({ x: 1 })
  expect(Object.keys(body(UNITS, values)).sort()).toEqual([...written(UNITS).map((field) => field.name), 'custom_fields'].sort())
})

test('what does not apply to a type of field is sent empty', () => {
  const values = { ...blank(DEFINITIONS), field_type: 'integer', min: '1', regex: 'a+', options: [{ value: 'a' }] }
  expect(body(DEFINITIONS, values)).toMatchObject({ min: '1', regex: '', options: [] })
  expect(body(DEFINITIONS, { ...values, field_type: 'select' })).toMatchObject({ min: '', options: [{ value: 'a' }] })
})

test('collections without custom fields send none', () => {
  expect(body(GROUPS, blank(GROUPS))).not.toHaveProperty('custom_fields')
})

test('cells are written as people read them', () => {
  expect(cellText(fieldOf(UNITS, 'level'), row({ level: 2 }))).toBe('市级')
  expect(cellText(fieldOf(UNITS, 'parent_id'), row({ parent_id: 7, parent_name: '江苏' }))).toBe('江苏')
  expect(cellText(fieldOf(GATEWAYS, 'is_online'), row({ is_online: null }))).toBe('未检测')
  expect(cellText(fieldOf(GROUPS, 'unit_ids'), row({ unit_ids: [1, 2] }))).toBe('2')
  expect(cellText(fieldOf(UNITS, 'leader'), row({ leader: null }))).toBe('')
})

test('a gateway without a name is called by its address', () => {
  expect(nameOf(GATEWAYS, row({ name: null, ip: '10.0.0.1' }))).toBe('10.0.0.1')
})

test('custom fields are filtered by conditions that fit their type', () => {
  const defined = (name: string, field_type: string) => ({ name, field_type, options: [] }) as unknown as Definition
  const filters = { keyword: 'x', 'custom_fields.a': 'b', 'custom_fields.c': 'd', 'custom_fields.e': 'f', 'custom_fields.g': '' }
  const known = [defined('a', 'text'), defined('c', 'select'), defined('e', 'multiselect'), defined('g', 'text')]
  const { filters: wanted, ...rest } = asked(filters, known)
  expect(rest).toEqual({ keyword: 'x' })
  expect(JSON.parse(String(wanted))).toEqual({
    'custom_fields.a': { like: 'b' },
    'custom_fields.c': { eq: 'd' },
    'custom_fields.e': { like: '"f"' },
  })
})

test('what lies below comes under what is opened, in its order; rows of a hidden parent stand at the top', () => {
  const unit = (id: number, parent_id: number | null, sort_order = 0) => row({ id, parent_id, sort_order })
  const below = arranged([unit(1, null, 5), unit(2, 1, 2), unit(3, 1, 1), unit(4, 99), unit(5, 3)])
  const shown = (opened: number[]) => lines(below, new Set(opened)).map(({ row, depth }) => [row.id, depth])
  expect(shown([])).toEqual([
    [4, 0],
    [1, 0],
  ])
  expect(shown([1, 3])).toEqual([
    [4, 0],
    [1, 0],
    [3, 1],
    [5, 2],
    [2, 1],
  ])
})

test('sections keep their order', () => {
  expect(sections(written(DEFINITIONS)).map(([section]) => section)).toEqual(['', 'definition.limits', 'definition.place'])
})
