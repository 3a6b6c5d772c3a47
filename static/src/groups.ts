/** The tree of groups as a flat list in reading order, shared by every page that needs it. */
import { computed, ref } from 'vue'
import { get, Problem } from './api'
import type { Group } from './types'

const loaded = ref<Group[]>([])

/** Parents before children, siblings by name. */
export function inOrder(groups: readonly Group[]): Group[] {
  const known = new Set(groups.map((group) => group.id))
  const below = (parent: number | null): Group[] =>
    groups
      .filter((group) => (group.parent !== null && known.has(group.parent) ? group.parent : null) === parent)
      .sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }))
      .flatMap((group) => [group, ...below(group.id)])
  return below(null)
}

export const groups = computed(() => inOrder(loaded.value))
const byId = computed(() => new Map(loaded.value.map((group) => [group.id, group])))

export async function loadGroups(): Promise<void> {
  try {
    loaded.value = (await get<Group[]>('/api/resource/group/get/', { all: true })).detail
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    loaded.value = []
  }
}

export function groupOf(id: number | null): Group | undefined {
  return id === null ? undefined : byId.value.get(id)
}

export function rootOf(id: number): number {
  return groupOf(id)?.root ?? id
}

/** A group and those above it, nearest first. */
export function lineage(id: number): number[] {
  const found = groupOf(id)
  return found ? [id, ...(found.parent === null ? [] : lineage(found.parent))] : []
}

/** "shop / web" */
export function pathName(id: number): string {
  const names = lineage(id).map((ancestor) => groupOf(ancestor)?.name ?? '')
  return names.length ? names.reverse().join(' / ') : `#${id}`
}
