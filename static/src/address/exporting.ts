/** Exporting: the call, and what the server tells of the file it made. */
import { type Kind, track, type Work } from '../dock'
import { t } from '../i18n'
import { call } from '../ipam'
import { href } from '../router'
import { labelOf } from './resources'

export interface Exported {
  file_path: string
  file_name: string
  file_size: number
  rows: Record<string, number>
  expires_at: string
}

const KIND: Kind = { label: 'exchange.exporting', jobs: '', link: () => href('/exchange', { tab: 'export' }) }

/** Those resources, or all there is when none is named. */
export function begin(resources: readonly string[], dependencies: boolean): Work {
  const name = resources.length ? resources.map((one) => t(labelOf(one))).join(', ') : t('exchange.everything')
  const body = { resource_types: resources, include_dependencies: dependencies }
  const path = resources.length ? '/api/smart/export' : '/api/smart/export/all'
  return track(KIND, name, () => call('POST', path, body))
}
