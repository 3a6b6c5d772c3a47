/** Lets xterm live under the strict content security policy; imported before anything else.
 *
 * Its DOM renderer makes <style> elements without a nonce and writes true colours through the style attribute of spans;
 * the policy refuses both silently. New style elements get the page's nonce, span attributes go through the CSSOM.
 */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

const create = Document.prototype.createElement
Document.prototype.createElement = function (this: Document, name: string, options?: ElementCreationOptions) {
  const element = create.call(this, name, options)
  if (element instanceof HTMLStyleElement) element.nonce = nonce
  return element
} as typeof create

const setAttribute = Element.prototype.setAttribute
HTMLSpanElement.prototype.setAttribute = function (this: HTMLSpanElement, name: string, value: string) {
  if (name === 'style') this.style.cssText = value
  else setAttribute.call(this, name, value)
}
