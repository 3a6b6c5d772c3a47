/** The appliance's sentences are Chinese; an English reader gets the common ones in English, the rest as they are. */
import type { Problem } from './api'
import { language, t } from './i18n'
import english from './locales/sentences.json'

const known: Record<string, string> = english
const PATTERNS: [RegExp, string][] = [
  [/^请确保这个字段不能超过 (\d+) 个字符。$/, 'At most $1 characters.'],
  [/^请确保该值大于或者等于 (\d+)。$/, 'Must be $1 or more.'],
  [/^请确保该值小于或者等于 (\d+)。$/, 'Must be $1 or less.'],
  [/^无效主键 “(.*)” － 对象不存在。$/, 'There is no object with the id “$1”.'],
  [/^资源组(\d+)有关联资源(.*)凭证(.*)资源组(.*)无法删除$/, 'Group $1 still holds hosts $2, vouchers $3, groups $4.'],
]

function inEnglish(line: string): string {
  const pattern = PATTERNS.find(([form]) => form.test(line))
  return known[line] ?? (pattern ? line.replace(...pattern) : line)
}

/** A server's text in the reader's language, line by line. */
export function sentence(text: string): string {
  return language.value === 'zh' ? text : text.split('\n').map(inEnglish).join('\n')
}

export function explained(problem: Problem): string {
  if (problem.status === 0) return t('error.network')
  const faults = Object.entries(problem.faults).map(([name, told]) => `${name}: ${told.map(sentence).join(' ')}`)
  return sentence(problem.sentence) || faults.join('\n') || t('error.unknown')
}
