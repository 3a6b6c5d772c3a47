/** What is done to addresses, one or several at once; a refusal names the addresses it is about. */
import { type Faults, Problem } from '../api'
import { type Address, call } from '../ipam'
import { sentence } from '../sentences'
import { fieldLabel } from './fields'
import type { HistoryRow } from './history'

export interface Named {
  id: number
  ip: string
}

export interface AddressDetail extends Address {
  hosts: { id: number; name: string }[]
  /** The latest entries. */
  history: HistoryRow[]
}

export interface Release {
  reason: string
  /** Empty: what the subnet says. */
  cooldown_hours: string
  force?: boolean
}

export async function release(rows: readonly Named[], { cooldown_hours, ...how }: Release): Promise<void> {
  const hours = cooldown_hours === '' ? {} : { cooldown_hours: Number(cooldown_hours) }
  await call('POST', '/api/ips/release', { ids: rows.map((row) => row.id), ...how, ...hours })
}

/** All or none. */
export async function changeAll(rows: readonly Named[], data: object): Promise<void> {
  try {
    await call('PATCH', '/api/ips', { ids: rows.map((row) => row.id), data })
  } catch (thrown) {
    throw thrown instanceof Problem ? byRow(thrown, rows) : thrown
  }
}

export const changeOne = (id: number, facts: object): Promise<Address> => call('PATCH', '/api/ips', { id, ...facts })

/** The faults under the ids of their rows; of a lone row, under that. */
export function byRow(problem: Problem, rows: readonly Named[]): Problem {
  const lone = rows.length === 1 && !problem.rows.length
  const told = lone
    ? Object.entries(problem.faults).map(([field, said]) => ({ id: rows[0]!.id, field, message: said.join(' ') }))
    : problem.rows
  if (!told.length) return problem
  const faults: Faults = {}
  for (const { id, field, message } of told) {
    faults[id ?? ''] = [...(faults[id ?? ''] ?? []), `${fieldLabel(field)}: ${sentence(message)}`]
  }
  return new Problem(problem.status, '', faults, problem.requestId, problem.needs, 0, problem.rows, problem.code)
}

/** A host uses the address; an administrator may release it nevertheless. */
export const isInUse = (problem: Problem | null): boolean => problem?.code === 'RESOURCE_IN_USE'
