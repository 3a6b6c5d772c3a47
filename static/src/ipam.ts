/** The calls of the address book: its collections all list, change and refuse alike. */
import { type Query, request, search } from './api'

export async function call<Data = unknown>(method: string, path: string, body?: unknown): Promise<Data> {
  return ((await (await request(method, path, body)).json()) as { data: Data }).data
}

/** One page, as other lists come. */
export async function page<Row>(path: string, query: Query = {}): Promise<{ detail: Row[]; total: number }> {
  const { list, total } = await call<{ list: Row[]; total: number }>('GET', path + search(query))
  return { detail: list, total }
}

/** Conditions as the filter grammar has them: `{ip: {in_cidr: '10.0.0.0/24'}}`. */
export type Conditions = Record<string, Record<string, unknown>>

export function conditions(wanted: Conditions): string {
  return Object.keys(wanted).length ? JSON.stringify(wanted) : ''
}

/** A row of another collection, as pickers need it. */
export interface Choice {
  value: number
  label: string
  code: string | null
  parent_id: number | null
  level: number | null
  disabled: boolean
}

export async function choices(resource: string, query: Query = {}): Promise<Choice[]> {
  return (await call<{ list: Choice[] }>('GET', `/api/${resource}/options${search(query)}`)).list
}

/** The collections of the address book, as their paths name them. */
export type Resource =
  | 'network_areas'
  | 'units'
  | 'departments'
  | 'projects'
  | 'user_contacts'
  | 'user-groups'
  | 'field_definitions'
  | 'gateways'
  | 'subnets'
  | 'ips'
  | 'registerIps'

export type AddressStatus = 'available' | 'allocated' | 'reserved' | 'dhcp' | 'pending' | 'quarantine' | 'disabled'
export type CustomValues = Record<string, unknown>

/** What every row of a collection has. */
export interface BookRow {
  id: number
  version: number
  created_at: string
  updated_at: string
  custom_fields?: CustomValues
}

export interface Address extends BookRow {
  ip: string
  subnet_id: number
  subnet_name: string | null
  network_area_id: number
  network_area_name: string | null
  status: AddressStatus
  is_online: boolean | null
  last_seen: string | null
  mac_address: string | null
  hostname: string | null
  device_name: string | null
  device_type: string | null
  user_contact_id: number | null
  user_contact_name: string | null
  unit_id: number | null
  unit_name: string | null
  department_id: number | null
  department_name: string | null
  project_id: number | null
  project_name: string | null
  purpose: string | null
  description: string | null
  is_gateway: boolean
  is_locked: boolean
  exclude_scan: boolean
  observed_mac: string | null
  dns_name: string | null
  os_name: string | null
  open_ports: number[] | null
  allocate_type: string | null
  allocated_at: string | null
  expires_at: string | null
  released_at: string | null
  release_after: string | null
  conflict_type: string | null
  conflict_detail: string | null
  conflict_at: string | null
  request_id: number | null
  host_ids: number[]
  host_name: string | null
}

export interface Subnet extends BookRow {
  name: string
  cidr: string
  ip_version: number
  prefix_length: number
  network_area_id: number
  network_area_name: string | null
  parent_id: number | null
  parent_name: string | null
  gateway_id: number | null
  gateway_name: string | null
  vlan_id: number | null
  vlan_name: string | null
  unit_id: number | null
  unit_name: string | null
  department_id: number | null
  department_name: string | null
  project_id: number | null
  project_name: string | null
  status: 'active' | 'reserved' | 'deprecated' | 'container'
  is_pool: boolean
  is_full: boolean
  allow_nested: boolean
  allow_request: boolean
  auto_approve: boolean
  approver_group_id: number | null
  approver_group_name: string | null
  release_cooldown_hours: number
  alert_threshold: number
  dns_servers: string[]
  dhcp_ranges: { start: string; end: string }[]
  description: string | null
  total_ips: number
  used_ips: number
  available_ips: number
  reserved_ips: number
  online_ips: number
  conflict_ips: number
  utilization: number
}
