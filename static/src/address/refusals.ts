/** Refusals of several addresses or subnets at once, each told under the name people know it by. */
import { type Faults, Problem } from '../api'
import { t } from '../i18n'

const CONFLICT = 409

/** The refusal with its rows by name: those of a batch by their place in it, others by their ids. */
export function named(thrown: unknown, nameAt: (index: number) => string | undefined, nameOf = nameAt): unknown {
  if (!(thrown instanceof Problem) || thrown.status !== CONFLICT) return thrown
  const faults: Faults = {}
  for (const row of thrown.rows) faults[nameAt(row.index) ?? row.field] ??= [row.message]
  if (!thrown.rows.length)
    for (const [key, told] of Object.entries(thrown.faults)) faults[(/^\d+$/.test(key) && nameOf(Number(key))) || key] = told
  return new Problem(thrown.status, thrown.sentence, faults, thrown.requestId, thrown.needs, thrown.retryAfter, thrown.rows)
}

/** Somebody else was quicker: said in words, not as a number of a version. */
export function stale(thrown: unknown): unknown {
  if (!(thrown instanceof Problem) || thrown.status !== CONFLICT || !thrown.faults.version) return thrown
  return new Problem(CONFLICT, t('subnet.stale'), {}, thrown.requestId)
}
