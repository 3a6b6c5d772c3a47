/** Refusals of several addresses or subnets at once, each told under the name people know it by. */
import { type Faults, Problem } from '../api'

const CONFLICT = 409

/** The refusal with its rows by name: those of a batch by their place in it, others by their ids. */
export function named(thrown: unknown, nameAt: (index: number) => string | undefined, nameOf = nameAt): unknown {
  if (!(thrown instanceof Problem) || thrown.status !== CONFLICT) return thrown
  const faults: Faults = {}
  for (const row of thrown.rows) faults[nameAt(row.index) ?? row.field] ??= [row.message]
  if (!thrown.rows.length)
    for (const [key, told] of Object.entries(thrown.faults)) faults[(/^\d+$/.test(key) && nameOf(Number(key))) || key] = told
  return new Problem(thrown.status, thrown.sentence, faults, thrown.requestId, thrown.needs, 0, thrown.rows, thrown.code)
}
