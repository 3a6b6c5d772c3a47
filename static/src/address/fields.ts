/** What queries may ask of addresses: their fields in groups, with the values of those that have fixed ones. */
import { type Key, t, zh } from '../i18n'
import type { Resource } from '../ipam'
import type { Definition, FieldType } from './definitions'
import type { Kind } from './query'

export interface Value {
  value: string
  label: string
}

export interface QueryField {
  name: string
  label: string
  kind: Kind
  resource?: Resource
  values?: Value[]
}

export interface FieldGroup {
  label: string
  fields: QueryField[]
}

/** The enumerations as the server names them. */
export type Enumerations = Record<string, Value[]>

const PREFIXES: Record<string, string> = {
  status: 'ip.status',
  device_type: 'device',
  conflict_type: 'ip.conflict',
  allocate_type: 'ip.way',
  mac_source: 'ip.source',
  hostname_source: 'ip.source',
}

/** A value of an enumeration in the reader's language; unknown ones as they are. */
export function worded(prefix: string, value: string | null, otherwise = value ?? ''): string {
  const key = `${prefix}.${value}`
  return key in zh ? t(key as Key) : otherwise
}

export const operatorName = (operator: string): string => worded('operator', operator)

/** What happened to an address. */
export const eventName = (event: string): string => worded('ip.event', event)

const VERSIONS: Value[] = [
  { value: '4', label: 'IPv4' },
  { value: '6', label: 'IPv6' },
]

const own: { label: Key; fields: [name: string, label: Key, kind: Kind, resource?: Resource][] }[] = [
  {
    label: 'ips.groupAddress',
    fields: [
      ['ip', 'book.ip', 'ip'],
      ['status', 'field.status', 'choice'],
      ['subnet_id', 'book.subnet', 'reference', 'subnets'],
      ['subnet.cidr', 'ips.subnetCidr', 'cidr'],
      ['subnet.vlan_id', 'ips.vlan', 'number'],
      ['network_area_id', 'book.area', 'reference', 'network_areas'],
      ['ip_version', 'ips.version', 'choice'],
      ['is_gateway', 'book.gateway', 'boolean'],
      ['is_locked', 'ips.locked', 'boolean'],
      ['allocate_type', 'ips.allocateType', 'choice'],
      ['description', 'field.description', 'text'],
    ],
  },
  {
    label: 'ips.groupUse',
    fields: [
      ['user_contact_id', 'book.contact', 'reference', 'user_contacts'],
      ['unit_id', 'book.unit', 'reference', 'units'],
      ['department_id', 'book.department', 'reference', 'departments'],
      ['project_id', 'book.project', 'reference', 'projects'],
      ['hostname', 'book.hostname', 'text'],
      ['dns_name', 'ips.dnsName', 'text'],
      ['mac_address', 'book.mac', 'text'],
      ['device_name', 'book.deviceName', 'text'],
      ['device_type', 'book.deviceType', 'choice'],
      ['os_name', 'ips.osName', 'text'],
      ['purpose', 'book.purpose', 'text'],
    ],
  },
  {
    label: 'ips.groupNet',
    fields: [
      ['is_online', 'ips.online', 'boolean'],
      ['last_seen', 'ips.lastSeen', 'datetime'],
      ['observed_mac', 'ips.observedMac', 'text'],
      ['mac_source', 'ips.macSource', 'choice'],
      ['hostname_source', 'ips.hostnameSource', 'choice'],
      ['open_ports', 'ips.openPorts', 'list'],
      ['conflict_type', 'ips.conflict', 'choice'],
      ['conflict_at', 'ips.conflictAt', 'datetime'],
    ],
  },
  {
    label: 'ips.groupTime',
    fields: [
      ['expires_at', 'book.expires', 'datetime'],
      ['allocated_at', 'ips.allocatedAt', 'datetime'],
      ['released_at', 'ips.releasedAt', 'datetime'],
      ['release_after', 'ips.releaseAfter', 'datetime'],
      ['created_at', 'field.created', 'datetime'],
      ['updated_at', 'field.changed', 'datetime'],
    ],
  },
]

const CUSTOM: Partial<Record<FieldType, Kind>> = {
  integer: 'number',
  decimal: 'number',
  boolean: 'boolean',
  date: 'date',
  datetime: 'datetime',
  select: 'choice',
  multiselect: 'list',
  json: 'list',
}

function custom(definition: Definition): QueryField {
  const kind = CUSTOM[definition.field_type] ?? 'text'
  const values = definition.options.map((option) => ({ value: option.value, label: option.label || option.value }))
  return { name: `custom_fields.${definition.name}`, label: definition.label, kind, values }
}

export function fieldGroups(told: Enumerations, definitions: Definition[]): FieldGroup[] {
  const named = (name: string) =>
    name === 'ip_version'
      ? VERSIONS
      : told[name]?.map(({ value, label }) => ({ value, label: worded(PREFIXES[name] ?? '', value, label) }))
  const groups = own.map((group) => ({
    label: t(group.label),
    fields: group.fields.map(([name, label, kind, resource]) => ({
      name,
      label: t(label),
      kind,
      resource,
      values: named(name),
    })),
  }))
  if (definitions.length) groups.push({ label: t('book.custom'), fields: definitions.map(custom) as never[] })
  return groups
}

/** What a column of an address is called, for its history. */
export function fieldLabel(name: string): string {
  const wire = name === 'contact_id' ? 'user_contact_id' : name === 'area_id' ? 'network_area_id' : name
  const found = own.flatMap((group) => group.fields).find(([known]) => known === wire)
  return found ? t(found[1]) : name
}
