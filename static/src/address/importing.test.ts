import { expect, test } from 'vitest'
import {
  count,
  facts,
  firstSheet,
  type How,
  isExecuted,
  isPreview,
  LARGEST,
  matching,
  obstacle,
  type Preview,
  type PreviewRow,
  query,
  refusal,
  type Sheet,
} from './importing'

const USUAL: How = { on_error: 'abort', on_exists: 'update' }
const row = (number: number, action: PreviewRow['action'], more: Partial<PreviewRow> = {}): PreviewRow => ({
  row: number,
  action,
  key: '',
  data: {},
  changes: {},
  errors: [],
  warnings: [],
  ...more,
})
const sheet = (resource: Sheet['resource'], rows: PreviewRow[], more: Partial<Sheet> = {}): Sheet => {
  const of = (action: string) => rows.filter((one) => one.action === action).length
  const counts = { create: of('create'), update: of('update'), skip: of('skip'), error: of('error') }
  const head = [{ header: '名称*', field: 'name', mapped: true }]
  return { resource, sheet_name: '', total: rows.length, ...counts, columns: head, warnings: [], rows, rows_truncated: false, ...more }
}
const preview = (summary: Partial<Preview['summary']>): Preview => ({
  preview_token: '',
  file_name: '',
  summary: { total: 9, create: 0, update: 0, skip: 0, error: 0, warning: 0, ...summary },
  sheets: [],
  warnings: [],
})

test('only a workbook of a bearable size is sent', () => {
  const asked = (name: string, size: number) => refusal({ name, size })
  expect(asked('a.XLSX', LARGEST)).toBeNull()
  expect(asked('a.csv', 9)).toBe('exchange.notXlsx')
  expect(asked('a.xlsx', 0)).toBe('exchange.emptyFile')
  expect(asked('a.xlsx', LARGEST + 1)).toBe('exchange.tooLarge')
})

test('faults stand in the way unless they are to be left out', () => {
  const faulty = preview({ error: 1, create: 2 })
  expect(obstacle(faulty, USUAL)).toBe('exchange.faultsFirst')
  expect(obstacle(faulty, { ...USUAL, on_error: 'skip_invalid' })).toBeNull()
})

test('a workbook that changes nothing has nothing to carry out', () => {
  expect(obstacle(preview({ skip: 9 }), USUAL)).toBe('exchange.nothingToDo')
  expect(obstacle(preview({ total: 0 }), USUAL)).toBe('exchange.noRows')
  expect(obstacle(preview({ update: 1 }), USUAL)).toBeNull()
})

test('the sheet with faults comes first, then one with changes', () => {
  const [still, changing, faulty] = [
    sheet('units', [row(2, 'skip')]),
    sheet('ips', [row(2, 'update')]),
    sheet('subnets', [row(2, 'error')]),
  ]
  expect(firstSheet([still, changing, faulty])).toBe(faulty)
  expect(firstSheet([still, changing])).toBe(changing)
  expect(firstSheet([still])).toBe(still)
})

test('a filter keeps what fits it, and counts beyond what is shown', () => {
  const one = sheet('ips', [row(2, 'error', { warnings: ['x'] }), row(3, 'create')], { create: 700, total: 701 })
  expect(matching(one, 'create').map((found) => found.row)).toEqual([3])
  expect([count(one, ''), count(one, 'create'), count(one, 'warning')]).toEqual([701, 700, 1])
})

test('a change is told by the header of its column, a new row by all it says', () => {
  const one = sheet('ips', [])
  expect(facts(one, row(2, 'update', { changes: { name: ['a', 'b'], other: ['', 'c'] } }))).toEqual([
    { label: '名称', before: 'a', after: 'b' },
    { label: 'other', before: '', after: 'c' },
  ])
  expect(facts(one, row(2, 'create', { data: { id: '', name: 'a' } }))).toEqual([{ label: '名称', before: '', after: 'a' }])
  expect(facts(one, row(2, 'error', { data: { name: 'a' } }))).toEqual([])
})

test('results are told apart, and usual choices stay out of the address', () => {
  const results = [preview({}), { created: {} }, null, { job_id: 'x' }]
  expect(results.map(isPreview)).toEqual([true, false, false, false])
  expect(results.map(isExecuted)).toEqual([false, true, false, false])
  expect(query(USUAL, 'j')).toEqual({ job: 'j', exists: undefined, errors: undefined })
})
