/** Who is signed in, and what the menu shows them. */
import { computed, reactive, readonly } from 'vue'
import { events, get, keep, post, renew } from './api'
import { go, place, settle } from './router'
import type { MenuRow, User } from './types'
import { views } from './views'

type State = 'starting' | 'unreachable' | 'setup' | 'out' | 'in'

interface Session {
  state: State
  user: User | null
  menu: MenuRow[]
  ended: boolean
  /** What has to be done before anything else answers. */
  due: '' | 'password' | 'mfa'
}

const current = reactive<Session>({ state: 'starting', user: null, menu: [], ended: false, due: '' })
export const session = readonly(current)

const SIGNED_IN = 'appliance.signed-in' // only says that asking for new tokens is worth it; holds no secret

const leaves = (rows: readonly MenuRow[]): MenuRow[] =>
  rows.flatMap((row) => (row.children.length ? leaves(row.children) : [row]))

const PROFILE: MenuRow = {
  path: '/profile',
  component: '@/views/ProfileView.vue',
  meta: { title: '', icon: 'Avatar', permission: null },
  children: [],
}

/** The rows that lead somewhere this UI knows; one's own profile is always among them. */
export const pages = computed(() => {
  const known = leaves(current.menu).filter((row) => views[row.component])
  return known.some((row) => row.path === PROFILE.path) ? known : [...known, PROFILE]
})

const LANDINGS = ['/overview', '/terminal', '/session']
const SIDELINES = ['/apikey', '/application'] // everybody has them; nobody comes for them

export function landing(): string {
  const open = pages.value.map((row) => row.path)
  return LANDINGS.find((path) => open.includes(path)) ?? open.find((path) => !SIDELINES.includes(path)) ?? PROFILE.path
}

export async function start(): Promise<void> {
  current.state = 'starting'
  try {
    const { needed } = (await get<{ needed: boolean }>('/api/rbac/setup/')).detail
    if (needed) current.state = 'setup'
    else if (localStorage.getItem(SIGNED_IN) && (await renew())) await enter()
    else leave(false)
  } catch {
    current.state = 'unreachable'
  }
}

export async function signIn(account: string, password: string, code: string): Promise<void> {
  const body = code ? { account, password, otp_code: code } : { account, password }
  keep((await post('/api/rbac/login/', body)).token?.access ?? '')
  await enter()
}

export async function setUp(token: string, account: string, password: string, name: string): Promise<void> {
  keep((await post('/api/rbac/setup/', { token, account, password, name })).token?.access ?? '')
  await enter()
}

export async function signOut(): Promise<void> {
  await post('/api/rbac/logout/').catch(() => {})
  leave(false)
  settle('/')
}

export async function refreshUser(): Promise<void> {
  current.user = (await get<User>('/api/rbac/user/detail/')).detail
}

/** After what was due is done: the menu, which was refused until then. */
export async function goOn(): Promise<void> {
  await enter()
  go(landing())
}

async function enter(): Promise<void> {
  localStorage.setItem(SIGNED_IN, '1')
  current.due = ''
  const [user, menu] = await Promise.allSettled([
    get<User>('/api/rbac/user/detail/'),
    get<MenuRow[]>('/api/rbac/routes/', { ui: 1 }),
  ])
  if (user.status === 'rejected') throw user.reason
  current.user = user.value.detail
  current.menu = menu.status === 'fulfilled' ? menu.value.detail : []
  current.state = 'in'
  if (['/', '/sign-in'].includes(place.path) || place.path.startsWith('/setup')) go(landing())
}

/** Forgets everything; `ended` says that it was not the user's own wish. */
export function leave(ended: boolean): void {
  keep('')
  localStorage.removeItem(SIGNED_IN)
  Object.assign(current, { state: 'out', user: null, menu: [], ended, due: '' })
}

events.ended = () => leave(true)
events.due = (what) => {
  current.due = what
  go(PROFILE.path)
}
