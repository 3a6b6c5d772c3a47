/** What a workbook may hold, in the order in which it depends; the last two are for administrators. */
import type { Key } from '../i18n'
import type { Resource } from '../ipam'

export const RESOURCES: { name: Exclude<Resource, 'registerIps'>; label: Key; admin?: true }[] = [
  { name: 'network_areas', label: 'book.area' },
  { name: 'units', label: 'book.unit' },
  { name: 'departments', label: 'book.department' },
  { name: 'user_contacts', label: 'book.contact' },
  { name: 'gateways', label: 'book.gateway' },
  { name: 'projects', label: 'book.project' },
  { name: 'subnets', label: 'book.subnet' },
  { name: 'ips', label: 'book.ip' },
  { name: 'field_definitions', label: 'exchange.definitions', admin: true },
  { name: 'user-groups', label: 'exchange.groups', admin: true },
]

export function labelOf(resource: string): Key {
  return RESOURCES.find((one) => one.name === resource)?.label ?? 'exchange.unknown'
}
