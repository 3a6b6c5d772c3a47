/** What the signed-in user may do in the address book; the server decides, this only hides what it would refuse. */
import { ref } from 'vue'
import { call } from '../ipam'

export const WRITE = 'ipam.core.write'
export const ADMIN = 'admin'

const held = ref<ReadonlySet<string>>(new Set())
const known = ref(true)

/** Asks anew; pages do when they are opened. */
export async function loadRights(): Promise<void> {
  const told = await call<{ permissions: string[] }>('GET', '/api/profile').catch(() => null)
  held.value = new Set(told?.permissions ?? [])
  known.value = told !== null
}

/** Whether to offer it: also where nothing is known, for then the server says what is missing. */
export function may(code: string): boolean {
  return !known.value || held.value.has(code) || held.value.has(ADMIN)
}
