import { complaints } from '../cards/drawn.ts'
import { type Gallery, openGallery } from '../../trials/cards/gallery.ts'
import { states } from '../../trials/cards/states.ts'
import { type Theme, themes, widths } from '../../trials/cards/themes.ts'

const all = states()

/** WCAG 2.2, success criterion 1.4.3. */
const least = 4.5

/** What a client puts beside the label of an input that is required, in its own red; the others say "optional". */
const theirs = '*'

test.each(all)('$title: every element, property and value is known to Teams', ({ card }) => {
  expect(complaints(card)).toEqual([])
})

describe('in a browser', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery({ scale: 3 })
  })
  afterAll(() => gallery?.close())

  const hang = (theme: Theme, width: number) => gallery.hang(all, theme, width)

  test.each(themes)('every text can be read: $name', async (theme) => {
    await hang(theme, 320)
    for (const [i, { name }] of all.entries()) {
      const texts = await gallery.contrasts(i)
      expect(texts.length).toBeGreaterThan(3)
      expect({ name, faint: texts.filter(({ text, ratio }) => text !== theirs && ratio < least) }).toEqual({
        name,
        faint: [],
      })
    }
  })

  test.each(widths)('no text is cut off: %i px', async (width) => {
    for (const theme of themes) {
      await hang(theme, width)
      for (const [i, { name }] of all.entries())
        expect({ name, cutOff: await gallery.cutOff(i) }).toEqual({ name, cutOff: [] })
    }
  })
})

test('a faint or cut-off text is found', async () => {
  const gallery = await openGallery({ scale: 3 })
  try {
    const [light] = themes
    const body = [
      { type: 'TextBlock', text: 'faint', color: 'Good' },
      { type: 'TextBlock', text: 'long'.repeat(50) },
    ]
    if (light) await gallery.hang([{ card: { type: 'AdaptiveCard', version: '1.5', body } }], light, 320)
    expect((await gallery.contrasts(0))[0]).toEqual({ text: 'faint', ratio: expect.closeTo(2, 0) })
    expect(await gallery.cutOff(0)).toEqual(['long'.repeat(50)])
  } finally {
    await gallery.close()
  }
})
