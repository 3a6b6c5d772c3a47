/** What crosses the network, named as the appliance names it there. */
export interface User {
  id: number
  account: string
  name: string
  email: string | null
  status: boolean
  protected: boolean
  phone_number: string | null
  avatar: string
  create_date: string
  update_date: string
  login_date: string | null
  remark: string | null
  roles: number[]
  ip?: string
}

export interface Role {
  id: number
  name: string
  code: string
  description: string | null
  status: boolean
  protected: boolean
  create_date: string
  update_date: string
}

export interface Permission {
  id: number
  scope: string
  object: string
  action: string
  code: string
  name: string
}

export interface Grant {
  id: number
  protected: boolean
  role: number
  permission: number
  resource_group: number
}

export interface Group {
  id: number
  name: string
  description: string | null
  level: number
  parent: number | null
  root: number
}

export interface Voucher {
  id: number
  name: string
  username: string
  description: string | null
  create_date: string
  update_date: string
  group: number
}

export interface Host {
  id: number
  name: string
  status: boolean
  ipv4_address: string | null
  ipv6_address: string | null
  domain: string | null
  port: number
  description: string | null
  create_date: string
  update_date: string
  group: number
  protocol: number | null
  vouchers: Voucher[]
  host_key: string | null
}

export interface Snapshot {
  id: number | null
  name: string
}

export interface SignInRow {
  id: number
  user: Snapshot
  ip: string
  status: 'succeed' | 'failed'
  date: string
}

export interface OperationRow {
  id: number
  user: Snapshot
  ip: string
  operation: string
  status: boolean
  date: string
}

export interface SessionRow {
  id: number
  user: Snapshot
  resource: Snapshot & { ip: string }
  voucher: { id: number | null; username: string }
  start_time: string
  end_time: string | null
  status: 'active' | 'close' | 'failed'
  ip: string
}

export interface MenuRow {
  path: string
  component: string
  meta: { title: string; icon: string; permission: string | null }
  children: MenuRow[]
}
