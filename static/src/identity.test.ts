import { afterEach, expect, test, vi } from 'vitest'
import { events, Problem } from './api'
import { call, every, pageOf } from './identity'
import { split } from './lines'
import { bars, shares } from './usage'

const asked: string[] = []

function answering(...replies: [number, unknown][]): void {
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    const [status, body] = replies.length > 1 ? replies.shift()! : replies[0]!
    return new Response(JSON.stringify(body), { status })
  })
}

async function refused(): Promise<Problem> {
  return call('PUT', '/users/2', {}).then(
    () => expect.fail('it went through'),
    (thrown: Problem) => thrown,
  )
}

afterEach(() => {
  vi.unstubAllGlobals()
  events.due = () => {}
})

test('what an answer holds is its data', async () => {
  answering([200, { success: true, data: { id: '2' } }])
  expect(await call('GET', '/users/2')).toEqual({ id: '2' })
  expect(asked).toEqual(['/api/v1/auth/users/2'])
})

test('a page comes as the pages of other lists do', async () => {
  answering([200, { data: { total: 3, page: 1, users: [1, 2] } }])
  expect(await pageOf<number>('users')('/users', { status: '', page: 1 })).toEqual({ detail: [1, 2], total: 3 })
  expect(asked).toEqual(['/api/v1/auth/users?page=1'])
})

test('every page is read, and no more', async () => {
  answering([200, { data: { total: 3, users: [1, 2] } }], [200, { data: { total: 3, users: [3] } }])
  expect(await every('/users', 'users')).toEqual([1, 2, 3])
  expect(asked).toHaveLength(2)
})

test('a list that shrinks while it is read has an end', async () => {
  answering([200, { data: { total: 3, users: [1] } }], [200, { data: { total: 3, users: [] } }])
  expect(await every('/users', 'users')).toEqual([1])
})

test('faults come by field, without the sentence that only says there are some', async () => {
  answering([400, { message: '参数错误', errors: { 'profile.phone': ['无效电话'] } }])
  expect(await refused()).toMatchObject({ sentence: '', faults: { 'profile.phone': ['无效电话'] } })
})

test('a refusal names the right that the server names', async () => {
  answering([403, { message: '权限不足', errors: { permission: ['system.user.update'] } }])
  expect(await refused()).toMatchObject({ sentence: '权限不足', faults: {}, needs: ['system.user.update'] })
})

test('a second factor that is due is told to whoever leads there', async () => {
  events.due = vi.fn()
  answering([403, { message: '请先绑定MFA' }])
  await refused()
  expect(events.due).toHaveBeenCalledWith('mfa')
})

test('networks are taken from lines, commas and blanks alike', () => {
  expect(split(' 10.0.0.0/8,192.0.2.1\n\n::1；2001:db8::/32 ')).toEqual(['10.0.0.0/8', '192.0.2.1', '::1', '2001:db8::/32'])
})

test('the highest bar fills the box, one call beside thousands is seen, none is a line', () => {
  const drawn = bars([1000, 1, 0], 300, 100)
  expect(drawn.map((bar) => bar.height)).toEqual([98, 3, 1])
  expect(drawn.map((bar) => bar.y + bar.height)).toEqual([100, 100, 100])
  expect(drawn[2]!.x + drawn[2]!.width).toBeLessThanOrEqual(300)
})

test('shares are of the largest, also when nothing was called', () => {
  expect(shares([4, 1])).toEqual([100, 25])
  expect(shares([0])).toEqual([0])
})
