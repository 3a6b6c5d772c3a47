/** What only administrators write: user groups with their scope, and the definitions of custom fields. */
import type { Key } from '../i18n'
import { href } from '../router'
import type { Collection, Field, Values } from './collection'
import { CODE, DESCRIPTION, NAME, ORDER, STATUS } from './network'
import { ADMIN } from './rights'

const SCOPE: Key = 'userGroup.scope'
const members: Field = { name: 'user_ids', label: 'userGroup.users', kind: 'refs', resource: 'users', hint: 'userGroup.usersHint' }

export const GROUPS: Collection = {
  resource: 'user-groups',
  one: 'one.group',
  many: 'directory.groups',
  empty: 'directory.groupsEmpty',
  right: ADMIN,
  order: '',
  columns: ['name', 'code', 'user_ids', 'unit_ids', 'network_area_ids', 'subnet_ids', 'status', 'description'],
  filters: ['status'],
  notes: { [SCOPE]: 'userGroup.scopeHint' },
  fields: [
    NAME,
    CODE,
    members,
    {
      name: 'unit_ids',
      label: 'userGroup.units',
      kind: 'refs',
      resource: 'units',
      section: SCOPE,
      to: (id) => href('/directory', { tab: 'units', id }),
    },
    {
      name: 'network_area_ids',
      label: 'userGroup.areas',
      kind: 'refs',
      resource: 'network_areas',
      section: SCOPE,
      to: (id) => href('/network', { tab: 'areas', id }),
    },
    {
      name: 'subnet_ids',
      label: 'userGroup.subnets',
      kind: 'refs',
      resource: 'subnets',
      section: SCOPE,
      to: (id) => href('/subnet', { id }),
    },
    { ...STATUS, hint: 'userGroup.statusHint', section: 'userGroup.more' },
    { ...DESCRIPTION, section: 'userGroup.more' },
  ],
}

const CHOSEN = ['select', 'multiselect']
const NUMBERS = ['integer', 'decimal']
const WORDS = ['text', 'textarea', 'url', 'email', 'phone', 'ip', 'mac']
const of = (kinds: string[]) => (values: Values) => kinds.includes(String(values.field_type))
const LIMITS: Key = 'definition.limits'
const PLACE: Key = 'definition.place'

const limits: Field[] = [
  { name: 'required', label: 'definition.required', kind: 'switch', section: LIMITS },
  { name: 'unique', label: 'definition.unique', kind: 'switch', section: LIMITS },
  { name: 'editable', label: 'definition.editable', kind: 'switch', preset: true, section: LIMITS, hint: 'definition.editableHint' },
  { name: 'min', label: 'definition.min', mono: true, shown: of(NUMBERS), section: LIMITS },
  { name: 'max', label: 'definition.max', mono: true, shown: of(NUMBERS), section: LIMITS },
  { name: 'max_length', label: 'definition.longest', kind: 'whole', shown: of(WORDS), section: LIMITS },
  { name: 'regex', label: 'definition.regex', mono: true, longest: 200, shown: of(WORDS), section: LIMITS, hint: 'definition.regexHint' },
  { name: 'default_value', label: 'definition.preset', kind: 'preset', section: LIMITS },
]

const places: Field[] = [
  { name: 'show_in_form', label: 'definition.inForm', kind: 'switch', preset: true, section: PLACE },
  { name: 'show_in_list', label: 'definition.inList', kind: 'switch', section: PLACE },
  { name: 'searchable', label: 'definition.searchable', kind: 'switch', section: PLACE },
  {
    name: 'is_active',
    label: 'field.status',
    kind: 'switch',
    preset: true,
    section: PLACE,
    choices: { true: 'state.on', false: 'state.off' },
    marks: { true: 'good', false: 'idle' },
    width: '80px',
  },
  { name: 'group_name', label: 'definition.group', longest: 64, section: PLACE, hint: 'definition.groupHint' },
  { ...ORDER, section: PLACE },
  { name: 'placeholder', label: 'definition.placeholder', longest: 255, section: PLACE },
  { name: 'help_text', label: 'definition.help', longest: 255, section: PLACE },
]

export const DEFINITIONS: Collection = {
  resource: 'field_definitions',
  one: 'one.definition',
  many: 'directory.definitions',
  empty: 'directory.definitionsEmpty',
  right: ADMIN,
  order: 'resource_type',
  purges: true,
  columns: ['label', 'name', 'resource_type', 'field_type', 'required', 'show_in_form', 'show_in_list', 'sort_order', 'is_active'],
  filters: ['resource_type', 'field_type', 'is_active'],
  nameOf: (row) => String(row.label),
  fields: [
    { name: 'label', label: 'definition.label', required: true, longest: 64 },
    { name: 'name', label: 'definition.name', mono: true, required: true, longest: 63, hint: 'definition.nameHint' },
    {
      name: 'resource_type',
      label: 'definition.resource',
      kind: 'choice',
      required: true,
      choices: {
        ips: 'menu.addresses',
        subnets: 'menu.subnets',
        gateways: 'network.gateways',
        network_areas: 'network.areas',
        units: 'directory.units',
        departments: 'directory.departments',
        projects: 'directory.projects',
        user_contacts: 'directory.contacts',
        registerIps: 'menu.applications',
      },
    },
    {
      name: 'field_type',
      label: 'definition.type',
      kind: 'choice',
      required: true,
      preset: 'text',
      choices: {
        text: 'kind.text',
        textarea: 'kind.textarea',
        integer: 'kind.integer',
        decimal: 'kind.decimal',
        boolean: 'kind.boolean',
        date: 'kind.date',
        datetime: 'kind.datetime',
        select: 'kind.select',
        multiselect: 'kind.multiselect',
        url: 'kind.url',
        email: 'kind.email',
        phone: 'kind.phone',
        ip: 'kind.ip',
        mac: 'kind.mac',
        json: 'kind.json',
      },
    },
    { name: 'options', label: 'definition.options', kind: 'options', required: true, shown: of(CHOSEN) },
    ...limits,
    ...places,
  ],
}
