import { afterEach, expect, test, vi } from 'vitest'
import { UNITS } from './organisation'
import { useTree } from './tree'

const unit = (id: number, parent_id: number | null, children_count = 0) => ({ id, parent_id, children_count })
const asked: string[] = []

/** The server: whatever comes at once, and what lies below unit 1. */
function serve(first: object[], total: number, below: object[] = []): void {
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    const list = path.includes('parent_id=1') ? below : first
    return new Response(JSON.stringify({ data: { list, total } }))
  })
}

afterEach(() => {
  vi.unstubAllGlobals()
  asked.length = 0
})

test('a small tree comes at once and is open', async () => {
  serve([unit(1, null, 1), unit(2, 1)], 2)
  const tree = useTree(UNITS)
  await vi.waitUntil(() => !tree.loading)
  expect(tree.rows.map((row) => [row.id, tree.depth(row)])).toEqual([[1, 0], [2, 1]])
  expect(asked).toHaveLength(1)
})

test('of a large one the top is shown, and what lies below is fetched when it is opened', async () => {
  serve([unit(1, null, 2), unit(9, null)], 5000, [unit(2, 1), unit(3, 1)])
  const tree = useTree(UNITS)
  await vi.waitUntil(() => !tree.loading)
  expect(tree.rows.map((row) => row.id)).toEqual([1, 9])
  await tree.toggle(tree.rows[0]!)
  expect(tree.rows.map((row) => row.id)).toEqual([1, 2, 3, 9])
  await tree.toggle(tree.rows[0]!)
  await tree.toggle(tree.rows[0]!)
  expect(asked).toHaveLength(2)
  await tree.load()
  expect(tree.rows.map((row) => row.id)).toEqual([1, 2, 3, 9])
})

test('a refusal is kept for the page to show', async () => {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ message: '禁止访问' }), { status: 403 }))
  const tree = useTree(UNITS)
  await vi.waitUntil(() => !tree.loading)
  expect(tree.problem).toMatchObject({ status: 403, needs: ['ipam.core.read'] })
})
