/** One page of rows from the appliance, its filters and what is wrong with it. */
import { reactive, watch } from 'vue'
import { type Envelope, get, Problem, type Query } from './api'

export interface List<Row, Filters extends Query> {
  filters: Filters
  rows: Row[]
  total: number
  page: number
  size: number
  loading: boolean
  problem: Problem | null
  filtered: boolean
  load(): Promise<void>
  clear(): void
}

const PAUSE = 250 // ms after the last keystroke in a filter

export function useList<Row, Filters extends Query>(
  path: string,
  blank: () => Filters,
  options: {
    wire?: (filters: Filters) => Query
    initial?: Partial<Filters>
    fetch?: (path: string, query: Query) => Promise<Pick<Envelope<Row[]>, 'detail' | 'total'>>
  } = {},
): List<Row, Filters> {
  const filters = reactive({ ...blank(), ...options.initial }) as Filters
  let latest = 0
  let pause: ReturnType<typeof setTimeout> | undefined

  const list = reactive({
    filters,
    rows: [] as Row[],
    total: 0,
    page: 1,
    size: 20,
    loading: true,
    problem: null as Problem | null,
    filtered: false,
    async load() {
      const mine = ++latest
      list.loading = true
      list.filtered = Object.values(filters).some((value) => value !== '' && value != null && value !== false)
      try {
        const asked = options.wire ? options.wire(filters) : filters
        const answer = await (options.fetch ?? get<Row[]>)(path, { ...asked, page: list.page, page_size: list.size })
        if (mine !== latest) return
        Object.assign(list, { rows: answer.detail, total: answer.total ?? answer.detail.length, problem: null })
      } catch (thrown) {
        if (!(thrown instanceof Problem)) throw thrown
        if (mine === latest) list.problem = thrown
      } finally {
        if (mine === latest) list.loading = false
      }
    },
    clear() {
      Object.assign(filters, blank())
    },
  }) as List<Row, Filters>

  watch(filters as object, () => {
    clearTimeout(pause)
    pause = setTimeout(() => {
      if (list.page === 1) void list.load()
      else list.page = 1
    }, PAUSE)
  })
  watch(() => [list.page, list.size], () => void list.load())
  void list.load()
  return list
}

