/** Talks to the appliance: one envelope, one kind of refusal, the access token in memory only. */
import { needed } from './permissions'

export interface Envelope<Detail> {
  code: number
  msg: string
  detail: Detail
  total?: number
  extra?: unknown
  token?: { access: string; refresh: string }
}

export type Faults = Record<string, string[]>
export type Query = Record<string, string | number | boolean | null | undefined>

/** What was wrong with one of several rows; `id` is null where it had none yet. */
export interface RowFault {
  index: number
  id: number | null
  field: string
  message: string
}

/** A refusal in the appliance's own sentences. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly sentence: string,
    readonly faults: Faults = {},
    readonly requestId = '',
    readonly needs: readonly string[] = [],
    readonly retryAfter = 0,
    readonly rows: readonly RowFault[] = [],
    readonly code = '',
  ) {
    super(sentence)
  }
}

const MUST_CHANGE_PASSWORD = '请先修改密码'
const WHOLE = ['VERSION_CONFLICT', 'ID_NOT_FOUND'] // about the row, not about one of its fields
const MUST_ENROL = '请先绑定MFA'
let access = ''
let renewing: Promise<boolean> | null = null

/** What happens outside when the sign-in ends, or when something has to be done first. */
export const events = { ended: () => {}, due: (_: 'password' | 'mfa') => {} }

export function keep(token: string): void {
  access = token
}

export async function get<Detail>(path: string, query: Query = {}): Promise<Envelope<Detail>> {
  return (await request('GET', path + search(query))).json()
}

export async function post<Detail = unknown>(path: string, body: unknown = {}): Promise<Envelope<Detail>> {
  return (await request('POST', path, body)).json()
}

export async function getText(path: string): Promise<string> {
  return (await request('GET', path)).text()
}

/** Asks for new tokens by the HttpOnly cookie; parallel callers share one question. */
export function renew(): Promise<boolean> {
  renewing ??= send('POST', '/api/rbac/refresh/', {})
    .then(async (answer) => {
      if (!answer.ok) return false
      keep(((await answer.json()) as Envelope<null>).token?.access ?? '')
      return true
    })
    .finally(() => (renewing = null))
  return renewing
}

export async function request(method: string, path: string, body?: unknown): Promise<Response> {
  let answer = await send(method, path, body)
  if (answer.status === 401 && access) {
    if (await renew()) answer = await send(method, path, body)
    else events.ended()
  }
  if (answer.ok) return answer
  throw await problem(answer, path, method)
}

async function send(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = access ? { Authorization: access } : {}
  const plain = body === undefined || body instanceof FormData // a form says itself where its parts end
  if (!plain) headers['Content-Type'] = 'application/json'
  try {
    return await fetch(path, { method, headers, body: plain ? body : JSON.stringify(body) })
  } catch {
    throw new Problem(0, '')
  }
}

/** What a refusal may hold, in the manners of any document. */
interface Refusal {
  detail?: unknown
  msg?: string
  message?: string
  errors?: Record<string, string[]>
  error?: { code: string; details?: Record<string, unknown> }
}

async function problem(answer: Response, path: string, method: string): Promise<Problem> {
  const told = (await answer.json().catch(() => ({}))) as Refusal
  const { permission, ...errors } = told.errors ?? {}
  const faults = { ...flatten(told.detail), ...errors, ...flatten(detailed(told.error)) }
  const sentence = typeof told.detail === 'string' ? told.detail : (told.message ?? told.msg ?? answer.statusText)
  if (answer.status === 403) remind(sentence)
  return new Problem(
    answer.status,
    Object.keys(faults).length ? '' : sentence,
    faults,
    answer.headers.get('X-Request-Id') ?? '',
    answer.status === 403 ? (permission ?? needed(path, method)) : [],
    Number(answer.headers.get('Retry-After') ?? 0),
    rowFaults(told.error?.details),
    told.error?.code,
  )
}

const rowFaults = (details: Record<string, unknown> = {}): RowFault[] =>
  Array.isArray(details.items) ? (details.items as RowFault[]) : []

/** Rows of a batch name their field themselves; a number or a list of things is no fault of a field. */
function detailed(error: Refusal['error']): Record<string, unknown> {
  if (!error || WHOLE.includes(error.code)) return {}
  const details = error.details ?? {}
  const isFault = (value: unknown) => typeof value === 'string' || Array.isArray(value)
  const told = Object.entries(details).filter(([name, value]) => name !== 'items' && isFault(value))
  return { ...Object.fromEntries(told), ...Object.fromEntries(rowFaults(details).map((row) => [row.field, row.message])) }
}

function remind(sentence: string): void {
  if (sentence === MUST_CHANGE_PASSWORD) events.due('password')
  if (sentence === MUST_ENROL) events.due('mfa')
}

/** `{"groups":{"0":{"id":{"group":"…"}}}}` becomes `{"groups.0.id.group":["…"]}`. */
export function flatten(detail: unknown, prefix = ''): Faults {
  if (typeof detail === 'string') return prefix ? { [prefix]: [detail] } : {}
  if (Array.isArray(detail)) return { [prefix]: detail.map(String) }
  if (!detail || typeof detail !== 'object') return {}
  const parts = Object.entries(detail).map(([name, inner]) => flatten(inner, prefix ? `${prefix}.${name}` : name))
  return Object.assign({}, ...parts) as Faults
}

export function search(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text && `?${text}`
}
