/** Applications for addresses: their rows, their words, and the refusals that concern them as a whole. */
import { Problem } from '../api'
import { type Key, t } from '../i18n'
import { type BookRow, call, conditions, page } from '../ipam'
import { explained, sentence } from '../sentences'

export const PATH = '/api/registerIps'
export const APPROVE = 'ipam.request.approve'

export const TYPES = ['new', 'register', 'renew', 'release'] as const
export const STATUSES = ['pending', 'approved', 'rejected', 'cancelled', 'expired'] as const
export type ApplyType = (typeof TYPES)[number]
export type ApplicationStatus = (typeof STATUSES)[number]
export type Tab = 'mine' | 'decide' | 'all'

export interface ApplicationEvent {
  at: string
  event: ApplicationStatus | 'created' | 'edited' | 'resubmitted'
  comment: string | null
  actor_id: number | null
  actor_name: string
}

export interface Application extends BookRow {
  request_no: string
  apply_type: ApplyType
  status: ApplicationStatus
  applicant_id: number
  applicant_name: string
  network_area_id: number | null
  network_area_name: string | null
  subnet_id: number | null
  subnet_name: string | null
  ip: string | null
  ip_count: number
  user_contact_id: number | null
  user_contact_name: string | null
  unit_id: number | null
  unit_name: string | null
  department_id: number | null
  department_name: string | null
  project_id: number | null
  project_name: string | null
  hostname: string | null
  mac_address: string | null
  device_name: string | null
  device_type: string | null
  purpose: string | null
  description: string | null
  expires_at: string | null
  approved_at: string | null
  approve_comment: string | null
  reject_reason: string | null
  allocated_ips: string[]
  allocated_ip_ids: number[]
  may_decide: boolean
  events?: ApplicationEvent[]
}

/** An address that one may renew or give back. */
export interface Held {
  id: number
  ip: string
  network_area_id: number
  hostname: string | null
  expires_at: string | null
}

/** Where an address is to come from. */
export type Way = 'subnet' | 'area' | 'address'

export interface Target {
  way: Way
  subnet_id: number | null
  network_area_id: number | null
  ip: string
}

export const nowhere = (way: Way): Target => ({ way, subnet_id: null, network_area_id: null, ip: '' })

/** As the server takes it: what belongs to another way is taken back. */
export function wire(target: Target): object {
  const area = target.way === 'subnet' ? null : target.network_area_id
  return {
    subnet_id: target.way === 'subnet' ? target.subnet_id : null,
    network_area_id: area,
    ip: target.way === 'area' ? null : target.ip.trim() || null,
  }
}

export function targetOf(row: Application): Target {
  const way = row.subnet_id ? 'subnet' : row.ip ? 'address' : 'area'
  return { way, subnet_id: row.subnet_id, network_area_id: row.network_area_id, ip: row.ip ?? '' }
}

export const takesAddresses = (type: ApplyType) => type === 'new' || type === 'register'

export const typeWord = (type: ApplyType) => t(`application.type.${type}`)
export const statusWord = (status: ApplicationStatus) => t(`application.status.${status}`)
export const eventWord = (event: ApplicationEvent['event']) => t(`application.event.${event}` as Key)

/** Where the address is wanted: the narrowest thing that was named. */
export function place(row: Application): string {
  return row.subnet_name ?? row.network_area_name ?? ''
}

/** What there is to do with one's own: change it, take it back, remove it. */
export const isOpen = (row: Application) => row.status === 'pending' || row.status === 'rejected'

/** A conflict of the application as it stands is told as a sentence, not as the fault of a field nobody filled in. */
export async function plainly<Answer>(action: () => Promise<Answer>): Promise<Answer> {
  try {
    return await action()
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.status !== 409) throw thrown
    const { status, version, ...faults } = thrown.faults
    if (Object.keys(faults).length) throw new Problem(409, '', faults, thrown.requestId)
    throw new Problem(409, version ? t('application.stale') : status?.join(' ') || thrown.sentence, {}, thrown.requestId)
  }
}

/** A refusal where there are no fields: its sentences alone. */
export function sentences(problem: Problem): string {
  return Object.values(problem.faults).flat().map(sentence).join(' ') || explained(problem)
}

export const submit = (body: object) => plainly(() => call<Application>('POST', PATH, body))
export const change = (body: object) => plainly(() => call<Application>('PUT', PATH, body))

export async function counted(wanted: Parameters<typeof conditions>[0]): Promise<number> {
  const query = new URLSearchParams({ filters: conditions(wanted) })
  return (await call<{ total: number }>('GET', `${PATH}/count?${query}`)).total
}

/** Subnets that take applications. */
export const OPEN = { allow_request: { eq: true }, status: { neq: 'container' } }

/** The areas that have such subnets; asked again only while areas are left out of a page. */
export async function openAreas(): Promise<number[]> {
  const found = new Set<number>()
  for (;;) {
    const filters = conditions({ ...OPEN, network_area_id: { not_in: [...found] } })
    const asked = { filters, fields: 'network_area_id', page_size: 1000 }
    const { detail, total } = await page<{ network_area_id: number }>('/api/subnets', asked)
    for (const row of detail) found.add(row.network_area_id)
    if (detail.length === total) return [...found]
  }
}
