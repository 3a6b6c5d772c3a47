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
  write: 'perm.write',
  run: 'perm.run',
  decide: 'perm.decide',
  approve: 'perm.approve',
  manage: 'perm.manage',
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
  'ops.job': 'perm.jobs',
  'ticket.': 'perm.tickets',
  'ipam.core': 'perm.addresses',
  'ipam.request': 'perm.requests',
  'ipam.probe': 'perm.probes',
}
const SCOPES: Record<string, Key> = {
  system: 'scope.system',
  resource: 'scope.resource',
  audit: 'scope.audit',
  user: 'scope.user',
  ops: 'scope.ops',
  ticket: 'scope.ticket',
  ipam: 'scope.ipam',
  general: 'scope.general',
  data: 'scope.data',
  monitor: 'scope.monitor',
  custom: 'scope.custom',
}

export function actionName(permission: Permission): string {
  const key = ACTIONS[permission.action]
  return key ? t(key) : nameOf(permission)
}

export function objectName(permission: Permission): string {
  const key = OBJECTS[`${permission.scope}.${permission.object}`]
  return key ? t(key) : permission.object || permission.scope
}

export function scopeName(scope: string): string {
  const key = SCOPES[scope]
  return key ? t(key) : scope
}

/** What a label or an action out of the ordinary is called. */
export function nameOf(permission: Permission): string {
  return language.value === 'zh' ? permission.name : permission.code
}

/** Given per group, in the order the matrix shows them. */
export function groupPermissions(): Permission[] {
  const byCode = new Map(catalogue.value.map((permission) => [permission.code, permission]))
  return GROUP_CODES.flatMap((code) => byCode.get(code) ?? [])
}
