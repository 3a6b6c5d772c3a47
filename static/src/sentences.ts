/** The appliance's sentences are Chinese; an English reader gets the common ones in English, the rest as they are. */
import type { Problem } from './api'
import { language, t } from './i18n'
import english from './locales/sentences.json'

const known: Record<string, string> = english
const USERS = {
  子网: 'subnets',
  IP地址: 'addresses',
  单位: 'units',
  部门: 'departments',
  使用人: 'contacts',
  项目: 'projects',
  网关: 'gateways',
  网络区域: 'areas',
  申请: 'applications',
  用户组: 'user groups',
  用户: 'users',
}
const PATTERNS: [RegExp, string][] = [
  ...Object.entries(USERS).map(([what, called]): [RegExp, string] => [
    new RegExp(`^被 (\\d+) 个${what}引用$`),
    `Needed by ${called}: $1.`,
  ]),
  [/^被 (\d+) 个地址引用$/, 'Holds addresses in use: $1.'],
  [/^与 (.+) (\S+) 重叠$/, 'Overlaps $1 ($2).'],
  [/^CIDR格式不正确,应为 (\S+)$/, 'This is no CIDR; did you mean $1?'],
  [/^前缀长度须不小于 (\S+)$/, 'The prefix is $1 or longer.'],
  [/^已分配给 (.+)$/, 'Allocated to $1.'],
  [/^数量须为1到(\d+)$/, 'From 1 to $1 at once.'],
  [/^最多 (\d+) 个区间$/, 'At most $1 ranges.'],
  [/^不能小于(.+)$/, 'Not below $1.'],
  [/^不能大于(.+)$/, 'Not above $1.'],
  [/^不能超过(\d+)个字符$/, 'At most $1 characters.'],
  [/^被 (\d+) 台主机使用(: .+)?$/, 'Used by hosts: $1$2.'],
  [/^(?:可用|保留|DHCP池|待审批|待回收|停用)的地址不可释放$/, 'Only allocated addresses are released.'],
  [/^(?:可用|待审批|待回收|停用)的地址不可登记使用信息$/, 'Nobody uses it in this state: this cannot be noted.'],
  [/^过滤条件不能超过(\d+)个$/, 'At most $1 conditions.'],
  [/^不能超过(\d+)个值$/, 'At most $1 values.'],
  [/^最多保存(\d+)个视图$/, 'At most $1 views are kept.'],
  [/^已分配给 (.*)$/, 'It is allocated to $1.'],
  [/^待审批的申请不能超过(\d+)项$/, 'At most $1 applications of yours may wait at once.'],
  [/^引用的.+不存在$/, 'This is not there any more.'],
  [/^默认值不符合该字段的规则: (.*)$/, 'The default breaks the rules of the field ($1).'],
  [/^网关被子网 (.*) 使用,地址须在其网段内$/, 'The subnet $1 uses this gateway; its address has to lie in it.'],
  [/^请确保这个字段不能超过 (\d+) 个字符。$/, 'At most $1 characters.'],
  [/^请确保该值大于或者等于 (\d+)。$/, 'Must be $1 or more.'],
  [/^请确保该值小于或者等于 (\d+)。$/, 'Must be $1 or less.'],
  [/^无效主键 “(.*)” － 对象不存在。$/, 'There is no object with the id “$1”.'],
  [/^资源组(\d+)有关联资源(.*)凭证(.*)资源组(.*)无法删除$/, 'Group $1 still holds hosts $2, vouchers $3, groups $4.'],
  [/^(.*): 未知的列已忽略$/, '$1: unknown column, ignored.'],
  [/^(.*): 未知的工作表已忽略$/, '$1: unknown sheet, ignored.'],
  [/^(.*): 重复的列已忽略$/, '$1: a column given twice, ignored.'],
  [/^工作表不能超过(\d+)个$/, 'A workbook may have $1 sheets at most.'],
  [/^导出不能超过(\d+)行.*$/, 'An export may have $1 rows at most; choose fewer.'],
  [/^前缀长度须不小于 (\/\d+)$/, 'No network wider than $1.'],
  [/^与 (.+) 重叠$/, 'Overlaps with $1.'],
  [/^已分配给 (.+)$/, 'Allocated to $1.'],
  [/^最多 (\d+) 个区间$/, 'At most $1 ranges.'],
  [/^被 (\d+) 个地址引用$/, 'Needed by addresses: $1.'],
  [/^与第(\d+)行重复$/, 'The same as row $1.'],
  [/^(?:网络区域|单位|部门|使用人|网关|项目|子网|IP地址|用户)“(.*)”不存在$/, 'There is no “$1”.'],
  [/^(?:网络区域|单位|部门|使用人|网关|项目|子网|IP地址|用户)“(.*)”不唯一,请补充.*$/, 'There are several “$1”; say more.'],
  [/^数据不能超过(\d+)行$/, 'A workbook may have $1 rows at most.'],
  [/^列数不能超过(\d+)$/, 'A sheet may have $1 columns at most.'],
]

function inEnglish(line: string): string {
  const pattern = PATTERNS.find(([form]) => form.test(line))
  return known[line] ?? (pattern ? line.replace(...pattern) : line)
}

/** Several things said about one field come in one line. */
function several(line: string): string {
  return known[line] ?? line.split(';').map(inEnglish).join(' ')
}

/** A server's text in the reader's language, line by line. */
export function sentence(text: string): string {
  return language.value === 'zh' ? text.replaceAll(';', '；') : text.split('\n').map(several).join('\n')
}

export function explained(problem: Problem): string {
  if (problem.status === 0) return t('error.network')
  const faults = Object.entries(problem.faults).map(([name, told]) => `${name}: ${told.map(sentence).join(' ')}`)
  return sentence(problem.sentence) || faults.join('\n') || t('error.unknown')
}
