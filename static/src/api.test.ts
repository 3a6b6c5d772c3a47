import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { events, flatten, get, keep, post, Problem, request } from './api'

type Reply = { status: number; body: unknown; headers?: Record<string, string> }

const asked: { path: string; authorization?: string; kind?: string; body?: unknown }[] = []
let replies: Record<string, Reply[]> = {}

function answer(path: string): Response {
  const queue = replies[path.split('?')[0]!] ?? []
  const { status, body, headers } = (queue.length > 1 ? queue.shift() : queue[0]) ?? { status: 404, body: {} }
  return new Response(JSON.stringify(body), { status, headers })
}

beforeEach(() => {
  asked.length = 0
  vi.stubGlobal('fetch', async (path: string, { headers, body }: { headers: Record<string, string>; body?: unknown }) => {
    asked.push({ path, authorization: headers.Authorization, kind: headers['Content-Type'], body })
    return answer(path)
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  keep('')
  events.ended = () => {}
})

const REFUSED = { status: 401, body: { code: 401, detail: '未登录或Token过期' } }
const RENEWED = { status: 200, body: { code: 200, token: { access: 'new' } } }

test('a token that ran out is renewed once, and the call is made again', async () => {
  keep('old')
  replies = { '/api/x/': [REFUSED, { status: 200, body: { detail: 7 } }], '/api/rbac/refresh/': [RENEWED] }
  expect((await get('/api/x/')).detail).toBe(7)
  expect(asked.map((call) => call.authorization)).toEqual(['old', 'old', 'new'])
})

test('two calls at once share one renewal', async () => {
  keep('old')
  replies = {
    '/api/x/': [REFUSED, REFUSED, { status: 200, body: { detail: 1 } }],
    '/api/rbac/refresh/': [RENEWED],
  }
  await Promise.all([get('/api/x/'), get('/api/x/')])
  expect(asked.filter((call) => call.path === '/api/rbac/refresh/')).toHaveLength(1)
})

test('when it cannot be renewed the sign-in has ended', async () => {
  keep('old')
  events.ended = vi.fn()
  replies = { '/api/x/': [REFUSED], '/api/rbac/refresh/': [{ status: 400, body: { detail: 'refresh无效或已过期' } }] }
  await expect(get('/api/x/')).rejects.toBeInstanceOf(Problem)
  expect(events.ended).toHaveBeenCalledOnce()
})

test('a wrong password is told and renews nothing', async () => {
  replies = { '/api/rbac/login/': [{ status: 401, body: { code: 401, msg: '未登录', detail: '密码错误' } }] }
  await expect(post('/api/rbac/login/', {})).rejects.toMatchObject({ status: 401, sentence: '密码错误' })
  expect(asked).toHaveLength(1)
})

test('a refusal names the missing right and the request', async () => {
  const refused = { status: 403, body: { detail: '您无当前权限访问' }, headers: { 'X-Request-Id': 'r1' } }
  replies = { '/api/rbac/user/get/': [refused] }
  await expect(get('/api/rbac/user/get/', { page: 1 })).rejects.toMatchObject({
    needs: ['system.user.read'],
    requestId: 'r1',
  })
})

test('empty filters are not sent', async () => {
  replies = { '/api/x/': [{ status: 200, body: {} }] }
  await get('/api/x/', { name: '', page: 2, group: null, all: undefined })
  expect(asked[0]!.path).toBe('/api/x/?page=2')
})

test('nested faults get dotted names', () => {
  expect(flatten({ groups: { 0: { id: { group: '所添加至的组不存在' } } }, name: ['a', 'b'] })).toEqual({
    'groups.0.id.group': ['所添加至的组不存在'],
    name: ['a', 'b'],
  })
})

test('a form goes out as it is, anything else as JSON', async () => {
  replies = { '/api/x/': [{ status: 200, body: {} }] }
  const form = new FormData()
  await request('POST', '/api/x/', form)
  await post('/api/x/', { a: 1 })
  expect(asked.map(({ kind, body }) => [kind, body])).toEqual([
    [undefined, form],
    ['application/json', '{"a":1}'],
  ])
})
