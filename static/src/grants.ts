/** Arithmetic of grants: what a role holds on each group by itself, from above, and what a change has to say. */
import type { Grant } from './types'

export type Held = Map<number, Set<number>>

export function held(grants: readonly Grant[]): Held {
  const result: Held = new Map()
  for (const { resource_group: group, permission } of grants) {
    result.set(group, (result.get(group) ?? new Set()).add(permission))
  }
  return result
}

export function has(rights: Held, group: number, permission: number): boolean {
  return rights.get(group)?.has(permission) ?? false
}

export function toggled(rights: Held, group: number, permission: number): Held {
  const own = new Set(rights.get(group))
  if (!own.delete(permission)) own.add(permission)
  return new Map(rights).set(group, own)
}

/** Only the groups whose list differs; groups not named are left untouched by the server. */
export function changes(before: Held, after: Held): { id: number; permission: number[] }[] {
  const groups = new Set([...before.keys(), ...after.keys()])
  return [...groups]
    .filter((group) => !same(before.get(group), after.get(group)))
    .map((id) => ({ id, permission: [...(after.get(id) ?? [])].sort((one, other) => one - other) }))
}

function same(one: Set<number> = new Set(), other: Set<number> = new Set()): boolean {
  return one.size === other.size && [...one].every((permission) => other.has(permission))
}
