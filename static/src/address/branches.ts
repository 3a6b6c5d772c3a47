/** The tree of subnets, loaded branch by branch: areas, their subnets, what is in those, and the gaps between. */
import { reactive } from 'vue'
import { Problem } from '../api'
import { call, page, type Subnet } from '../ipam'
import { inOrder } from './cidr'
import { holds } from './subnets'

export interface Area {
  id: number
  name: string
  status: string
}

export type Entry = { kind: 'area'; area: Area } | { kind: 'subnet'; subnet: Subnet } | { kind: 'gap'; cidr: string; within: Subnet }

/** What hangs on one row, as far as it was loaded and is shown. */
export interface Branch {
  entries: Entry[]
  total: number
  pages: number
  limit: number
  /** There are more gaps than the server tells: the smaller ones are left out. */
  capped: boolean
  loading: boolean
  problem: Problem | null
}

/** A row of the table; `more` stands for what is not shown yet, `empty` for a branch that holds nothing. */
export interface Line {
  key: string
  level: number
  parent: string
  at: number
  of: number
  expanded?: boolean
  entry:
    | Entry
    | { kind: 'more'; left: number }
    | { kind: 'failed'; problem: Problem }
    | { kind: 'empty' | 'loading' | 'capped' }
}

export const TOP = 'top'
export const STEP = 100
const MOST_GAPS = 500 // that the server tells

export function keyOf(entry: Entry): string {
  if (entry.kind === 'gap') return `gap ${entry.within.id} ${entry.cidr}`
  return entry.kind === 'area' ? `area ${entry.area.id}` : `subnet ${entry.subnet.id}`
}

const isOpenable = (entry: Entry) => entry.kind === 'area' || (entry.kind === 'subnet' && holds(entry.subnet))

/** Children and gaps by address; gaps behind the last child that was loaded wait for the next ones. */
export function merged(children: readonly Subnet[], gaps: readonly string[], within: Subnet, all: boolean): Entry[] {
  const last = children[children.length - 1]
  const seen = all || !last ? gaps : gaps.filter((gap) => inOrder(gap, last.cidr) < 0)
  const entries: [string, Entry][] = [
    ...children.map((subnet) => [subnet.cidr, { kind: 'subnet', subnet }] as [string, Entry]),
    ...seen.map((cidr) => [cidr, { kind: 'gap', cidr, within }] as [string, Entry]),
  ]
  return entries.sort(([one], [other]) => inOrder(one, other)).map(([, entry]) => entry)
}

/** The rows to be shown, from what is open. */
export function lines(branches: ReadonlyMap<string, Branch>, open: ReadonlySet<string>, from: string, level = 1): Line[] {
  const branch = branches.get(from)
  const row = (entry: Line['entry'], at: number, key: string): Line => ({
    key,
    level,
    parent: from,
    at,
    of: branch?.entries.length ?? 1,
    entry,
  })
  if (!branch || (branch.loading && !branch.entries.length)) return [row({ kind: 'loading' }, 1, `${from} loading`)]
  if (branch.problem) return [row({ kind: 'failed', problem: branch.problem }, 1, `${from} failed`)]
  if (!branch.entries.length) return [row({ kind: 'empty' }, 1, `${from} empty`)]
  const found = branch.entries.slice(0, branch.limit).flatMap((entry, at) => {
    const key = keyOf(entry)
    if (!isOpenable(entry)) return [row(entry, at + 1, key)]
    const expanded = open.has(key)
    return [{ ...row(entry, at + 1, key), expanded }, ...(expanded ? lines(branches, open, key, level + 1) : [])]
  })
  const shown = Math.min(branch.limit, branch.entries.length)
  const left = Math.max(branch.entries.length, branch.total) - shown
  if (branch.capped) found.push(row({ kind: 'capped' }, shown + 1, `${from} capped`))
  return left > 0 ? [...found, row({ kind: 'more', left }, shown + 1, `${from} more`)] : found
}

/** What was open stays open while one looks at a subnet and comes back. */
const opened = reactive(new Set<string>())

/** The tree below a subnet, or the whole of it, or of one area. */
export class Tree {
  readonly branches = reactive(new Map<string, Branch>())
  readonly open = opened
  private children = new Map<string, { subnets: Subnet[]; gaps: string[] }>()

  constructor(
    readonly from: string,
    private within: Subnet | null = null,
  ) {}

  get lines(): Line[] {
    return lines(this.branches as Map<string, Branch>, this.open, this.from)
  }

  async toggle(line: Line): Promise<void> {
    if (line.expanded === undefined) return // nothing hangs on it
    if (this.open.delete(line.key)) return
    this.open.add(line.key)
    if (!this.branches.has(line.key)) await this.load(line.key, line.entry as Entry)
  }

  async more(line: Line): Promise<void> {
    const branch = this.branches.get(line.parent)!
    const owner = this.owner(line.parent)
    if (branch.limit >= branch.entries.length && owner) await this.next(line.parent, owner)
    branch.limit += STEP
  }

  /** From the beginning: the top, and every branch that is open. */
  async load(key = this.from, entry: Entry | null = this.top()): Promise<void> {
    const before = this.branches.get(key)
    this.children.delete(key)
    const fresh = { entries: before?.entries ?? [], total: 0, pages: 0, limit: STEP, capped: false, loading: true, problem: null }
    this.branches.set(key, fresh as Branch)
    await this.next(key, entry)
    const inside = this.branches.get(key)!.entries.filter((one) => isOpenable(one) && this.open.has(keyOf(one)))
    await Promise.all(inside.map((one) => this.load(keyOf(one), one)))
  }

  private top(): Entry | null {
    return this.within && { kind: 'subnet', subnet: this.within }
  }

  private owner(key: string): Entry | null {
    if (key === this.from) return this.top()
    for (const branch of this.branches.values()) {
      const found = branch.entries.find((entry) => keyOf(entry as Entry) === key)
      if (found) return found as Entry
    }
    return null
  }

  private async next(key: string, entry: Entry | null): Promise<void> {
    const branch = this.branches.get(key)!
    branch.loading = true
    try {
      const [entries, total] = await this.fetch(key, entry, branch.pages + 1)
      const capped = (this.children.get(key)?.gaps.length ?? 0) >= MOST_GAPS
      Object.assign(branch, { entries, total, capped, pages: branch.pages + 1, problem: null })
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      branch.problem = thrown
    } finally {
      branch.loading = false
    }
  }

  private async fetch(key: string, entry: Entry | null, number: number): Promise<[Entry[], number]> {
    if (!entry) return areas()
    const kept = this.children.get(key) ?? { subnets: [], gaps: [] }
    const asked = { order: 'cidr', page: number, page_size: STEP }
    const path = entry.kind === 'area' ? '/api/subnets/roots' : '/api/subnets'
    const of = entry.kind === 'area' ? { network_area_id: entry.area.id } : { parent_id: (entry as { subnet: Subnet }).subnet.id }
    const [{ detail, total }, gaps] = await Promise.all([
      page<Subnet>(path, { ...of, ...asked }),
      entry.kind === 'subnet' && number === 1 ? gapsIn(entry.subnet.id) : kept.gaps,
    ])
    const subnets = [...kept.subnets, ...detail]
    this.children.set(key, { subnets, gaps })
    if (entry.kind === 'area') return [subnets.map((subnet) => ({ kind: 'subnet', subnet })), total]
    const within = (entry as { subnet: Subnet }).subnet
    const all = subnets.length >= total
    return [merged(subnets, gaps, within, all), total + gaps.length]
  }
}

async function areas(): Promise<[Entry[], number]> {
  const { detail } = await page<Area>('/api/network_areas', { order: 'id', page_size: 1000, fields: 'name,status' })
  return [detail.map((area) => ({ kind: 'area', area })), detail.length]
}

async function gapsIn(id: number): Promise<string[]> {
  return (await call<{ list: string[] }>('GET', `/api/subnets/gaps?id=${id}`)).list
}
