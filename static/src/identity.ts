/** The calls of `/api/v1/auth/`: the same people, roles and tokens, in the manners of another document. */
import { type Query, request, search } from './api'

const BASE = '/api/v1/auth'

export async function call<Data = unknown>(method: string, path: string, body?: unknown): Promise<Data> {
  return ((await (await request(method, BASE + path, body)).json()) as { data: Data }).data
}

/** One page of a list that comes under this name, as other lists come. */
export function pageOf<Row>(name: string) {
  return async (path: string, query: Query) => {
    const data = await call<Record<string, unknown>>('GET', path + search(query))
    return { detail: data[name] as Row[], total: Number(data.total) }
  }
}

/** All pages, for what is never many. */
export async function every<Row>(path: string, name: string, more: Query = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (let page = 1; ; page++) {
    const { detail, total } = await pageOf<Row>(name)(path, { ...more, page, page_size: 100 })
    rows.push(...detail)
    if (!detail.length || rows.length >= total) return rows
  }
}

/** Somebody in full, as he and administrators see him. */
export interface Account {
  id: string
  username: string
  email: string | null
  status: 'active' | 'inactive' | 'locked'
  roles: string[]
  permissions: string[]
  profile: Profile
  created_at: string
  updated_at: string
  last_login: string | null
  login_count: number
  expires_at: string | null
  allowed_ips: string[]
  mfa_enabled: boolean
  locked_until: string | null
  protected: boolean
}

export interface Profile {
  real_name: string
  phone: string
  department: string
  position: string
}

export interface SignIn {
  id: string
  address: string
  user_agent: string
  created_at: string
  expires_at: string
  current: boolean
}

export interface Label {
  id: string
  name: string
  category: string
  description: string
}

export interface RoleCount {
  id: string
  user_count: number
}

export interface Member {
  id: string
  username: string
  email: string | null
  status: Account['status']
  added_at: string
}

export interface Span {
  days: number[]
  from: string
  to: string
}

export interface Policy {
  allowed_addresses: string[]
  denied_addresses: string[]
  hours: Span[]
  mfa_required: boolean
}

export interface ApiKey {
  id: string
  name: string
  key_prefix: string
  status: 'active' | 'inactive' | 'expired'
  permissions: string[]
  created_by: string
  created_at: string
  expires_at: string
  last_used_at: string | null
  description: string
  allowed_ips: string[]
}

export interface NewKey {
  id: string
  name: string
  key: string
}

export interface Usage {
  total_requests: number
  success_requests: number
  error_requests: number
  daily_stats: { date: string; requests: number }[]
  top_endpoints: { endpoint: string; count: number }[]
  last_used_at: string | null
  last_ip: string | null
}

export interface MfaStatus {
  enabled: boolean
  required: boolean
  recovery_codes_left: number
}

export interface Enrolment {
  secret: string
  otpauth_uri: string
  qr_svg: string
}
