/** How times, durations and sizes are written. */
const two = (value: number, digits = 2) => String(value).padStart(digits, '0')

/** A server time in the browser's zone: 2026-02-05 20:34:30. */
export function moment(iso: string | null | undefined): string {
  if (!iso) return '—'
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return iso
  const day = `${two(at.getFullYear(), 4)}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

/** Seconds as 1:02:03 or 2:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

export function duration(start: string, end: string | null, now = Date.now()): string {
  return clock(((end ? Date.parse(end) : now) - Date.parse(start)) / 1000)
}

/** What a datetime-local field holds, as an ISO time with the browser's offset. */
export function zoned(local: string): string {
  return local && new Date(local).toISOString()
}

/** An ISO time as a datetime-local field wants it, in the browser's zone. */
export function localField(iso: string | null): string {
  return iso ? moment(iso).replace(' ', 'T') : ''
}

/** Bytes as 812 B, 14 KB or 2.3 MB. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`
}
