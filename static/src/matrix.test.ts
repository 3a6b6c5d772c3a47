import { beforeEach, expect, test } from 'vitest'
import { speak } from './i18n'
import { isLabel, parts } from './matrix'
import type { Permission } from './types'

let ids = 0

function permission(code: string, scope = code.split('.')[0]!): Permission {
  const [, object, action] = code.includes('.') ? [...code.split('.')] : ['', code, code]
  return { id: ++ids, scope, object: object!, action: action ?? '', code, name: code }
}

beforeEach(() => speak('en'))

test('a scope is a part, an object a row, an action a column', () => {
  const [part] = parts([permission('system.user.read'), permission('system.user.update'), permission('system.role.read')])
  expect(part!.name).toBe('System')
  expect(part!.rows.map((row) => row.name)).toEqual(['Users', 'Roles'])
  expect(part!.rows[0]!.cells.map((cell) => cell?.action)).toEqual(['read', undefined, 'update', undefined])
})

test('an action without a column stands among the others', () => {
  const [part] = parts([permission('ops.job.read'), permission('ops.job.run')])
  expect(part!.rows[0]!.others.map((one) => one.code)).toEqual(['ops.job.run'])
})

test('what is held on groups is no box to tick', () => {
  expect(parts([permission('resource.self.read')])[0]!.rows[0]!.byGroup).toBe(true)
  expect(parts([permission('system.user.read')])[0]!.rows[0]!.byGroup).toBe(false)
})

test('labels stand by themselves in their category, those with dots too', () => {
  const dotted = { ...permission('billing.export', 'custom'), object: 'billing.export', action: 'billing.export' }
  const found = parts([permission('read', 'general'), dotted])
  expect(found.map((part) => [part.name, part.labels.map((one) => one.code), part.rows.length])).toEqual([
    ['Labels: general', ['read'], 0],
    ['Labels: custom', ['billing.export'], 0],
  ])
  expect(isLabel(permission('system.user.read'))).toBe(false)
})

test('nothing of the catalogue is lost, also what this UI has no word for', () => {
  const all = ['system.user.read', 'node.agent.install', 'ticket.decide'].map((code) => permission(code))
  const shown = parts(all).flatMap((part) => part.rows.flatMap((row) => [...row.cells, ...row.others].filter(Boolean)))
  expect(shown.map((one) => one!.code).sort()).toEqual(all.map((one) => one.code).sort())
})
