/** Plays a recording onto a screen: it only knows seconds; who calls `advance` decides how they pass. */
import type { Cast, CastEvent } from './cast'

const IDLE = 2 // seconds without output that "skip idle" leaves

export interface Stage {
  write(data: string): void
  resize(cols: number, rows: number): void
  reset(): void
}

export class Player {
  position = 0
  private next = 0

  constructor(
    private readonly cast: Cast,
    private readonly stage: Stage,
  ) {
    this.rewind()
  }

  get over(): boolean {
    return this.position >= this.cast.duration
  }

  /** Lets time pass while playing; long silences shrink when asked to. */
  advance(seconds: number, skipIdle: boolean): void {
    const upcoming = this.cast.events[this.next]
    const silence = upcoming ? upcoming.at - this.position : 0
    const from = skipIdle && silence > IDLE ? upcoming!.at - IDLE : this.position
    this.playTo(from + seconds)
  }

  seek(second: number): void {
    if (second < this.position) this.rewind()
    this.playTo(second)
  }

  private playTo(second: number): void {
    this.position = Math.min(Math.max(second, 0), this.cast.duration)
    let pending = ''
    for (let event = this.due(); event; event = this.due()) {
      if (event.kind === 'o') pending += event.data
      else if (event.kind === 'r') {
        this.flush(pending)
        pending = ''
        this.resizeTo(event.data)
      }
      this.next++
    }
    this.flush(pending)
  }

  private due(): CastEvent | undefined {
    const event = this.cast.events[this.next]
    return event && event.at <= this.position ? event : undefined
  }

  private flush(data: string): void {
    if (data) this.stage.write(data)
  }

  private resizeTo(size: string): void {
    const [cols, rows] = size.split('x').map(Number)
    if (cols && rows) this.stage.resize(Math.min(cols, 500), Math.min(rows, 200))
  }

  private rewind(): void {
    this.position = 0
    this.next = 0
    this.stage.reset()
    this.stage.resize(Math.min(this.cast.width, 500), Math.min(this.cast.height, 200))
  }
}
