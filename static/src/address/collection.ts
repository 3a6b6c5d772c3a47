/** What the plain collections of the address book are made of, and how their rows become forms and forms bodies. */
import type { Query } from '../api'
import { moment } from '../format'
import { type Key, t } from '../i18n'
import { type BookRow, type Conditions, conditions, type Resource } from '../ipam'
import type { Definition, FieldOption } from './definitions'

export type Row = BookRow & Record<string, unknown>
export type Values = Record<string, unknown>
export type Mark = 'good' | 'bad' | 'idle' | 'warn'

export interface Field {
  name: string
  label: Key
  kind?: 'text' | 'lines' | 'whole' | 'choice' | 'ref' | 'refs' | 'date' | 'moment' | 'switch' | 'options' | 'preset' | 'trail'
  mono?: boolean
  required?: boolean
  hint?: Key
  longest?: number
  choices?: Record<string, Key>
  /** Values that are shown as a state. */
  marks?: Record<string, Mark>
  resource?: Resource | 'users'
  /** What the choice is narrowed to by what the form holds. */
  within?: (values: Values) => Query
  preset?: unknown
  /** Other names under which its faults come. */
  also?: string[]
  /** Shown, never written. */
  read?: boolean
  shown?: (values: Values) => boolean
  section?: Key
  link?: (row: Row) => string
  /** Where each of several rows it refers to is shown. */
  to?: (id: number) => string
  /** What stands there whatever the row holds. */
  text?: Key
  width?: string
}

export interface Collection {
  resource: Resource
  one: Key
  many: Key
  empty: Key
  right: string
  order: string
  fields: Field[]
  columns: string[]
  filters: string[]
  custom?: boolean
  /** What is said below the legend of a section. */
  notes?: Partial<Record<Key, Key>>
  nameOf?: (row: Row) => string
  /** What a new row below this one begins with; null where there can be none. */
  below?: (row: Row) => Values | null
  tree?: boolean
  /** Whether removing asks what becomes of values. */
  purges?: boolean
  /** Why this row always stays. */
  stays?: (row: Row) => Key | null
}

export function nameOf(collection: Collection, row: Row): string {
  return collection.nameOf?.(row) ?? String(row.name ?? row.id)
}

/** By what the server sorts a column: references by name, what is only counted not at all. */
export function sortOf(field: Field): string | undefined {
  if (field.read || field.kind === 'refs') return undefined
  return field.kind === 'ref' ? field.name.replace(/_id$/, '_name') : field.name
}

export function written(collection: Collection): Field[] {
  return collection.fields.filter((field) => !field.read)
}

function blankOf(field: Field): unknown {
  if (field.preset !== undefined) return field.preset
  if (field.kind === 'refs' || field.kind === 'options') return []
  if (field.kind === 'ref' || field.kind === 'preset') return null
  return field.kind === 'switch' ? false : ''
}

/** What the form holds for a new row. */
export function blank(collection: Collection): Values {
  const values = written(collection).map((field) => [field.name, blankOf(field)])
  return { ...(Object.fromEntries(values) as Values), custom_fields: {} }
}

function filledOf(field: Field, value: unknown): unknown {
  if (field.kind === 'options') return ((value ?? []) as FieldOption[]).map((option) => ({ ...option }))
  if (field.kind === 'refs') return [...((value ?? []) as number[])]
  if (field.kind === 'switch') return Boolean(value)
  if (field.kind === 'ref' || field.kind === 'preset') return value ?? null
  return value === null || value === undefined ? '' : String(value)
}

/** What the form holds for a row there is. */
export function filled(collection: Collection, row: Row): Values {
  const values = written(collection).map((field) => [field.name, filledOf(field, row[field.name])])
  return { ...(Object.fromEntries(values) as Values), custom_fields: { ...row.custom_fields } }
}

/** What is sent: fields that do not apply are sent empty. */
export function body(collection: Collection, values: Values): Values {
  const told = written(collection).map((field) => {
    const applies = field.shown?.(values) ?? true
    return [field.name, applies ? values[field.name] : blankOf(field)]
  })
  const custom = collection.custom ? { custom_fields: values.custom_fields } : {}
  return { ...(Object.fromEntries(told) as Values), ...custom }
}

/** A value as people read it. */
export function cellText(field: Field, row: Row): string {
  if (field.text) return t(field.text)
  const value = row[field.name]
  const choice = field.choices?.[String(value)]
  if (choice) return t(choice)
  if (field.kind === 'ref') return String(row[field.name.replace(/_id$/, '_name')] ?? '')
  if (field.kind === 'switch') return t(value ? 'custom.yes' : 'custom.no')
  if (field.kind === 'moment') return value ? moment(String(value)) : ''
  if (field.kind === 'refs') return (value as number[] | null)?.length ? String((value as number[]).length) : ''
  if (field.kind === 'options') return (value as FieldOption[]).map((option) => option.label || option.value).join(', ')
  return value === null || value === undefined ? '' : String(value)
}

const EXACT = new Set(['select', 'boolean', 'integer', 'decimal', 'date'])

function customCondition(definition: Definition, value: unknown): Record<string, unknown> {
  if (definition.field_type === 'multiselect') return { like: JSON.stringify(value) }
  return EXACT.has(definition.field_type) ? { eq: value } : { like: value }
}

/** The filters of a list as they are asked: fields as they are, custom ones as conditions. */
export function asked(filters: Query, definitions: Definition[]): Query {
  const own = Object.entries(filters).filter(([name]) => !name.startsWith('custom_fields.'))
  const wanted: Conditions = {}
  for (const one of definitions) {
    const value = filters[`custom_fields.${one.name}`]
    if (value !== undefined && value !== null && value !== '') wanted[`custom_fields.${one.name}`] = customCondition(one, value)
  }
  return { ...Object.fromEntries(own), filters: conditions(wanted) }
}

/** Fields in the order of their sections, those of none first. */
export function sections(fields: Field[]): [Key | '', Field[]][] {
  const found = new Map<Key | '', Field[]>()
  for (const field of fields) found.set(field.section ?? '', [...(found.get(field.section ?? '') ?? []), field])
  return [...found]
}
