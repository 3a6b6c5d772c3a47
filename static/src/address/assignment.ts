/** What an address is given along when it is allocated, as forms hold it and as it is sent. */
import { orNull } from '../form'
import { zoned } from '../format'
import type { Key } from '../i18n'
import type { CustomValues } from '../ipam'

export interface Assignment {
  user_contact_id: number | null
  unit_id: number | null
  department_id: number | null
  project_id: number | null
  hostname: string
  purpose: string
  expires_at: string
  description: string
  custom_fields: CustomValues
}

export const FIELDS = [
  'user_contact_id',
  'unit_id',
  'department_id',
  'project_id',
  'hostname',
  'purpose',
  'expires_at',
  'description',
] as const
export type AssignmentField = (typeof FIELDS)[number]

export const LABELS: Record<AssignmentField, Key> = {
  user_contact_id: 'book.contact',
  unit_id: 'book.unit',
  department_id: 'book.department',
  project_id: 'book.project',
  hostname: 'book.hostname',
  purpose: 'book.purpose',
  expires_at: 'book.expires',
  description: 'field.description',
}

export function unassigned(): Assignment {
  return {
    user_contact_id: null,
    unit_id: null,
    department_id: null,
    project_id: null,
    hostname: '',
    purpose: '',
    expires_at: '',
    description: '',
    custom_fields: {},
  }
}

export function sent(values: Assignment, field: AssignmentField): unknown {
  const value = values[field]
  if (field === 'expires_at') return value ? zoned(String(value)) : null
  return typeof value === 'string' ? orNull(value) : value
}

/** Only what was filled in. */
export function filled(values: Assignment): Record<string, unknown> {
  const told = FIELDS.map((field) => [field, sent(values, field)] as const).filter(([, value]) => value !== null)
  const custom = Object.keys(values.custom_fields).length ? { custom_fields: values.custom_fields } : {}
  return { ...Object.fromEntries(told), ...custom }
}
