/** Lists that people write one to a line, or with commas. */
export function split(text: string): string[] {
  return text.split(/[\s,，;；]+/).filter(Boolean)
}

export function joined(list: readonly string[]): string {
  return list.join('\n')
}
