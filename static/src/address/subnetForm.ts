/** A subnet as its form holds it, and as it is sent. */
import { orNull } from '../form'
import type { CustomValues, Subnet } from '../ipam'

export function blank() {
  return {
    name: '',
    cidr: '',
    network_area_id: 1 as number | null,
    status: 'active' as Subnet['status'],
    gateway_id: null as number | null,
    vlan_id: '' as number | '',
    vlan_name: '',
    unit_id: null as number | null,
    department_id: null as number | null,
    project_id: null as number | null,
    dns_servers: '',
    dhcp_ranges: '',
    is_pool: false,
    is_full: false,
    allow_nested: false,
    allow_request: true,
    auto_approve: false,
    approver_group_id: null as number | null,
    release_cooldown_hours: 0 as number | '',
    alert_threshold: 0 as number | '',
    description: '',
    custom_fields: {} as CustomValues,
  }
}

export type SubnetValues = ReturnType<typeof blank>

export function toForm(subnet: Subnet): SubnetValues {
  const names = Object.keys(blank()) as (keyof SubnetValues)[]
  const told = Object.fromEntries(names.map((name) => [name, subnet[name as keyof Subnet] ?? blank()[name]]))
  return {
    ...(told as SubnetValues),
    dns_servers: subnet.dns_servers.join(', '),
    dhcp_ranges: subnet.dhcp_ranges.map(({ start, end }) => `${start} - ${end}`).join('\n'),
  }
}

export function fromForm(values: SubnetValues): object {
  return {
    ...values,
    vlan_id: values.vlan_id || null,
    vlan_name: orNull(values.vlan_name),
    description: orNull(values.description),
    release_cooldown_hours: values.release_cooldown_hours || 0,
    alert_threshold: values.alert_threshold || 0,
    dns_servers: values.dns_servers.split(/[\s,;，；]+/).filter(Boolean),
    dhcp_ranges: ranges(values.dhcp_ranges),
  }
}

/** One range in a line, `first - last`; what is no range is sent as it is, for the server to refuse. */
export function ranges(text: string): { start: string; end: string }[] {
  const lines = text.split(/[\n,;，；]+/).map((line) => line.trim())
  return lines.filter(Boolean).map((line) => {
    const [start = '', end = start] = line.split(/\s*[-–~]\s*|\s+/)
    return { start, end }
  })
}
