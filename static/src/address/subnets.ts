/** How figures and states of subnets are written. */
import type { Subnet } from '../ipam'

export const STATUSES = ['active', 'reserved', 'deprecated', 'container'] as const

export const STATE_MARKS: Record<Subnet['status'], 'good' | 'idle' | 'warn' | 'bad'> = {
  active: 'good',
  reserved: 'warn',
  deprecated: 'bad',
  container: 'idle',
}

/** Counts of IPv6 are larger than anybody reads: from ten million on as a power of two. */
export function figure(count: number): string {
  return count < 10_000_000 ? String(count) : `2^${Math.round(Math.log2(count))}`
}

/** Whether others may lie in it. */
export function holds(subnet: Pick<Subnet, 'status' | 'allow_nested'>): boolean {
  return subnet.status === 'container' || subnet.allow_nested
}
