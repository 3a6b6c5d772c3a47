/** What happened to addresses, as people read it: which values changed, and into what. */
import { reactive } from 'vue'
import { moment } from '../format'
import { t } from '../i18n'
import { choices, type Resource } from '../ipam'
import { customText, definitionsOf } from './definitions'
import { fieldLabel, worded } from './fields'

export type Values = Record<string, unknown> | null

export interface HistoryRow {
  id: number
  ip_id: number
  ip: string
  event: string
  old: Values
  new: Values
  source: string
  actor_name: string | null
  note: string | null
  created_at: string
}

export interface Change {
  name: string
  label: string
  old: string
  new: string
}

/** Every event there is, for filters. */
export const EVENTS = [
  'created',
  'allocated',
  'released',
  'reserved',
  'edited',
  'hostname_changed',
  'mac_changed',
  'online',
  'offline',
  'conflict',
  'expired',
  'host_linked',
  'host_unlinked',
] as const

const REFERENCES: Record<string, Resource> = {
  contact_id: 'user_contacts',
  unit_id: 'units',
  department_id: 'departments',
  project_id: 'projects',
}
const WORDS: Record<string, string> = { status: 'ip.status', device_type: 'device', conflict_type: 'ip.conflict' }
const SHOWN = [
  'status',
  'hostname',
  'mac_address',
  'device_name',
  'device_type',
  ...Object.keys(REFERENCES),
  'purpose',
  'expires_at',
  'release_after',
  'description',
  'is_locked',
  'exclude_scan',
  'conflict_type',
]
const known = reactive(new Map<string, string>())

/** Asks once what the people and places in these rows are called. */
export async function learn(rows: readonly { old?: Values; new?: Values }[]): Promise<void> {
  const asked = Object.entries(REFERENCES).map(async ([name, resource]) => {
    const ids = rows.flatMap((row) => [row.old?.[name], row.new?.[name]]).filter((id) => typeof id === 'number')
    const fresh = [...new Set(ids)].filter((id) => !known.has(`${name} ${id}`))
    if (!fresh.length) return
    const told = await choices(resource, { ids: fresh.join(','), limit: fresh.length }).catch(() => [])
    for (const choice of told) known.set(`${name} ${choice.value}`, choice.label)
  })
  await Promise.all(asked)
}

/** Custom fields beside the others. */
function flat(values: Values | undefined): Record<string, unknown> {
  const { custom_fields, ...own } = values ?? {}
  const custom = Object.entries((custom_fields ?? {}) as Record<string, unknown>)
  return { ...own, ...Object.fromEntries(custom.map(([name, value]) => [`custom_fields.${name}`, value])) }
}

function label(name: string): string {
  const [, custom] = name.split('custom_fields.')
  return custom ? (definitionsOf('ips').find((one) => one.name === custom)?.label ?? custom) : fieldLabel(name)
}

function text(name: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  const custom = definitionsOf('ips').find((one) => `custom_fields.${one.name}` === name)
  if (custom) return customText(custom, value)
  if (typeof value === 'boolean') return t(value ? 'custom.yes' : 'custom.no')
  if (name in REFERENCES) return known.get(`${name} ${String(value)}`) ?? `#${String(value)}`
  if (name in WORDS) return worded(WORDS[name]!, String(value))
  if (name === 'expires_at' || name === 'release_after') return moment(String(value))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The host that was linked, or is no longer. */
export function hostOf({ old, new: now }: { old?: Values; new?: Values }): { id: number; name: string } | null {
  const { host_id: id, host_name: name } = now ?? old ?? {}
  return typeof id === 'number' && typeof name === 'string' ? { id, name } : null
}

/** The values that changed and mean something to a reader. */
export function changesOf(row: { old?: Values; new?: Values }): Change[] {
  const [old, now] = [flat(row.old), flat(row.new)]
  const custom = Object.keys({ ...old, ...now }).filter((name) => name.startsWith('custom_fields.'))
  return [...SHOWN.filter((name) => name in old || name in now), ...custom]
    .map((name) => ({ name, label: label(name), old: text(name, old[name]), new: text(name, now[name]) }))
    .filter((change) => change.old !== change.new)
}
