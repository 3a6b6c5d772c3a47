import { beforeEach, expect, test } from 'vitest'
import { Problem } from './api'
import { speak } from './i18n'
import { explained, sentence } from './sentences'

beforeEach(() => speak('en'))

test('a known sentence is told in English, line by line, and an unknown one as it is', () => {
  expect(sentence('连接超时\n天气很好')).toBe('The connection timed out.\n天气很好')
})

test('numbers inside a sentence survive', () => {
  expect(sentence('请确保这个字段不能超过 128 个字符。')).toBe('At most 128 characters.')
})

test('several things said about one field are each told', () => {
  expect(sentence('被 2 个单位引用;被 1 个子网引用')).toBe('Needed by units: 2. Needed by subnets: 1.')
})

test('names inside a sentence survive', () => {
  expect(sentence('颜色: 未知的列已忽略')).toBe('颜色: unknown column, ignored.')
  expect(sentence('部门“运维”不存在')).toBe('There is no “运维”.')
})

test('a Chinese reader hears exactly what the server said', () => {
  speak('zh')
  expect(sentence('连接超时')).toBe('连接超时')
})

test('faults without a field of their own are named', () => {
  expect(explained(new Problem(400, '', { weird: ['该字段是必填项。'] }))).toBe('weird: This field is required.')
})

test('a lost network has words too', () => {
  expect(explained(new Problem(0, ''))).toContain('cannot be reached')
})
