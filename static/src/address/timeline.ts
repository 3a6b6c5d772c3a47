/** Everything around one address in one list: by day, in words, with ways to what it is about. */
import { moment } from '../format'
import { href } from '../router'
import { sentence } from '../sentences'
import { worded } from './fields'
import { hostOf, type Values } from './history'

export const KINDS = ['address', 'application', 'host', 'voucher', 'session', 'sign_in'] as const
export type EventKind = (typeof KINDS)[number]

export interface Happening {
  kind: EventKind
  event: string
  at: string
  actor: string
  title: string
  details: {
    old?: Values
    new?: Values
    note?: string | null
    source?: string
    application_id?: number
    comment?: string | null
    host_id?: number | null
    session_id?: number
    ended_at?: string | null
    status?: string
  }
}

export interface Day {
  day: string
  events: Happening[]
}

/** In the order they came in, under the day of the reader's zone. */
export function days(events: readonly Happening[]): Day[] {
  const found = new Map<string, Happening[]>()
  for (const event of events) {
    const day = moment(event.at).slice(0, 10)
    found.set(day, [...(found.get(day) ?? []), event])
  }
  return [...found].map(([day, those]) => ({ day, events: those }))
}

export function tally(events: readonly Happening[]): Map<EventKind, number> {
  const found = new Map<EventKind, number>()
  for (const { kind } of events) found.set(kind, (found.get(kind) ?? 0) + 1)
  return found
}

/** What happened, in two or three words. */
export function headline({ kind, event, title }: Happening): string {
  if (kind === 'host' || kind === 'voucher') return sentence(title)
  const prefix = { address: 'ip.event', application: 'ip.request', session: 'ip.session', sign_in: 'ip.signIn' }[kind]
  return worded(prefix, event)
}

/** About what: an application's number, who was signed in to where, which host. */
export function subject({ kind, title, details }: Happening): string {
  if (kind === 'application') return title.split(' ', 1)[0] ?? ''
  if (kind === 'session') return title
  if (kind === 'sign_in') return title.replace(/ 登录$/, '')
  return hostOf(details)?.name ?? ''
}

export function target({ kind, details }: Happening): string | null {
  if (kind === 'session' && details.session_id) return href('/session', { id: details.session_id })
  if (kind === 'application' && details.application_id) return href('/application', { id: details.application_id })
  const host = details.host_id ?? hostOf(details)?.id
  return host ? href('/resource', { id: host }) : null
}
