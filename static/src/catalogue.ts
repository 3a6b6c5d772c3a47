/** The permission catalogue and how a permission is called in the reader's language. */
import { ref } from 'vue'
import { get } from './api'
import { type Key, language, t } from './i18n'
import { GROUP_CODES } from './permissions'
import type { Permission } from './types'

export const catalogue = ref<Permission[]>([])

export async function loadCatalogue(): Promise<void> {
  if (!catalogue.value.length) catalogue.value = (await get<Permission[]>('/api/rbac/perm/')).detail
}

const ACTIONS: Record<string, Key> = {
  create: 'perm.create',
  read: 'perm.read',
  update: 'perm.update',
  delete: 'perm.delete',
}
const OBJECTS: Record<string, Key> = {
  'system.user': 'perm.users',
  'system.role': 'perm.roles',
  'system.perm': 'perm.catalogue',
  'system.permission': 'perm.grants',
  'system.group': 'perm.topGroups',
  'resource.self': 'perm.hosts',
  'resource.voucher': 'perm.vouchers',
  'resource.group': 'perm.subgroups',
  'audit.session': 'perm.sessions',
  'audit.operation': 'perm.operations',
  'audit.login': 'perm.signIns',
  'user.profile': 'perm.profile',
}

export function actionName(permission: Permission): string {
  const key = ACTIONS[permission.action]
  return key ? t(key) : nameOf(permission)
}

export function objectName(permission: Permission): string {
  const key = OBJECTS[`${permission.scope}.${permission.object}`]
  return key ? t(key) : t('perm.labels')
}

function nameOf(permission: Permission): string {
  return language.value === 'zh' ? permission.name : permission.code
}

const given = new Set<string>(GROUP_CODES)

/** Given per group, in the order the matrix shows them. */
export function groupPermissions(): Permission[] {
  const byCode = new Map(catalogue.value.map((permission) => [permission.code, permission]))
  return GROUP_CODES.flatMap((code) => byCode.get(code) ?? [])
}

/** Given by a role as such, gathered by what they are about. */
export function basePermissions(): [string, Permission[]][] {
  const gathered = new Map<string, Permission[]>()
  for (const permission of catalogue.value.filter((one) => !given.has(one.code))) {
    const about = objectName(permission)
    gathered.set(about, [...(gathered.get(about) ?? []), permission])
  }
  return [...gathered]
}
