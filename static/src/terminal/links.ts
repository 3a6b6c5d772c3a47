/** Links a host prints: only http(s), and only after the whole address was shown. */
import { confirmed } from '../ask'
import { t } from '../i18n'

export function safeLink(text: string): URL | null {
  try {
    const url = new URL(text)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : null
  } catch {
    return null
  }
}

export async function openLink(text: string): Promise<void> {
  const url = safeLink(text)
  if (!url) return
  if (await confirmed(url.href, t('link.open'), t('link.sure', { host: url.host }))) {
    window.open(url.href, '_blank', 'noopener,noreferrer')
  }
}
