/** Files for the reader's disk; a plain link could not show who asks for them. */
import { request } from './api'

export async function download(path: string): Promise<void> {
  const answer = await request('GET', path)
  save(await answer.blob(), named(answer.headers.get('Content-Disposition')))
}

function named(disposition: string | null): string {
  return disposition?.match(/filename="([^"]+)"/)?.[1] ?? 'download'
}

export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  URL.revokeObjectURL(url)
}
