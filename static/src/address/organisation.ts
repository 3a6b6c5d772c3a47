/** Units, departments, projects and contacts, declared. */
import type { Query } from '../api'
import { conditions } from '../ipam'
import { href } from '../router'
import type { Collection, Field, Values } from './collection'
import { CODE, DESCRIPTION, NAME, ORDER, STATUS } from './network'
import { WRITE } from './rights'

const LOWEST = 5
const LEADER: Field = { name: 'leader', label: 'directory.leader', longest: 64 }
const PHONE: Field = { name: 'phone', label: 'directory.phone', longest: 64, width: '110px' }
const UNIT: Field = { name: 'unit_id', label: 'book.unit', kind: 'ref', resource: 'units' }
const DEPARTMENT: Field = {
  name: 'department_id',
  label: 'book.department',
  kind: 'ref',
  resource: 'departments',
  within: (values) => (values.unit_id ? { unit_id: Number(values.unit_id) } : {}),
}

/** Only what lies higher: the server says which level is right. */
function above(values: Values): Query {
  return Number(values.level) > 1 ? { filters: conditions({ level: { lt: Number(values.level) } }) } : {}
}

function ofSameUnit(values: Values): Query {
  const unit = Number(values.unit_id)
  return { filters: conditions({ unit_id: unit ? { eq: unit } : { is_null: true } }) }
}

export const UNITS: Collection = {
  resource: 'units',
  one: 'one.unit',
  many: 'directory.units',
  empty: 'directory.unitsEmpty',
  right: WRITE,
  order: 'sort_order',
  custom: true,
  tree: true,
  columns: ['name', 'code', 'level', 'leader', 'phone', 'children_count', 'status'],
  filters: ['level', 'status'],
  below: (row) => (Number(row.level) < LOWEST ? { parent_id: row.id, level: String(Number(row.level) + 1) } : null),
  fields: [
    NAME,
    CODE,
    {
      name: 'level',
      label: 'directory.level',
      kind: 'choice',
      required: true,
      also: ['children'],
      choices: { 1: 'level.1', 2: 'level.2', 3: 'level.3', 4: 'level.4', 5: 'level.5' },
      width: '64px',
    },
    { name: 'parent_id', label: 'directory.above', kind: 'ref', resource: 'units', within: above, hint: 'directory.aboveHint' },
    { name: 'short_name', label: 'directory.shortName', longest: 64 },
    { name: 'region_code', label: 'directory.region', mono: true, longest: 64 },
    LEADER,
    PHONE,
    { name: 'address', label: 'directory.address', longest: 255 },
    ORDER,
    STATUS,
    DESCRIPTION,
    { name: 'path', label: 'directory.path', kind: 'trail', read: true },
    { name: 'children_count', label: 'directory.children', read: true, width: '72px' },
    {
      name: 'people',
      label: 'directory.contacts',
      read: true,
      text: 'directory.seeContacts',
      link: (row) => href('/directory', { tab: 'contacts', unit_id: row.id }),
    },
  ],
}

export const DEPARTMENTS: Collection = {
  resource: 'departments',
  one: 'one.department',
  many: 'directory.departments',
  empty: 'directory.departmentsEmpty',
  right: WRITE,
  order: 'sort_order',
  custom: true,
  columns: ['name', 'code', 'unit_id', 'parent_id', 'leader', 'phone', 'status'],
  filters: ['unit_id', 'status'],
  below: (row) => ({ parent_id: row.id, unit_id: row.unit_id }),
  fields: [
    NAME,
    CODE,
    { ...UNIT, also: ['children'], hint: 'directory.unitHint' },
    { name: 'parent_id', label: 'directory.aboveDepartment', kind: 'ref', resource: 'departments', within: ofSameUnit },
    LEADER,
    PHONE,
    ORDER,
    STATUS,
    DESCRIPTION,
  ],
}

export const PROJECTS: Collection = {
  resource: 'projects',
  one: 'one.project',
  many: 'directory.projects',
  empty: 'directory.projectsEmpty',
  right: WRITE,
  order: '',
  custom: true,
  columns: ['name', 'code', 'unit_id', 'department_id', 'leader', 'start_date', 'end_date', 'status'],
  filters: ['unit_id', 'status'],
  fields: [
    NAME,
    CODE,
    UNIT,
    DEPARTMENT,
    { name: 'user_contact_id', label: 'book.contact', kind: 'ref', resource: 'user_contacts' },
    LEADER,
    { name: 'start_date', label: 'directory.start', kind: 'date', width: '100px' },
    { name: 'end_date', label: 'directory.end', kind: 'date', width: '100px' },
    {
      ...STATUS,
      choices: { planning: 'project.planning', active: 'project.active', closed: 'project.closed' },
      marks: { planning: 'warn', active: 'good', closed: 'idle' },
    },
    DESCRIPTION,
  ],
}

export const CONTACTS: Collection = {
  resource: 'user_contacts',
  one: 'one.contact',
  many: 'directory.contacts',
  empty: 'directory.contactsEmpty',
  right: WRITE,
  order: '',
  custom: true,
  columns: ['name', 'employee_no', 'unit_id', 'department_id', 'mobile', 'ip_count', 'status'],
  filters: ['unit_id', 'department_id', 'status'],
  fields: [
    { ...NAME, label: 'user.name' },
    { name: 'employee_no', label: 'directory.number', mono: true, longest: 64 },
    UNIT,
    DEPARTMENT,
    { name: 'position', label: 'directory.position', longest: 64 },
    PHONE,
    { name: 'mobile', label: 'directory.mobile', longest: 64, width: '110px' },
    { name: 'email', label: 'user.email', longest: 254 },
    STATUS,
    DESCRIPTION,
    {
      name: 'ip_count',
      label: 'book.ip',
      read: true,
      link: (row) => href('/address', { filters: conditions({ user_contact_id: { eq: row.id } }) }),
      width: '72px',
    },
  ],
}
