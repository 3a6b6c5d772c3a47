/** The custom fields an administrator defined: asked for once per page, and how their values are written. */
import { reactive } from 'vue'
import { moment } from '../format'
import { t } from '../i18n'
import { type CustomValues, page, type Resource } from '../ipam'

export type FieldType =
  | 'text'
  | 'textarea'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'select'
  | 'multiselect'
  | 'url'
  | 'email'
  | 'phone'
  | 'ip'
  | 'mac'
  | 'json'

export interface FieldOption {
  value: string
  label?: string
  color?: string
}

export interface Definition {
  id: number
  version: number
  resource_type: string
  name: string
  label: string
  field_type: FieldType
  options: FieldOption[]
  default_value: unknown
  required: boolean
  unique: boolean
  regex: string | null
  min: number | null
  max: number | null
  max_length: number | null
  placeholder: string | null
  help_text: string | null
  group_name: string | null
  sort_order: number
  show_in_list: boolean
  show_in_form: boolean
  searchable: boolean
  editable: boolean
  is_active: boolean
}

const known = reactive(new Map<Resource, Definition[]>())

/** The active definitions of a collection in their order; none for those who may not read them. */
export async function loadDefinitions(resource: Resource): Promise<void> {
  const asked = { resource_type: resource, is_active: true, order: 'sort_order', page_size: 1000 }
  const told = await page<Definition>('/api/field_definitions', asked).catch(() => null)
  known.set(resource, told?.detail ?? [])
}

/** What is known of them so far. */
export function definitionsOf(resource: Resource): Definition[] {
  return known.get(resource) ?? []
}

export function optionLabel(definition: Pick<Definition, 'options'>, value: unknown): string {
  return definition.options.find((option) => option.value === String(value))?.label || String(value)
}

/** A value as people read it; an empty text where there is none. */
export function customText(definition: Pick<Definition, 'field_type' | 'options'>, value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  switch (definition.field_type) {
    case 'boolean':
      return t(value ? 'custom.yes' : 'custom.no')
    case 'select':
      return optionLabel(definition, value)
    case 'multiselect':
      return (Array.isArray(value) ? value : [value]).map((one) => optionLabel(definition, one)).join(', ')
    case 'datetime':
      return moment(String(value))
    case 'json':
      return JSON.stringify(value)
    default:
      return String(value)
  }
}

/** What is said below a field: its help, and what a new row has where nothing is given. */
export function customHint(definition: Definition): string {
  const preset = customText(definition, definition.default_value)
  return [definition.help_text, preset && t('custom.preset', { value: preset })].filter(Boolean).join(' · ')
}

/** Definitions by the group they are shown in, those of none first. */
export function grouped(definitions: Definition[]): [string, Definition[]][] {
  const groups = new Map<string, Definition[]>([['', []]])
  for (const one of definitions) groups.set(one.group_name ?? '', [...(groups.get(one.group_name ?? '') ?? []), one])
  return [...groups].filter(([, members]) => members.length)
}

export function customColumns(resource: Resource): Definition[] {
  return definitionsOf(resource).filter((one) => one.show_in_list)
}

/** A copy to edit: what the row has, never the row's own object. */
export function customCopy(row: { custom_fields?: CustomValues } | null): CustomValues {
  return { ...row?.custom_fields }
}
