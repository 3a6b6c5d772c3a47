/** What in the address book needs a look: subnets that run full, addresses in trouble, applications that wait. */
import { type Conditions, conditions, page, type Subnet } from '../ipam'

export const FULL = 85
export const IN_TROUBLE: Conditions = { conflict_type: { is_not_null: true } }

export interface Attention {
  full: { total: number; rows: Subnet[] }
  conflicts: number
  waiting: number
}

export const NOTHING: Attention = { full: { total: 0, rows: [] }, conflicts: 0, waiting: 0 }

/** Containers hold subnets, and are full by design. */
const RUNNING_FULL: Conditions = { utilization: { gt: FULL }, status: { neq: 'container' } }
const FULLEST = { order: 'utilization', order_by: 'desc', fields: 'name,cidr,utilization' }

/** Whoever may not read the address book is asked nothing about it; of applications, the server shows what one may see. */
export async function attention(reads: boolean, user: number): Promise<Attention> {
  const none = Promise.resolve({ detail: [], total: 0 })
  const ask = <Row>(path: string, filters: Conditions, more = {}) =>
    page<Row>(path, { filters: conditions(filters), page_size: 1, ...more }).catch(() => none)
  const [full, trouble, waiting] = await Promise.all([
    reads ? ask<Subnet>('/api/subnets', RUNNING_FULL, { ...FULLEST, page_size: 3 }) : none,
    reads ? ask('/api/ips', IN_TROUBLE) : none,
    ask('/api/registerIps', { status: { eq: 'pending' }, applicant_id: { neq: user } }),
  ])
  return { full: { total: full.total, rows: full.detail }, conflicts: trouble.total, waiting: waiting.total }
}
