/** The address after `#`: a path and a query, nothing more is needed to find a page or a thing in it. */
import { reactive, readonly } from 'vue'

export interface Place {
  path: string
  query: Record<string, string>
}

export function parse(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2)
  return { path: path.startsWith('/') ? path : `/${path}`, query: Object.fromEntries(new URLSearchParams(search)) }
}

export function href(path: string, query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return `#${path}${search ? `?${search}` : ''}`
}

const current = reactive<Place>(parse(location.hash))
export const place = readonly(current)

function follow(): void {
  Object.assign(current, parse(location.hash))
}

addEventListener('hashchange', follow)

export function go(path: string, query: Record<string, string | number | undefined> = {}): void {
  location.hash = href(path, query)
  follow()
}

/** Changes the address without a step in the history: for the open drawer, the shown tab. */
export function settle(path: string, query: Record<string, string | number | undefined> = {}): void {
  history.replaceState(null, '', href(path, query))
  follow()
}
