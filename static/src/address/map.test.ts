import { expect, test } from 'vitest'
import { dotted, inOrder, network, numberOf, stretches } from './cidr'
import { blockAt, blocksOf, cellsOf, hasMap, type MapRow, marksOf, moved, reach, replaced, tally, toggled } from './map'

const row = (ip: string, more: Partial<MapRow> = {}): MapRow => ({
  id: 1,
  ip,
  status: 'available',
  is_online: null,
  is_gateway: false,
  is_locked: false,
  conflict_type: null,
  conflict_detail: null,
  hostname: null,
  device_name: null,
  user_contact_name: null,
  host_name: null,
  ...more,
})
const usable = Array.from({ length: 254 }, (_, at) => row(`10.0.0.${at + 1}`))
const office = { cidr: '10.0.0.0/24', is_pool: false }
const cells = cellsOf(office, blocksOf(office.cidr)[0]!, usable, [])

test('addresses are numbers, in both versions', () => {
  expect(dotted(numberOf('10.0.3.255') + 1n)).toBe('10.0.4.0')
  expect(numberOf('fd00::1:2')).toBe(0xfd00n * 2n ** 112n + 0x10002n)
  expect(numberOf('::')).toBe(0n)
  expect(network('fd00::/126').last - network('fd00::/126').first).toBe(3n)
})

test('networks sort by address, not by text', () => {
  expect(['10.0.10.0/24', '10.0.9.0/24', 'fd00::/64'].sort(inOrder)).toEqual(['10.0.9.0/24', '10.0.10.0/24', 'fd00::/64'])
})

test('neighbours are told as a stretch', () => {
  expect(stretches(['10.0.0.9', '10.0.1.0', '10.0.0.10', '10.0.0.255'])).toEqual([
    '10.0.0.9–10.0.0.10',
    '10.0.0.255–10.0.1.0',
  ])
})

test('a /16 is a map of 256 blocks, a /29 one of eight cells, a /15 and IPv6 are none', () => {
  expect([blocksOf('10.0.0.0/16').length, blocksOf('10.0.0.0/22').length]).toEqual([256, 4])
  expect(cellsOf({ cidr: '10.0.0.8/29', is_pool: false }, blocksOf('10.0.0.8/29')[0]!, [], []).length).toBe(8)
  expect(['10.0.0.0/16', '10.0.0.0/15', 'fd00::/120'].map(hasMap)).toEqual([true, false, false])
  expect([blockAt('10.0.0.0/22', '10.0.2.7'), blockAt('10.0.0.0/22', '10.9.0.1')]).toEqual([2, 0])
})

test('the ends of a subnet are nobody’s, unless it is a pool or has no others', () => {
  const states = (cidr: string, is_pool = false) =>
    cellsOf({ cidr, is_pool }, blocksOf(cidr)[0]!, [], []).map((cell) => cell.state)
  expect([cells[0]!.state, cells[1]!.state, cells[255]!.state]).toEqual(['edge', 'available', 'edge'])
  expect(states('10.0.0.0/30', true)).not.toContain('edge')
  expect(states('10.0.0.0/31')).toEqual(['available', 'available'])
})

test('what a child covers belongs to the child', () => {
  const found = cellsOf(office, blocksOf(office.cidr)[0]!, [], ['10.0.0.16/28'])
  expect([15, 16, 31, 32].map((at) => found[at]!.state)).toEqual(['available', 'nested', 'nested', 'available'])
})

test('a stranger is told as such, not as alive', () => {
  expect(marksOf({ conflict_type: 'unknown_online', is_online: true })).toEqual(['stranger'])
  expect(marksOf({ conflict_type: 'ip_conflict', is_online: true })).toEqual(['conflict', 'alive'])
  const counted = tally([...cells, ...cellsOf(office, { first: 0n, last: 0n }, [row('0.0.0.0', { is_online: true })], [])])
  expect([counted.get('available'), counted.get('edge'), counted.get('alive')]).toEqual([255, 2, 1])
})

test('arrows move within the grid, Home and End within the row', () => {
  const steps = ['ArrowRight', 'ArrowDown', 'ArrowUp', 'ArrowLeft', 'Home', 'End', 'x']
  expect(steps.map((key) => moved(key, 18, 16, 256))).toEqual([19, 34, 2, 17, 16, 31, null])
  expect([moved('ArrowUp', 3, 16, 256), moved('ArrowDown', 250, 16, 256)]).toEqual([null, null])
  expect([moved('Home', 18, 16, 256, true), moved('End', 18, 16, 256, true), moved('End', 4, 16, 8)]).toEqual([0, 255, 7])
})

test('a range leaves out what cannot be picked, in either direction', () => {
  expect(reach(cells, 2, 0, false)).toEqual(['10.0.0.1', '10.0.0.2'])
  const taken = cellsOf(office, { first: network(office.cidr).first, last: network(office.cidr).first + 3n }, [
    row('10.0.0.1', { status: 'allocated' }),
    row('10.0.0.2', { is_locked: true }),
  ], [])
  expect([reach(taken, 0, 3, true), reach(taken, 0, 3, false)]).toEqual([['10.0.0.3'], ['10.0.0.1', '10.0.0.2', '10.0.0.3']])
})

test('a new range replaces what was picked in its block only', () => {
  expect(replaced(['10.0.0.9', '10.0.7.7'], cells, ['10.0.0.1'])).toEqual(['10.0.7.7', '10.0.0.1'])
  expect(toggled(toggled(['a'], 'b'), 'a')).toEqual(['b'])
})
