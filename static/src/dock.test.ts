import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dismiss, dock, follow, forget, type Kind, resume, track } from './dock'

const KIND: Kind = { label: 'menu.exchange', jobs: '/jobs/', link: (id) => `#/exchange?job=${id}` }
let told: { status: number; data?: unknown }[] = []
const asked: string[] = []

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    const { status, data } = told.length > 1 ? told.shift()! : told[0]!
    return new Response(JSON.stringify({ message: 'no', data }), { status })
  })
  resume(1)
})
afterEach(() => {
  forget()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const running = (done: number) => ({
  status: 200,
  data: { status: 'running', progress: { done, total: 4, percent: done * 25, phase: 'judging' }, result: null, error: null },
})
const ended = (status: string, result: unknown, error: string | null = null) => ({
  status: 200,
  data: { status, progress: { done: 4, total: 4, percent: 100 }, result, error },
})
const later = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('a call that is answered with a job is followed to its end', async () => {
  told = [running(1), ended('success', { made: 4 })]
  const work = track(KIND, 'a.xlsx', async () => ({ job_id: 'j1', status: 'running' }))
  await later(0)
  expect(work).toMatchObject({ id: 'j1', link: '#/exchange?job=j1', percent: 25, done: 1, phase: 'judging' })
  await later(1000)
  expect(work).toMatchObject({ state: 'success', percent: 100, result: { made: 4 } })
  expect(asked).toEqual(['/jobs/j1', '/jobs/j1'])
})

test('a call that is answered at once is done', async () => {
  const work = track(KIND, 'a.xlsx', async () => ({ made: 1 }))
  await later(0)
  expect(work).toMatchObject({ state: 'success', result: { made: 1 }, percent: null })
  expect(asked).toEqual([])
})

test('a job that failed says why, and keeps what it found', async () => {
  told = [ended('failed', { failed: 2 }, '导入失败')]
  const work = follow(KIND, 'j2', 'b.xlsx')
  await later(0)
  expect(work).toMatchObject({ state: 'failed', result: { failed: 2 }, problem: { sentence: '导入失败' } })
})

test('a lost connection is waited for, a job that is gone is not', async () => {
  told = [{ status: 503 }, running(2), { status: 404 }]
  const work = follow(KIND, 'j3', 'c.xlsx')
  await later(3000)
  expect(work).toMatchObject({ state: 'running', done: 2 })
  await later(1000)
  expect(work).toMatchObject({ state: 'failed', problem: { status: 404 } })
})

test('a page loaded anew goes on with the jobs of its user only', async () => {
  told = [running(3)]
  follow(KIND, 'j4', 'd.xlsx')
  forget()
  resume(2)
  expect(dock).toHaveLength(0)
  resume(1)
  expect(dock.map((work) => [work.name, work.link])).toEqual([['d.xlsx', '#/exchange?job=j4']])
  dismiss(dock[0]!)
  resume(1)
  expect(dock).toHaveLength(0)
})
