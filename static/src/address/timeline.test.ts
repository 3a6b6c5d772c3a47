import { expect, test } from 'vitest'
import { speak } from '../i18n'
import { changesOf } from './history'
import { days, type Happening, headline, subject, tally, target } from './timeline'

const happened = (facts: Partial<Happening>): Happening => ({
  kind: 'address',
  event: 'allocated',
  at: '2026-03-04T05:06:07Z',
  actor: 'alice',
  title: '',
  details: {},
  ...facts,
})
const session = happened({ kind: 'session', event: 'opened', title: 'root@web-1', details: { session_id: 7 } })
const request = happened({
  kind: 'application',
  event: 'approved',
  title: 'IPR-20260304-0001 approved',
  details: { application_id: 3 },
})
const linked = happened({ event: 'host_linked', details: { new: { host_id: 5, host_name: 'web-1' } } })

test('what happened is kept in order under its day', () => {
  const events = [happened({ at: '2026-03-04T12:00:00Z' }), session, happened({ at: '2026-03-02T12:00:00Z' })]
  expect(days(events).map(({ events: those }) => those.length)).toEqual([2, 1])
  expect(days([])).toEqual([])
})

test('each kind is counted', () => {
  expect([...tally([session, request, linked, linked])]).toEqual([
    ['session', 1],
    ['application', 1],
    ['address', 2],
  ])
})

test('a line names what it is about and leads there', () => {
  expect([session, request, linked].map(subject)).toEqual(['root@web-1', 'IPR-20260304-0001', 'web-1'])
  expect([session, request, linked].map(target)).toEqual(['#/session?id=7', '#/application?id=3', '#/resource?id=5'])
  expect(target(happened({}))).toBeNull()
})

test('a line is told in the language spoken', () => {
  speak('en')
  expect([session, request, linked].map(headline)).toEqual(['Terminal opened', 'Approved', 'Host linked'])
  speak('zh')
  expect(headline(linked)).toBe('关联主机')
})

test('changes are those that mean something, by their names', () => {
  const row = { old: { status: 'available', version: 1 }, new: { status: 'allocated', allocated_by: 1, is_locked: true } }
  expect(changesOf(row).map(({ label, old, new: now }) => [label, old, now])).toEqual([
    ['状态', '可用', '已分配'],
    ['锁定', '', '是'],
  ])
})
