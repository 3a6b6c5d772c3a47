/** Copies text, also where the page came over plain HTTP and browsers keep the clipboard's own interface away. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return byHand(text)
  }
}

function byHand(text: string): boolean {
  const field = document.createElement('textarea')
  field.className = 'sr-only'
  field.value = text
  const before = document.activeElement as HTMLElement | null
  ;(before?.closest('[role=dialog]') ?? document.body).append(field) // a dialog keeps the focus inside
  field.select()
  const well = document.execCommand('copy')
  field.remove()
  before?.focus()
  return well
}
