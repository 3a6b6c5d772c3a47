/** Which right each call asks for, so that a refusal can name it. The server decides; this only explains. */
const NEEDED: Record<string, readonly string[]> = {
  '/api/rbac/user/add/': ['system.user.create'],
  '/api/rbac/user/edit/': ['system.user.update'],
  '/api/rbac/user/del/': ['system.user.delete'],
  '/api/rbac/user/get/': ['system.user.read'],
  '/api/rbac/user/role/': ['system.permission.update'],
  '/api/rbac/user/reset_password/': ['user.profile.update'],
  '/api/rbac/role/add/': ['system.role.create'],
  '/api/rbac/role/edit/': ['system.role.update'],
  '/api/rbac/role/del/': ['system.role.delete'],
  '/api/rbac/role/get/': ['system.role.read'],
  '/api/rbac/role/get/permission/': ['system.permission.read'],
  '/api/rbac/role/edit/permission/': ['system.permission.update'],
  '/api/rbac/perm/': ['system.perm.read', 'system.permission.read'],
  '/api/perm/group-auth/get/': ['system.permission.read'],
  '/api/perm/group-auth/edit/': ['system.permission.update'],
  '/api/perm/effective/': ['system.permission.read'],
  '/api/resource/group/add/': ['system.group.create', 'resource.group.create'],
  '/api/resource/group/edit/': ['system.group.update', 'resource.group.update'],
  '/api/resource/group/del/': ['system.group.delete', 'resource.group.delete'],
  '/api/resource/group/get/': ['system.group.read'],
  '/api/resource/resource/add/': ['resource.self.create'],
  '/api/resource/resource/edit/': ['resource.self.update'],
  '/api/resource/resource/del/': ['resource.self.delete'],
  '/api/resource/resource/get/': ['resource.self.read'],
  '/api/resource/resource/hostkey/': ['resource.self.update', 'resource.voucher.update'],
  '/api/resource/voucher/add/': ['resource.voucher.create'],
  '/api/resource/voucher/edit/': ['resource.voucher.update'],
  '/api/resource/voucher/del/': ['resource.voucher.delete'],
  '/api/resource/voucher/get/': ['resource.voucher.read'],
  '/api/audit/login/get/': ['audit.login.read'],
  '/api/audit/opera/get/': ['audit.operation.read'],
  '/api/audit/session/get/': ['audit.session.read'],
  '/api/smart/import/preview': ['ipam.core.write'],
  '/api/smart/import/execute': ['ipam.core.write'],
  '/api/terminal/ticket/': ['resource.self.read', 'resource.voucher.read'],
}

/** Rights given per group of hosts; every other right is given by a role as such. */
export const GROUP_CODES = [
  'resource.self.read',
  'resource.self.create',
  'resource.self.update',
  'resource.self.delete',
  'resource.voucher.read',
  'resource.voucher.create',
  'resource.voucher.update',
  'resource.voucher.delete',
  'resource.group.create',
  'resource.group.update',
  'resource.group.delete',
] as const

/** Collections of the address book: read and written by one right each, some written by administrators only. */
const BOOK = /^\/api\/(network_areas|units|departments|projects|user_contacts|gateways|subnets|ips)(\/|$)/
const ADMINISTERED = /^\/api\/(user-groups|field_definitions)(\/|$)/

export function needed(path: string, method = 'GET'): readonly string[] {
  const place = path.split('?', 1)[0] ?? ''
  if (ADMINISTERED.test(place) && method !== 'GET') return ['admin']
  if (BOOK.test(place) || ADMINISTERED.test(place)) return [method === 'GET' ? 'ipam.core.read' : 'ipam.core.write']
  return NEEDED[place] ?? []
}
