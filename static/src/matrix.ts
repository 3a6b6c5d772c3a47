/** The catalogue of permissions as a matrix: a part for each scope, a row for each object, a column for each action. */
import { objectName, scopeName } from './catalogue'
import { GROUP_CODES } from './permissions'
import type { Permission } from './types'

export const COLUMNS = ['read', 'create', 'update', 'delete'] as const

export interface MatrixRow {
  key: string
  name: string
  cells: (Permission | undefined)[]
  others: Permission[]
  /** Held on groups of hosts, not by the role as such. */
  byGroup: boolean
}

export interface MatrixPart {
  scope: string
  name: string
  labels: Permission[]
  rows: MatrixRow[]
}

const byGroup = new Set<string>(GROUP_CODES)

/** A plain word, not a code with its parts. */
export const isLabel = (one: Permission): boolean => one.object === one.code && one.action === one.code

export function parts(catalogue: readonly Permission[]): MatrixPart[] {
  return [...gathered(catalogue, (one) => one.scope)].map(([scope, all]) => ({
    scope,
    name: scopeName(scope),
    labels: all.filter(isLabel),
    rows: [...gathered(all.filter((one) => !isLabel(one)), (one) => one.object)].map(([, some]) => row(some)),
  }))
}

function row(permissions: Permission[]): MatrixRow {
  const first = permissions[0]!
  return {
    key: `${first.scope}.${first.object}`,
    name: objectName(first),
    cells: COLUMNS.map((action) => permissions.find((one) => one.action === action)),
    others: permissions.filter((one) => !COLUMNS.some((action) => action === one.action)),
    byGroup: byGroup.has(first.code),
  }
}

function gathered(all: readonly Permission[], by: (one: Permission) => string): Map<string, Permission[]> {
  const found = new Map<string, Permission[]>()
  for (const one of all) found.set(by(one), [...(found.get(by(one)) ?? []), one])
  return found
}
