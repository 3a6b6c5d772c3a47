/** Rows that lie below one another, as lines of a table: children are fetched when their parent is opened. */
import { computed, reactive, ref } from 'vue'
import { Problem } from '../api'
import { page } from '../ipam'
import type { Collection, Row } from './collection'

const MOST = 1000
const FEW = 60

export interface Branch {
  rows: Row[]
  problem: Problem | null
  loading: boolean
  load(): Promise<void>
  depth(row: Row): number
  isOpen(row: Row): boolean
  toggle(row: Row): Promise<void>
}

/** Rows below each parent, in their order; those whose parent is not seen stand at the top. */
export function arranged(rows: readonly Row[]): Map<number | null, Row[]> {
  const seen = new Set(rows.map((row) => row.id))
  const below = new Map<number | null, Row[]>()
  for (const row of rows) {
    const parent = row.parent_id as number | null
    const place = parent !== null && seen.has(parent) ? parent : null
    below.set(place, [...(below.get(place) ?? []), row])
  }
  const rank = (row: Row) => Number(row.sort_order ?? 0)
  for (const rows of below.values()) rows.sort((one, other) => rank(one) - rank(other) || one.id - other.id)
  return below
}

/** The lines to be shown, each with how deep it lies. */
export function lines(below: Map<number | null, Row[]>, opened: ReadonlySet<number>): { row: Row; depth: number }[] {
  const found: { row: Row; depth: number }[] = []
  const walk = (parent: number | null, depth: number) => {
    for (const row of below.get(parent) ?? []) {
      found.push({ row, depth })
      if (opened.has(row.id)) walk(row.id, depth + 1)
    }
  }
  walk(null, 0)
  return found
}

export function useTree(collection: Collection): Branch {
  const known = ref(new Map<number, Row>())
  const opened = ref(new Set<number>())
  const below = computed(() => arranged([...known.value.values()]))
  const shown = computed(() => lines(below.value, opened.value))
  const depths = computed(() => new Map(shown.value.map(({ row, depth }) => [row.id, depth])))
  const path = `/api/${collection.resource}`

  async function fetched(asked: Record<string, string | number>): Promise<{ detail: Row[]; total: number }> {
    try {
      branch.problem = null
      return await page<Row>(path, { ...asked, page_size: MOST })
    } catch (thrown) {
      if (thrown instanceof Problem) branch.problem = thrown
      else throw thrown
      return { detail: [], total: 0 }
    }
  }

  async function children(row: Row): Promise<void> {
    if ((below.value.get(row.id)?.length ?? 0) >= Number(row.children_count)) return
    const { detail } = await fetched({ parent_id: row.id, order: 'sort_order' })
    known.value = new Map([...known.value, ...detail.map((one) => [one.id, one] as const)])
  }

  const branch = reactive({
    rows: computed(() => shown.value.map(({ row }) => row)),
    problem: null as Problem | null,
    loading: true,
    /** The highest levels first: whatever does not come at once is fetched when it is opened. */
    async load() {
      branch.loading = true
      const { detail, total } = await fetched({ order: 'level' })
      const first = !known.value.size
      known.value = new Map(detail.map((row) => [row.id, row]))
      if (first && total <= FEW) opened.value = new Set(known.value.keys())
      for (const id of opened.value) {
        const row = known.value.get(id)
        if (row) await children(row)
      }
      branch.loading = false
    },
    depth: (row: Row) => depths.value.get(row.id) ?? 0,
    isOpen: (row: Row) => opened.value.has(row.id),
    async toggle(row: Row) {
      const next = new Set(opened.value)
      if (!next.delete(row.id)) next.add(row.id)
      opened.value = next
      await children(row)
    },
  }) as Branch
  void branch.load()
  return branch
}
