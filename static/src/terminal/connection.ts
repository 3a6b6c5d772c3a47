/** One SSH session as the browser sees it: a ticket, a socket, bytes out, keys in. */
import { post, Problem } from '../api'
import { explained, sentence } from '../sentences'

const RESIZE = 1
const INPUT = 2
const SEEN = 3
const CHUNK = 8192 // characters of input per message; the server takes no message over 64 KB
const RECEIPT = 32768 // bytes worked off between two receipts

export interface Target {
  hostId: number
  voucherId: number
}

interface Ticket {
  ticket: string
  recorded: boolean
}

export interface Listener {
  admitted(recorded: boolean): void
  output(bytes: Uint8Array): void
  live(): void
  closed(reason: string, clean: boolean): void
}

export class Connection {
  private socket: WebSocket | null = null
  private told: string[] = []
  private seen = 0
  private acknowledged = 0
  private ended = false

  constructor(
    private readonly target: Target,
    private readonly listener: Listener,
  ) {}

  /** Asks for a one-time ticket, so that no token is ever part of an address. */
  async open(cols: number, rows: number): Promise<void> {
    try {
      const body = { resource_id: this.target.hostId, voucher_id: this.target.voucherId }
      const { ticket, recorded } = (await post<Ticket>('/api/terminal/ticket/', body)).detail
      if (this.ended) return
      this.listener.admitted(recorded)
      this.attach(new WebSocket(address(ticket, cols, rows)))
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      this.end(explained(thrown), false)
    }
  }

  send(text: string): void {
    for (const part of chunks(text)) this.say(INPUT, part)
  }

  resize(cols: number, rows: number): void {
    this.say(RESIZE, { cols, rows })
  }

  /** The screen has worked these bytes off; the server pauses the host while too many are under way. */
  worked(bytes: number): void {
    this.seen += bytes
    if (this.seen - this.acknowledged < RECEIPT) return
    this.say(SEEN, this.seen)
    this.acknowledged = this.seen
  }

  close(): void {
    this.ended = true
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send('')
    this.socket?.close()
  }

  private attach(socket: WebSocket): void {
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => this.hear(data)
    socket.onclose = ({ code, reason }) => this.end(this.told.join('\n') || reason, code === 1000 || code === 1001)
  }

  /** With `binary=1` output comes in binary frames; a text frame is a sentence of the appliance itself. */
  private hear(data: ArrayBuffer | string): void {
    if (typeof data === 'string') {
      this.told.push(data)
      return
    }
    this.listener.live()
    this.listener.output(new Uint8Array(data))
  }

  private end(reason: string, clean: boolean): void {
    if (this.ended) return
    this.ended = true
    this.listener.closed(sentence(reason), clean)
  }

  private say(type: number, data: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type, data }))
  }
}

function address(ticket: string, cols: number, rows: number): string {
  const query = new URLSearchParams({ ticket, cols: String(cols), rows: String(rows), binary: '1', ack: '1' })
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/terminal/ssh/?${query}`
}

/** Cuts a long input into messages without cutting a character in two. */
export function* chunks(text: string, size = CHUNK): Generator<string> {
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + size, text.length)
    if (to < text.length && isLead(text.charCodeAt(to - 1))) to--
    yield text.slice(from, to)
    from = to
  }
}

const isLead = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
