/** Measures of the charts of usage. */
export interface Bar {
  x: number
  y: number
  width: number
  height: number
  value: number
}

const LEAST = 3 // so that one call beside thousands is still seen

/** Bars side by side in a box; a bar of nothing is a line on the ground. */
export function bars(values: readonly number[], width: number, height: number): Bar[] {
  const highest = Math.max(1, ...values)
  const step = width / Math.max(1, values.length)
  return values.map((value, at) => {
    const tall = value ? Math.max(LEAST, (value / highest) * (height - 2)) : 1
    return { x: at * step + step * 0.1, y: height - tall, width: step * 0.8, height: tall, value }
  })
}

/** Parts of the largest, in percent. */
export function shares(values: readonly number[]): number[] {
  const highest = Math.max(1, ...values)
  return values.map((value) => (value / highest) * 100)
}
