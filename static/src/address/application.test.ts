import { describe, expect, it } from 'vitest'
import { Problem } from '../api'
import { type Application, plainly, sentences, targetOf, wire } from './application'

const row = (facts: Partial<Application>) => ({ subnet_id: null, network_area_id: 1, ip: null, ...facts }) as Application

async function refused(faults: Record<string, string[]>, sentence = '', status = 409): Promise<Problem> {
  return plainly(() => Promise.reject(new Problem(status, sentence, faults))).catch((problem: Problem) => problem)
}

describe('where an address is wanted', () => {
  it('is the subnet with the address, if one was named', () => {
    const target = targetOf(row({ subnet_id: 7, ip: '10.0.0.9' }))
    expect(target.way).toBe('subnet')
    expect(wire(target)).toEqual({ subnet_id: 7, network_area_id: null, ip: '10.0.0.9' })
  })

  it('takes back what belongs to another way', () => {
    const target = { way: 'area' as const, subnet_id: 7, network_area_id: 2, ip: '10.0.0.9' }
    expect(wire(target)).toEqual({ subnet_id: null, network_area_id: 2, ip: null })
    expect(wire({ ...target, way: 'address' })).toEqual({ subnet_id: null, network_area_id: 2, ip: '10.0.0.9' })
  })
})

describe('a conflict', () => {
  it('of the state is a sentence', async () => {
    const told = await refused({ status: ['申请已处理'] })
    expect([told.sentence, told.faults]).toEqual(['申请已处理', {}])
  })

  it('of an address stands at the address, without the word for programs', async () => {
    const told = await refused({ ip: ['待审批'], status: ['pending'] })
    expect([told.sentence, told.faults]).toEqual(['', { ip: ['待审批'] }])
  })

  it('of fields is left alone when it is none', async () => {
    expect((await refused({ status: ['x'] }, '', 400)).faults).toEqual({ status: ['x'] })
  })

  it('loses the names of its fields where there are none', () => {
    expect(sentences(new Problem(409, '', { 9: ['地址已锁定'] }))).not.toContain('9')
    expect(sentences(new Problem(409, '子网已无可用地址'))).toMatch(/./)
  })
})
