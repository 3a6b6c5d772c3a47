/** Audit lists: newest first, local times in the filters, server times on the wire. */
import { zoned } from './format'
import { type List, useList } from './list'
import type { Query } from './api'

interface Shared extends Query {
  self: boolean
  user: string
  ip: string
  start_time: string
  end_time: string
}

export const shared = (): Shared => ({ self: false, user: '', ip: '', start_time: '', end_time: '' })

export function useLog<Row, Own extends Query>(
  path: string,
  own: () => Own,
  initial: Partial<Own> = {},
): List<Row, Shared & Own> {
  const list: List<Row, Shared & Own> = useList<Row, Shared & Own>(path, () => ({ ...shared(), ...own() }), {
    wire: (filters) => ({
      ...filters,
      desc: true,
      self: filters.self || undefined,
      start_time: zoned(filters.start_time),
      end_time: zoned(filters.end_time),
    }),
    initial: initial as Partial<Shared & Own>,
  })
  return list
}
