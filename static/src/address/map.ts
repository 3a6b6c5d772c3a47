/** What a map of addresses shows: the cells of a block, and how one moves and picks among them. */
import type { Address, AddressStatus } from '../ipam'
import { dotted, type Network, network, numberOf } from './cidr'

export type MapRow = Pick<
  Address,
  | 'id'
  | 'ip'
  | 'status'
  | 'is_online'
  | 'is_gateway'
  | 'is_locked'
  | 'conflict_type'
  | 'conflict_detail'
  | 'hostname'
  | 'device_name'
  | 'user_contact_name'
  | 'host_name'
>
export const MAP_FIELDS: readonly (keyof MapRow)[] = [
  'ip',
  'status',
  'is_online',
  'is_gateway',
  'is_locked',
  'conflict_type',
  'conflict_detail',
  'hostname',
  'device_name',
  'user_contact_name',
  'host_name',
]

/** `edge`: network and broadcast; `nested`: belongs to a child subnet. */
export type CellState = AddressStatus | 'gateway' | 'edge' | 'nested'
export type Mark = 'alive' | 'stranger' | 'conflict'

export const LETTERS: Partial<Record<CellState, string>> = {
  allocated: 'A',
  reserved: 'R',
  dhcp: 'D',
  pending: 'P',
  quarantine: 'Q',
  disabled: 'X',
  gateway: 'G',
  nested: 'N',
}

export interface Cell {
  ip: string
  /** The last number, which is all that differs within a block. */
  tail: string
  state: CellState
  marks: Mark[]
  row: MapRow | null
}

/** The part of a subnet that is shown at once: at most a /24. */
export interface Block {
  first: bigint
  last: bigint
}

export const BLOCK = 256n
export const MOST_CELLS = 65_536n // larger subnets are lists of the addresses that were touched

/** IPv6 and what is larger than a /16 has no map: nobody looks through it cell by cell. */
export function hasMap(cidr: string): boolean {
  const { version, first, last } = network(cidr)
  return version === 4 && last - first < MOST_CELLS
}

export function blocksOf(cidr: string): Block[] {
  const { first, last } = network(cidr)
  const found: Block[] = []
  for (let at = first; at <= last; at += BLOCK) found.push({ first: at, last: at + BLOCK - 1n < last ? at + BLOCK - 1n : last })
  return found
}

/** Which block of a subnet an address lies in. */
export function blockAt(cidr: string, ip: string): number {
  const { first, last } = network(cidr)
  const at = numberOf(ip)
  return at < first || at > last ? 0 : Number((at - first) / BLOCK)
}

interface Lies {
  cidr: string
  is_pool: boolean
}

export function cellOf(row: MapRow): Cell {
  const tail = row.ip.slice(row.ip.lastIndexOf('.') + 1)
  return { ip: row.ip, tail, state: row.is_gateway ? 'gateway' : row.status, marks: marksOf(row), row }
}

export function cellsOf(subnet: Lies, block: Block, rows: readonly MapRow[], children: readonly string[]): Cell[] {
  const whole = network(subnet.cidr)
  const inside = children.map(network)
  const known = new Map(rows.map((row) => [row.ip, row]))
  const cells: Cell[] = []
  for (let at = block.first; at <= block.last; at++) {
    const ip = dotted(at)
    const row = known.get(ip)
    const state = missingState(at, whole, subnet.is_pool, inside)
    cells.push(row ? cellOf(row) : { ip, tail: String(at & 255n), state, marks: [], row: null })
  }
  return cells
}

function missingState(at: bigint, whole: Network, isPool: boolean, inside: readonly Network[]): CellState {
  if (inside.some((child) => child.first <= at && at <= child.last)) return 'nested'
  const tiny = whole.last - whole.first < 2n
  return !tiny && !isPool && (at === whole.first || at === whole.last) ? 'edge' : 'available'
}

export function marksOf(row: Pick<MapRow, 'conflict_type' | 'is_online'>): Mark[] {
  const marks: Mark[] = []
  if (row.conflict_type) marks.push(row.conflict_type === 'unknown_online' ? 'stranger' : 'conflict')
  if (row.is_online && row.conflict_type !== 'unknown_online') marks.push('alive')
  return marks
}

export function holderOf(row: MapRow | null): string {
  if (!row) return ''
  const names = [row.hostname, row.host_name, row.device_name, row.user_contact_name]
  return [...new Set(names.filter(Boolean))].join(' · ')
}

/** How many cells are in which state. */
export function tally(cells: readonly Cell[]): Map<CellState | Mark, number> {
  const counted = new Map<CellState | Mark, number>()
  for (const cell of cells)
    for (const key of [cell.state, ...cell.marks]) counted.set(key, (counted.get(key) ?? 0) + 1)
  return counted
}

// --- moving and picking ---

/** Whether a cell may be picked: to apply for it, or to do anything with it. */
export function canPick(cell: Cell, onlyFree: boolean): boolean {
  if (onlyFree) return cell.state === 'available' && !cell.row?.is_locked
  return !['edge', 'nested'].includes(cell.state)
}

/** Where a key leads from a cell, or null where it leads out of the grid. */
export function moved(key: string, at: number, columns: number, count: number, toEnds = false): number | null {
  const row = at - (at % columns)
  const steps: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: toEnds ? 0 : row,
    End: toEnds ? count - 1 : Math.min(row + columns, count) - 1,
  }
  const next = steps[key]
  return next === undefined || next < 0 || next >= count ? null : next
}

/** The addresses from one cell to another, in whatever direction. */
export function reach(cells: readonly Cell[], from: number, to: number, onlyFree: boolean): string[] {
  const [first, last] = from < to ? [from, to] : [to, from]
  return cells.slice(first, last + 1).flatMap((cell) => (canPick(cell, onlyFree) ? [cell.ip] : []))
}

/** What is picked elsewhere stays picked; within these cells it is replaced. */
export function replaced(picked: readonly string[], cells: readonly Cell[], fresh: readonly string[]): string[] {
  const here = new Set(cells.map((cell) => cell.ip))
  return [...picked.filter((ip) => !here.has(ip)), ...fresh]
}

export function toggled(picked: readonly string[], ip: string): string[] {
  return picked.includes(ip) ? picked.filter((one) => one !== ip) : [...picked, ip]
}

export function inState(cells: readonly Cell[], states: readonly CellState[]): Cell[] {
  return cells.filter((cell) => states.includes(cell.state))
}
