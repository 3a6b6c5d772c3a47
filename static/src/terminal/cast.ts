/** Reads asciicast v2, also one whose end was cut off. */

export interface CastEvent {
  at: number
  kind: string
  data: string
}

export interface Cast {
  width: number
  height: number
  timestamp: number | null
  events: CastEvent[]
  duration: number
}

export function parseCast(text: string): Cast {
  const [first = '', ...rest] = text.split('\n')
  const header = parsed(first) as { width?: number; height?: number; timestamp?: number } | undefined
  const events = rest.map(parsed).filter(isEvent).map(([at, kind, data]) => ({ at, kind, data }))
  return {
    width: header?.width ?? 80,
    height: header?.height ?? 24,
    timestamp: header?.timestamp ?? null,
    events,
    duration: events[events.length - 1]?.at ?? 0,
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isEvent(value: unknown): value is [number, string, string] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[2] === 'string'
}
