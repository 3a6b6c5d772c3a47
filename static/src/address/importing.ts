/** Importing a workbook: what the server tells of it, and what that means for whoever decides. */
import { dock, follow, type Kind, track, type Work } from '../dock'
import type { Key } from '../i18n'
import { call, type Resource } from '../ipam'
import { href } from '../router'

export type Action = 'create' | 'update' | 'skip' | 'error'
export const ACTIONS: readonly Action[] = ['error', 'create', 'update', 'skip']

/** How rows that are wrong, or there already, are dealt with. */
export interface How {
  on_error: 'abort' | 'skip_invalid'
  on_exists: 'update' | 'skip' | 'error'
}

export interface RowFault {
  column: string
  field: string
  code: string
  message: string
}

export interface PreviewRow {
  row: number
  action: Action
  key: string
  data: Record<string, string>
  changes: Record<string, [string, string]>
  errors: RowFault[]
  warnings: string[]
}

export interface Sheet extends Record<Action, number> {
  resource: Resource
  sheet_name: string
  total: number
  columns: { header: string; field: string | null; mapped: boolean }[]
  warnings: string[]
  rows: PreviewRow[]
  rows_truncated: boolean
}

export interface Preview {
  preview_token: string
  file_name: string
  summary: Record<Action | 'total' | 'warning', number>
  sheets: Sheet[]
  warnings: string[]
}

type Counts = Partial<Record<Resource, number>>

export interface Executed {
  success: boolean
  created: Counts
  updated: Counts
  skipped: Counts
  failed: number
  errors: (RowFault & { resource: Resource; sheet_name: string; row: number; key: string })[]
  errors_truncated: boolean
  duration_ms: number
}

export const LARGEST = 10 * 1024 * 1024
const JOBS = '/api/smart/import/jobs/'
const JOB = /^[0-9a-f]{32}$/

// --- calls ----------------------------------------------------------------------------------------------------------

/** Where a job is shown, with the choices it was begun with; usual ones go without saying. */
export const query = ({ on_exists, on_error }: How, job?: string) => ({
  job,
  exists: on_exists === 'update' ? undefined : on_exists,
  errors: on_error === 'abort' ? undefined : on_error,
})

const kind = (label: Key, how: How): Kind => ({ label, jobs: JOBS, link: (id) => href('/exchange', query(how, id)) })

/** Asks what a file would do, or one that the server still has. */
export function look(source: File | { name: string; token: string }, how: How): Work {
  const body = new FormData()
  if (source instanceof File) body.append('file', source)
  else body.append('preview_token', source.token)
  for (const [name, value] of Object.entries(how)) body.append(name, value)
  return track(kind('exchange.looking', how), source.name, () => call('POST', '/api/smart/import/preview', body))
}

export function carryOut(preview: Preview, how: How): Work {
  const body = { preview_token: preview.preview_token, ...how }
  return track(kind('exchange.importing', how), preview.file_name, () => call('POST', '/api/smart/import/execute', body))
}

/** The work that an address names: known here, or a job the server may still remember. */
export function find(id: string, how: How): Work | null {
  const known = dock.find((work) => work.id === id)
  return known ?? (JOB.test(id) ? follow(kind('exchange.importing', how), id, '') : null)
}

/** What was begun last and not carried out yet. */
export function pending(): Work | null {
  const open = (work: Work) => work.state === 'running' || isPreview(work.result)
  return dock.findLast((work) => work.label !== 'exchange.exporting' && open(work)) ?? null
}

// --- what it means --------------------------------------------------------------------------------------------------

export function isPreview(result: unknown): result is Preview {
  return typeof result === 'object' && result !== null && 'summary' in result
}

export function isExecuted(result: unknown): result is Executed {
  return typeof result === 'object' && result !== null && 'created' in result
}

/** Why a file is not even sent. */
export function refusal(file: { name: string; size: number }): Key | null {
  if (!file.name.toLowerCase().endsWith('.xlsx')) return 'exchange.notXlsx'
  if (file.size === 0) return 'exchange.emptyFile'
  return file.size > LARGEST ? 'exchange.tooLarge' : null
}

/** Why the import cannot be carried out as things are; null when it can. */
export function obstacle({ summary }: Preview, how: How): Key | null {
  if (!summary.total) return 'exchange.noRows'
  if (summary.error && how.on_error === 'abort') return 'exchange.faultsFirst'
  return summary.create || summary.update ? null : 'exchange.nothingToDo'
}

/** The sheet one wants to see first: with faults, with changes, the first. */
export function firstSheet(sheets: readonly Sheet[]): Sheet | undefined {
  return sheets.find((one) => one.error) ?? sheets.find((one) => one.create || one.update) ?? sheets[0]
}

/** How many rows of a sheet a filter leaves; warnings are known of the rows at hand. */
export function count(sheet: Sheet, filter: Filter): number {
  if (filter === '') return sheet.total
  return filter === 'warning' ? matching(sheet, filter).length : sheet[filter]
}

export type Filter = Action | 'warning' | ''

export function matching(sheet: Sheet, filter: Filter): PreviewRow[] {
  if (filter === 'warning') return sheet.rows.filter((row) => row.warnings.length)
  return filter ? sheet.rows.filter((row) => row.action === filter) : sheet.rows
}

export interface Fact {
  label: string
  before: string
  after: string
}

/** What a row would change, or what a new one says, by the headers of its sheet. */
export function facts(sheet: Sheet, row: PreviewRow): Fact[] {
  const header = (field: string) => sheet.columns.find((one) => one.field === field)?.header.replace(/\*$/, '') || field
  if (row.action === 'create') {
    const said = Object.entries(row.data).filter(([field]) => field !== 'id')
    return said.map(([field, text]) => ({ label: header(field), before: '', after: text }))
  }
  return Object.entries(row.changes).map(([field, [before, after]]) => ({ label: header(field), before, after }))
}

export const sum = (counts: Counts): number => Object.values(counts).reduce((all, one) => all + one, 0)
