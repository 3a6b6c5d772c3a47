/** Work that goes on while one looks at other pages: slow calls, and jobs of the server until they end. */
import { reactive } from 'vue'
import { Problem } from './api'
import type { Key } from './i18n'
import { call } from './ipam'

/** What a piece of work is called, where it is shown, and where the server tells of the job it becomes. */
export interface Kind {
  label: Key
  jobs: string
  link: (id: string) => string
}

export interface Work {
  id: string
  label: Key
  name: string
  link: string
  /** Where the server tells how far it is; empty for a call that is waited for. */
  path: string
  state: 'running' | 'success' | 'failed'
  percent: number | null
  done: number
  total: number
  phase: string
  result: unknown
  problem: Problem | null
  /** Shown by a page already, or dismissed: the dock leaves it out. */
  quiet: boolean
}

/** A job as the server tells it. */
interface Told {
  status: Work['state']
  progress?: { done: number; total: number; percent: number; phase?: string }
  phase?: string
  result: unknown
  error: string | null
}

type Kept = Pick<Work, 'id' | 'label' | 'name' | 'link' | 'path'>

const PAUSE = 400
const LOST = 3000
const GONE_WRONG = 400 // what the API would have answered, had it been asked to wait

export const dock = reactive<Work[]>([])
let numbers = 0
let store = ''

/** Begins a call; when its answer is a job, that is followed. */
export function track(kind: Kind, name: string, action: () => Promise<unknown>): Work {
  const id = `w${++numbers}`
  const work = add({ id, label: kind.label, name, link: kind.link(id), path: '' })
  void run(work, kind, action)
  return work
}

/** A job of the server that is known by its id. */
export function follow(kind: Kind, id: string, name: string): Work {
  const known = dock.find((work) => work.id === id)
  if (known) return known
  const work = add({ id, label: kind.label, name, link: kind.link(id), path: kind.jobs + id })
  void poll(work)
  return work
}

export function dismiss(work: Work): void {
  const at = dock.indexOf(work)
  if (at >= 0) dock.splice(at, 1)
  keep()
}

/** A page shows this work itself, or no longer does. */
export function hush(work: Work, quiet: boolean): void {
  work.quiet = quiet
  keep()
}

/** Goes on with the jobs this user left when the page was loaded anew. */
export function resume(user: number): void {
  store = `appliance.dock.${user}`
  const kept = JSON.parse(sessionStorage.getItem(store) ?? '[]') as Kept[]
  for (const one of kept) void poll(add(one))
}

export function forget(): void {
  dock.length = 0
}

function add(kept: Kept): Work {
  const fresh: Work = {
    ...kept,
    state: 'running',
    percent: null,
    done: 0,
    total: 0,
    phase: '',
    result: null,
    problem: null,
    quiet: false,
  }
  dock.push(fresh)
  keep()
  return dock[dock.length - 1]!
}

/** Jobs whose end nobody has seen yet outlive the page. */
function keep(): void {
  const jobs = dock.filter((work) => work.path && (!work.quiet || work.state === 'running'))
  const kept = jobs.map(({ id, label, name, link, path }) => ({ id, label, name, link, path }))
  sessionStorage.setItem(store, JSON.stringify(kept))
}

async function run(work: Work, kind: Kind, action: () => Promise<unknown>): Promise<void> {
  try {
    const answer = (await action()) as { job_id?: string } | null
    if (!answer?.job_id) return end(work, answer)
    const id = answer.job_id
    Object.assign(work, { id, link: kind.link(id), path: kind.jobs + id })
    keep()
    await poll(work)
  } catch (thrown) {
    fail(work, thrown)
  }
}

async function poll(work: Work): Promise<void> {
  while (dock.includes(work) && work.state === 'running') {
    try {
      hear(work, await call<Told>('GET', work.path))
      if (work.state === 'running') await pause(PAUSE)
    } catch (thrown) {
      if (!isPassing(thrown)) fail(work, thrown)
      else await pause(LOST)
    }
  }
}

function hear(work: Work, told: Told): void {
  const phase = told.progress?.phase ?? told.phase ?? ''
  Object.assign(work, told.progress, { phase })
  if (told.status === 'running') return
  if (told.error) work.problem = new Problem(GONE_WRONG, told.error)
  end(work, told.result, told.status)
}

function end(work: Work, result: unknown, state: Work['state'] = 'success'): void {
  Object.assign(work, { state, result })
}

function fail(work: Work, thrown: unknown): void {
  work.state = 'failed'
  if (!(thrown instanceof Problem)) throw thrown
  work.problem = thrown
}

/** No network, too many calls, a restart: worth another try. */
function isPassing(thrown: unknown): boolean {
  return thrown instanceof Problem && (thrown.status === 0 || thrown.status === 429 || thrown.status >= 502)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
