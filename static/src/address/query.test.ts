import { expect, test } from 'vitest'
import { conditions } from '../ipam'
import {
  asked,
  condition,
  conditionsOf,
  control,
  faultsOf,
  isComplete,
  OPERATORS,
  queryOf,
  recast,
  repeated,
  rowsOf,
} from './query'

const plain = (text: string) => rowsOf(text)?.map(({ field, operator, value }) => [field, operator, value])
const row = (operator: string, value: unknown, field = 'hostname') => condition(field, operator, value)

test('rows become the expression they came from', () => {
  const text = '{"ip":{"in_cidr":"10.0.0.0/8","neq":"10.0.0.9"},"status":{"in":["allocated","dhcp"]}}'
  expect(conditions(conditionsOf(rowsOf(text)!))).toBe(text)
})

test('shorter spellings of the grammar are read', () => {
  expect(plain('{"filters":{"status":"dhcp","unit_id":[1,2]}}')).toEqual([
    ['status', 'eq', 'dhcp'],
    ['unit_id', 'in', [1, 2]],
  ])
})

test('emptiness asked for in any way is one operator', () => {
  expect(plain('{"a":null,"b":{"neq":null},"c":{"is_null":false},"d":{"IS_NULL":""}}')).toEqual([
    ['a', 'is_null', true],
    ['b', 'is_not_null', true],
    ['c', 'is_not_null', true],
    ['d', 'is_null', true],
  ])
})

test('what is no expression has no rows, and is sent as it is', () => {
  expect([rowsOf('{"ip":'), rowsOf('[1]'), rowsOf('7')]).toEqual([null, null, null])
  expect(asked({ keyword: '', filters: '{"ip":', order: '' })).toEqual({ filters: '{"ip":' })
})

test('unfinished rows are not asked', () => {
  const rows = [row('like', ' '), row('in', [], 'unit_id'), row('between', ['2026-01-01', ''], 'expires_at')]
  expect(rows.some(isComplete)).toBe(false)
  expect(conditionsOf([...rows, row('is_null', true)])).toEqual({ hostname: { is_null: true } })
})

test('an operator that a field has already is marked and left out', () => {
  const rows = [row('like', 'a'), row('like', 'b'), row('neq', 'c')]
  expect([...repeated(rows)]).toEqual([rows[1]!.key])
  expect(conditionsOf(rows)).toEqual({ hostname: { like: 'a', neq: 'c' } })
})

test('a value stays where it is given alike, and goes where it is not', () => {
  const typed = row('like', 'web')
  expect(recast(typed, 'text', 'hostname', 'text', 'in').value).toBe('web')
  expect(recast(row('eq', 'web'), 'text', 'purpose', 'text', 'neq').value).toBe('web')
  expect(recast(row('eq', 3, 'unit_id'), 'reference', 'project_id', 'reference', 'eq').value).toBe('')
  expect(recast(typed, 'text', 'expires_at', 'datetime', 'between').value).toEqual(['', ''])
  expect(recast(typed, 'text', 'is_online', 'boolean', 'eq').value).toBe(true)
})

test('every operator of every kind has a control', () => {
  expect(control('ip', 'in_cidr')).toBe('text')
  expect(control('choice', 'not_in')).toBe('several')
  expect(control('text', 'in')).toBe('text')
  expect(control('datetime', 'is_null')).toBe('none')
  for (const operators of Object.values(OPERATORS)) expect(new Set(operators).size).toBe(operators.length)
})

test('faults are found by operator and by field', () => {
  const faults = { 'filters.ip.foo': ['no operator'], 'filters.bar': ['no field'] }
  expect(faultsOf(row('foo', 1, 'ip'), faults)).toEqual(['no operator'])
  expect(faultsOf(row('eq', 1, 'bar'), faults)).toEqual(['no field'])
  expect(faultsOf(row('eq', 1, 'ip'), faults)).toEqual([])
})

test('a query comes back from a view as it was', () => {
  const query = { keyword: 'web', filters: '{"status":{"eq":"dhcp"}}', order: '-expires_at' }
  expect(asked(query)).toMatchObject({ order: 'expires_at', order_by: 'desc', filters: { status: { eq: 'dhcp' } } })
  expect(queryOf(asked(query))).toEqual(query)
  expect(queryOf({})).toEqual({ keyword: '', filters: '', order: '' })
})
