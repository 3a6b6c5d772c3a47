/** What the cells of a map are called. */
import { t } from '../i18n'
import { type Cell, type CellState, holderOf, type Mark } from './map'

export function stateName(state: CellState): string {
  if (state === 'gateway') return t('book.gateway')
  if (state === 'edge' || state === 'nested') return t(`map.${state}`)
  return t(`ip.status.${state}`)
}

export function markName(mark: Mark): string {
  return t(`map.${mark}`)
}

/** Address, state, holder: in a breath. */
export function told(cell: Cell): string {
  return [cell.ip, stateName(cell.state), holderOf(cell.row), ...cell.marks.map(markName)].filter(Boolean).join(' ')
}
