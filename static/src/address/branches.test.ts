import { expect, test } from 'vitest'
import type { Subnet } from '../ipam'
import { type Branch, type Entry, lines, merged, STEP } from './branches'
import { blank, fromForm, ranges, toForm } from './subnetForm'
import { figure } from './subnets'

const subnet = (id: number, cidr: string, more: Partial<Subnet> = {}) =>
  ({ id, cidr, name: cidr, status: 'active', allow_nested: false, dns_servers: [], dhcp_ranges: [], ...more }) as Subnet
const branch = (entries: Entry[], total = entries.length): Branch => ({
  entries,
  total,
  pages: 1,
  limit: STEP,
  capped: false,
  loading: false,
  problem: null,
})
const within = subnet(1, '10.0.0.0/16', { status: 'container' })
const cidrs = (entries: Entry[]) => entries.map((entry) => (entry.kind === 'subnet' ? entry.subnet.cidr : entry.kind === 'gap' && `(${entry.cidr})`))

test('gaps stand between the children, by address', () => {
  const children = [subnet(2, '10.0.2.0/24'), subnet(3, '10.0.10.0/24')]
  const gaps = ['10.0.128.0/17', '10.0.4.0/22', '10.0.0.0/23', '10.0.11.0/24']
  expect(cidrs(merged(children, gaps, within, true))).toEqual([
    '(10.0.0.0/23)',
    '10.0.2.0/24',
    '(10.0.4.0/22)',
    '10.0.10.0/24',
    '(10.0.11.0/24)',
    '(10.0.128.0/17)',
  ])
})

test('gaps behind the last child that was loaded wait for the next ones', () => {
  const told = merged([subnet(2, '10.0.2.0/24')], ['10.0.0.0/23', '10.0.4.0/22'], within, false)
  expect(cidrs(told)).toEqual(['(10.0.0.0/23)', '10.0.2.0/24'])
})

test('rows below an open one are shown, a level deeper; closed ones hide theirs', () => {
  const branches = new Map([
    ['top', branch([{ kind: 'area', area: { id: 7, name: 'a', status: 'active' } }])],
    ['area 7', branch([{ kind: 'subnet', subnet: within }, { kind: 'subnet', subnet: subnet(9, '10.9.0.0/24') }])],
    ['subnet 1', branch([])],
  ])
  const shown = (...open: string[]) => lines(branches, new Set(open), 'top').map((line) => `${line.level} ${line.key}`)
  expect(shown()).toEqual(['1 area 7'])
  expect(shown('area 7')).toEqual(['1 area 7', '2 subnet 1', '2 subnet 9'])
  expect(shown('area 7', 'subnet 1')).toEqual(['1 area 7', '2 subnet 1', '3 subnet 1 empty', '2 subnet 9'])
  expect(lines(branches, new Set(['area 7']), 'top').map((line) => line.expanded)).toEqual([true, false, undefined])
})

test('a long branch ends in what is left of it', () => {
  const many = Array.from({ length: STEP }, (_, at) => ({ kind: 'subnet', subnet: subnet(at + 1, `10.0.${at}.0/24`) }) as Entry)
  const shown = lines(new Map([['top', branch(many, 130)]]), new Set(), 'top')
  expect([shown.length, shown[STEP]!.entry]).toEqual([STEP + 1, { kind: 'more', left: 30 }])
})

test('ranges are read a line each, and what is none is left to the server', () => {
  expect(ranges('10.0.0.5 - 10.0.0.9\n10.0.0.20-10.0.0.30\n\nx')).toEqual([
    { start: '10.0.0.5', end: '10.0.0.9' },
    { start: '10.0.0.20', end: '10.0.0.30' },
    { start: 'x', end: 'x' },
  ])
})

test('a subnet comes out of its form as it went in', () => {
  const whole = { ...blank(), ...subnet(4, '10.0.0.0/24'), vlan_id: 7, dns_servers: ['10.0.0.1', '10.0.0.2'] }
  const sent = fromForm(toForm({ ...whole, dhcp_ranges: [{ start: '10.0.0.5', end: '10.0.0.9' }] } as unknown as Subnet))
  expect(sent).toMatchObject({ vlan_id: 7, vlan_name: null, dns_servers: ['10.0.0.1', '10.0.0.2'], dhcp_ranges: [{ start: '10.0.0.5', end: '10.0.0.9' }] })
})

test('counts beyond reading are powers of two', () => {
  expect([figure(254), figure(2 ** 64)]).toEqual(['254', '2^64'])
})
