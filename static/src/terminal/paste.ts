/** What a paste may hold, and when a person should look at it first. */

/** Control characters go, escape above all: a paste can neither close bracketed mode nor press keys. */
export function cleaned(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** A line break runs what stands before it, so that wants a look. */
export function wantsLook(text: string): boolean {
  return text.includes('\n')
}

export function preview(text: string, lines = 12): string {
  const all = text.split('\n')
  const shown = all.slice(0, lines).map((line) => (line.length > 200 ? `${line.slice(0, 200)}…` : line))
  return all.length > lines ? `${shown.join('\n')}\n…` : shown.join('\n')
}

export function lineCount(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}
