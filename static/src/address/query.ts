/** Conditions as rows of a form and as the filter grammar has them, both ways. */
import type { Faults, Query } from '../api'
import { type Conditions, conditions } from '../ipam'

export type Kind = 'text' | 'ip' | 'cidr' | 'choice' | 'reference' | 'boolean' | 'datetime' | 'date' | 'number' | 'list'

export interface Condition {
  /** Tells rows apart while they are edited. */
  key: number
  field: string
  operator: string
  value: unknown
}

const NULLNESS = ['is_null', 'is_not_null']
const COMPARED = ['gt', 'gte', 'lt', 'lte', 'between']
const WORDS = ['like', 'eq', 'neq', 'in', 'not_in', ...NULLNESS]

/** What suits a kind, the most usual first. */
export const OPERATORS: Record<Kind, readonly string[]> = {
  text: [...WORDS, ...COMPARED],
  ip: ['in_cidr', 'like', 'eq', 'neq', 'in', 'not_in', 'between', 'gt', 'gte', 'lt', 'lte', ...NULLNESS],
  cidr: ['in_cidr', 'contains_ip', 'like', 'eq', 'neq', 'in', 'not_in', ...NULLNESS],
  choice: ['eq', 'neq', 'in', 'not_in', ...NULLNESS],
  reference: ['eq', 'neq', 'in', 'not_in', ...NULLNESS],
  boolean: ['eq', 'neq', ...NULLNESS],
  datetime: ['gte', 'lte', 'gt', 'lt', 'between', 'eq', 'neq', ...NULLNESS],
  date: ['gte', 'lte', 'gt', 'lt', 'between', 'eq', 'neq', ...NULLNESS],
  number: ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'between', 'in', 'not_in', ...NULLNESS],
  list: ['like', ...NULLNESS],
}

export type Control = 'none' | 'pair' | 'several' | 'text' | 'choice' | 'reference' | 'boolean' | 'datetime' | 'date' | 'number'

/** With what a value is given. */
export function control(kind: Kind, operator: string): Control {
  if (NULLNESS.includes(operator)) return 'none'
  if (operator === 'between') return 'pair'
  if (operator === 'in' || operator === 'not_in') return kind === 'choice' || kind === 'reference' ? 'several' : 'text'
  return operator === 'like' || kind === 'ip' || kind === 'cidr' || kind === 'list' ? 'text' : kind
}

export function blank(kind: Kind, operator: string): unknown {
  const how = control(kind, operator)
  if (how === 'none') return true
  if (how === 'pair') return ['', '']
  if (how === 'several') return []
  return how === 'boolean' ? true : ''
}

let made = 0

export function condition(field: string, operator: string, value: unknown): Condition {
  return { key: ++made, field, operator, value }
}

/** A row for another field or operator; what was given stays where it is given alike. */
export function recast(row: Condition, was: Kind, field: string, kind: Kind, operator: string): Condition {
  const alike = was === kind && control(was, row.operator) === control(kind, operator)
  const kept = alike && (field === row.field || !['choice', 'reference'].includes(kind))
  return { ...row, field, operator, value: kept ? row.value : blank(kind, operator) }
}

/** Whether there is something to ask. */
export function isComplete(row: Condition): boolean {
  if (NULLNESS.includes(row.operator)) return true
  if (!Array.isArray(row.value)) return isGiven(row.value)
  return row.value.length > 0 && (row.operator !== 'between' || row.value.every(isGiven))
}

const isGiven = (value: unknown): boolean => value !== null && value !== undefined && String(value).trim() !== ''

/** Rows the grammar has no place for: each operator of a field stands once. */
export function repeated(rows: readonly Condition[]): Set<number> {
  const first = new Map<string, number>()
  for (const row of rows) if (!first.has(place(row))) first.set(place(row), row.key)
  return new Set(rows.filter((row) => first.get(place(row)) !== row.key).map((row) => row.key))
}

const place = (row: Condition): string => `${row.field}.${row.operator}`

export function conditionsOf(rows: readonly Condition[]): Conditions {
  const twice = repeated(rows)
  const found: Conditions = {}
  for (const row of rows) {
    if (isComplete(row) && !twice.has(row.key)) found[row.field] = { ...found[row.field], [row.operator]: row.value }
  }
  return found
}

/** The rows of an expression; null where it cannot be read. */
export function rowsOf(text: string): Condition[] | null {
  let told: unknown
  try {
    told = JSON.parse(text || '{}')
  } catch {
    return null
  }
  if (!told || typeof told !== 'object' || Array.isArray(told)) return null
  const bare = 'filters' in told && Object.keys(told).length === 1 ? told.filters : told
  return Object.entries((bare ?? {}) as Record<string, unknown>).flatMap(([field, wanted]) => spelledOut(field, wanted))
}

/** A scalar means eq, a list in. */
function spelledOut(field: string, wanted: unknown): Condition[] {
  if (Array.isArray(wanted)) return [condition(field, 'in', wanted)]
  if (!wanted || typeof wanted !== 'object') return [plain(field, 'eq', wanted)]
  return Object.entries(wanted).map(([operator, value]) => plain(field, operator.toLowerCase(), value))
}

/** Emptiness may be asked for in several ways; here there is one. */
function plain(field: string, operator: string, value: unknown): Condition {
  if (value === null && operator === 'eq') return condition(field, 'is_null', true)
  if (value === null && operator === 'neq') return condition(field, 'is_not_null', true)
  if (!NULLNESS.includes(operator)) return condition(field, operator, value)
  const named = ![false, 'false', 0, '0', 'no', 'off'].includes(value as string)
  return condition(field, named ? operator : NULLNESS.find((other) => other !== operator)!, true)
}

/** What the server said of a row: of its field or of its operator. */
export function faultsOf(row: Condition, faults: Faults): string[] {
  return [...(faults[`filters.${place(row)}`] ?? []), ...(faults[`filters.${row.field}`] ?? [])]
}

/** What the list of the page is asked with. */
export interface ListQuery extends Query {
  keyword: string
  /** JSON of the grammar. */
  filters: string
  /** A field, with a minus where it falls. */
  order: string
}

export function ordered(order: string): { order: string; order_by: string } {
  return { order: order.replace(/^-/, ''), order_by: order.startsWith('-') ? 'desc' : 'asc' }
}

/** The same in the server's words, only what is asked for. */
export function asked({ keyword, filters, order }: ListQuery): Record<string, unknown> {
  const rows = rowsOf(filters)
  return {
    ...(keyword && { keyword }),
    ...(filters && { filters: rows ? conditionsOf(rows) : filters }),
    ...(order && ordered(order)),
  }
}

/** And back. */
export function queryOf(view: Record<string, unknown>): ListQuery {
  const { keyword, filters, order, order_by } = view
  const by = typeof order === 'string' ? order : ''
  return {
    keyword: typeof keyword === 'string' ? keyword : '',
    filters: filters && typeof filters === 'object' ? conditions(filters as Conditions) : '',
    order: by && order_by === 'desc' ? `-${by}` : by,
  }
}
