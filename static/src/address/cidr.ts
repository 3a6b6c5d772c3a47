/** Addresses and networks as numbers, and back as people write them. */
export interface Network {
  version: 4 | 6
  first: bigint
  last: bigint
  prefix: number
}

const BITS = { 4: 32, 6: 128 } as const

export function versionOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4
}

export function numberOf(ip: string): bigint {
  if (versionOf(ip) === 4) return ip.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  const [head = '', tail] = ip.split('::')
  const parts = (text: string) => (text ? text.split(':') : [])
  const front = parts(head)
  const back = parts(tail ?? '')
  const zeros = Array<string>(tail === undefined ? 0 : 8 - front.length - back.length).fill('0')
  return [...front, ...zeros, ...back].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n)
}

/** An IPv4 address of a number. */
export function dotted(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.')
}

export function network(cidr: string): Network {
  const [ip = '', length = ''] = cidr.split('/')
  const version = versionOf(ip)
  const prefix = Number(length)
  const first = numberOf(ip)
  return { version, prefix, first, last: first + (1n << BigInt(BITS[version] - prefix)) - 1n }
}

export function inOrder(one: string, other: string): number {
  const [left, right] = [numberOf(one.split('/')[0]!), numberOf(other.split('/')[0]!)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** IPv4 addresses as the stretches they form: `10.0.0.5–10.0.0.9`. */
export function stretches(ips: readonly string[]): string[] {
  const found: [string, string][] = []
  for (const ip of [...new Set(ips)].sort(inOrder)) {
    const last = found[found.length - 1]
    if (last && numberOf(last[1]) + 1n === numberOf(ip)) last[1] = ip
    else found.push([ip, ip])
  }
  return found.map(([first, last]) => (first === last ? first : `${first}–${last}`))
}
