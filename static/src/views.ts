/** The pages that the server's menu may name: its component is a key in here, never a path to import. */
import { type Component, defineAsyncComponent } from 'vue'
import type { Key } from './i18n'

interface View {
  label: Key
  page: Component
}

export const views: Record<string, View> = {
  '@/views/IndexPage.vue': { label: 'menu.overview', page: defineAsyncComponent(() => import('./views/IndexPage.vue')) },
  '@/views/TerminalView.vue': {
    label: 'menu.terminal',
    page: defineAsyncComponent(() => import('./views/TerminalView.vue')),
  },
  '@/views/ResourceManage.vue': {
    label: 'menu.hosts',
    page: defineAsyncComponent(() => import('./views/ResourceManage.vue')),
  },
  '@/views/SubnetView.vue': {
    label: 'menu.subnets',
    page: defineAsyncComponent(() => import('./views/SubnetView.vue')),
  },
  '@/views/AddressView.vue': {
    label: 'menu.addresses',
    page: defineAsyncComponent(() => import('./views/AddressView.vue')),
  },
  '@/views/ApplicationView.vue': {
    label: 'menu.applications',
    page: defineAsyncComponent(() => import('./views/ApplicationView.vue')),
  },
  '@/views/NetworkView.vue': {
    label: 'menu.network',
    page: defineAsyncComponent(() => import('./views/NetworkView.vue')),
  },
  '@/views/DirectoryView.vue': {
    label: 'menu.directory',
    page: defineAsyncComponent(() => import('./views/DirectoryView.vue')),
  },
  '@/views/ExchangeView.vue': {
    label: 'menu.exchange',
    page: defineAsyncComponent(() => import('./views/ExchangeView.vue')),
  },
  '@/views/VoucherManage.vue': {
    label: 'menu.vouchers',
    page: defineAsyncComponent(() => import('./views/VoucherManage.vue')),
  },
  '@/views/UserManage.vue': { label: 'menu.users', page: defineAsyncComponent(() => import('./views/UserManage.vue')) },
  '@/views/RoleManage.vue': { label: 'menu.roles', page: defineAsyncComponent(() => import('./views/RoleManage.vue')) },
  '@/views/PermissionManage.vue': {
    label: 'menu.grants',
    page: defineAsyncComponent(() => import('./views/PermissionManage.vue')),
  },
  '@/views/ApiKeyManage.vue': { label: 'menu.keys', page: defineAsyncComponent(() => import('./views/ApiKeyManage.vue')) },
  '@/views/AuditView.vue': { label: 'menu.audit', page: defineAsyncComponent(() => import('./views/AuditView.vue')) },
  '@/views/SessionList.vue': {
    label: 'menu.sessions',
    page: defineAsyncComponent(() => import('./views/SessionList.vue')),
  },
  '@/views/ProfileView.vue': {
    label: 'menu.profile',
    page: defineAsyncComponent(() => import('./views/ProfileView.vue')),
  },
}

/** Rows that hold other rows have no page, only a heading. */
export const headings: Record<string, Key> = {
  permission_manage: 'menu.permissions',
  address_manage: 'menu.addressBook',
}
