/** The open terminals, whichever page is shown. */
import { computed, reactive, ref } from 'vue'
import type { Host, Voucher } from '../types'
import type { Target } from './connection'

export interface Tab extends Target {
  key: number
  host: string
  username: string
  title: string
  state: 'connecting' | 'live' | 'closed'
}

export const tabs = reactive<Tab[]>([])
export const active = ref<number | null>(null)
export const liveCount = computed(() => tabs.filter((tab) => tab.state !== 'closed').length)

let keys = 0

function open(from: Pick<Tab, 'hostId' | 'voucherId' | 'host' | 'username'>): void {
  const { hostId, voucherId, host, username } = from
  const key = ++keys
  tabs.push({ key, hostId, voucherId, host, username, title: '', state: 'connecting' })
  active.value = key
}

export function openTerminal(host: Pick<Host, 'id' | 'name'>, voucher: Pick<Voucher, 'id' | 'username'>): void {
  open({ hostId: host.id, voucherId: voucher.id, host: host.name, username: voucher.username })
}

export function cloneTab(tab: Tab): void {
  open(tab)
}

export function closeTab(key: number): void {
  const at = tabs.findIndex((tab) => tab.key === key)
  if (at < 0) return
  tabs.splice(at, 1)
  if (active.value === key) active.value = (tabs[at] ?? tabs[at - 1])?.key ?? null
}

export function closeAll(): void {
  tabs.splice(0)
  active.value = null
}

/** The tab so many places further, around the ends. */
export function step(by: number): void {
  const at = tabs.findIndex((tab) => tab.key === active.value)
  if (at >= 0) active.value = tabs[(at + by + tabs.length) % tabs.length]?.key ?? null
}
