/** Areas and gateways, declared. */
import { href } from '../router'
import type { Collection, Field } from './collection'
import { WRITE } from './rights'

export const STATUS: Field = {
  name: 'status',
  label: 'field.status',
  kind: 'choice',
  choices: { active: 'state.on', disabled: 'state.off' },
  marks: { active: 'good', disabled: 'idle' },
  preset: 'active',
  width: '80px',
}
export const DESCRIPTION: Field = { name: 'description', label: 'field.description', kind: 'lines', longest: 500 }
export const NAME: Field = { name: 'name', label: 'field.name', required: true, longest: 64 }
export const CODE: Field = { name: 'code', label: 'book.code', mono: true, longest: 64, hint: 'directory.codeHint' }
export const ORDER: Field = { name: 'sort_order', label: 'directory.order', kind: 'whole', preset: '0', hint: 'directory.orderHint' }

export const AREAS: Collection = {
  resource: 'network_areas',
  one: 'one.area',
  many: 'network.areas',
  empty: 'network.areasEmpty',
  right: WRITE,
  order: 'sort_order',
  custom: true,
  columns: ['name', 'code', 'type', 'security_level', 'sort_order', 'status', 'description', 'subnets'],
  filters: ['type', 'status'],
  stays: (row) => (row.id === 1 ? 'network.areaStays' : null),
  fields: [
    NAME,
    CODE,
    {
      name: 'type',
      label: 'network.type',
      kind: 'choice',
      preset: 'office',
      choices: {
        office: 'network.office',
        dc: 'network.dc',
        dmz: 'network.dmz',
        iot: 'network.iot',
        guest: 'network.guest',
        other: 'network.other',
      },
    },
    {
      name: 'security_level',
      label: 'network.security',
      kind: 'choice',
      preset: '1',
      choices: { 1: 'security.1', 2: 'security.2', 3: 'security.3', 4: 'security.4', 5: 'security.5' },
    },
    ORDER,
    STATUS,
    DESCRIPTION,
    {
      name: 'subnets',
      label: 'book.subnet',
      read: true,
      text: 'network.seeSubnets',
      link: (row) => href('/subnet', { area: row.id }),
    },
  ],
}

export const GATEWAYS: Collection = {
  resource: 'gateways',
  one: 'one.gateway',
  many: 'network.gateways',
  empty: 'network.gatewaysEmpty',
  right: WRITE,
  order: 'ip',
  custom: true,
  columns: ['ip', 'name', 'network_area_id', 'mac_address', 'device_name', 'location', 'status', 'is_online', 'subnet_ids'],
  filters: ['network_area_id', 'status'],
  nameOf: (row) => String(row.name || row.ip),
  fields: [
    { name: 'ip', label: 'book.ip', mono: true, required: true, longest: 64 },
    { name: 'mac_address', label: 'book.mac', mono: true, longest: 32 },
    { name: 'network_area_id', label: 'book.area', kind: 'ref', resource: 'network_areas', preset: 1 },
    { name: 'name', label: 'field.name', longest: 64 },
    { name: 'device_name', label: 'book.deviceName', longest: 64 },
    { name: 'device_model', label: 'network.model', longest: 64 },
    { name: 'location', label: 'network.location', longest: 255 },
    { name: 'interface', label: 'network.interface', mono: true, longest: 64 },
    STATUS,
    DESCRIPTION,
    {
      name: 'is_online',
      label: 'network.online',
      kind: 'choice',
      read: true,
      choices: { true: 'network.isOnline', false: 'network.isOffline', null: 'network.unchecked' },
      marks: { true: 'good', false: 'bad', null: 'idle' },
      width: '80px',
    },
    { name: 'last_seen', label: 'network.seen', kind: 'moment', read: true },
    { name: 'rtt_ms', label: 'network.rtt', read: true },
    {
      name: 'subnet_ids',
      label: 'book.subnet',
      kind: 'refs',
      resource: 'subnets',
      read: true,
      to: (id) => href('/subnet', { id }),
      link: (row) => href('/network', { tab: 'gateways', id: row.id }),
    },
  ],
}
