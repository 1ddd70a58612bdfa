/**
 * Makes an expression for whole texts of a form in which `*` stands for any characters, line breaks included. Every other
 * character stands for itself.
 */
export function wildcard(form: string): RegExp {
  const parts = form.split('*').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 'su')
}
