import type { Gallery, Hung, Measured } from './gallery.ts'
import type { Theme } from './themes.ts'

/** WCAG 2.2, success criterion 1.4.3. */
const least = 4.5

/** What a client puts beside the label of an input that is required, in its own red; the others say "optional". */
const theirs = '*'

/** Device pixels to a CSS pixel that measuring takes: with fewer no pixel of a thin letter has its full colour. */
export const measuringScale = 3

/** The narrowest width at which contrasts are measured: a text has the same colours at any other. */
const width = 320

/**
 * Draws cards in a theme, and finds texts that are hard to read.
 *
 * @param gallery of {@link measuringScale}
 * @throws {Error} if a card has no texts: then nothing was measured
 */
export async function faintIn(
  gallery: Gallery,
  states: readonly (Hung & { readonly name: string })[],
  theme: Theme,
): Promise<readonly (Measured & { readonly name: string })[]> {
  await gallery.hang(states, theme, width)
  const faint: (Measured & { readonly name: string })[] = []
  for (const [i, { name }] of states.entries()) {
    const texts = await gallery.contrasts(i)
    if (texts.length <= 3) throw new Error(`${name} has ${texts.length} texts in the theme ${theme.name}.`)
    for (const { text, ratio } of texts) if (text !== theirs && ratio < least) faint.push({ name, text, ratio })
  }
  return faint
}
