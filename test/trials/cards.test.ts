import { complaints } from '../cards/drawn.ts'
import { type Gallery, openGallery } from '../../trials/cards/gallery.ts'
import { faintIn, measuringScale } from '../../trials/cards/legible.ts'
import { ours, slackHtml } from '../../trials/cards/slackPage.ts'
import { slackStates } from '../../trials/cards/slackStates.ts'
import { states } from '../../trials/cards/states.ts'
import { themes, widths } from '../../trials/cards/themes.ts'
import { textsIn } from '../slack/blockRules.ts'
import { someOf } from '../support/whole.ts'

const all = states()

/** What a phone of 390 × 844 shows of a card, beside and between the bars of Teams. */
const phone = { width: 320, height: 690 }
/** Requests of one page without votes: each vote adds a line or two. */
const onePage = ['channel', 'channel-half', 'channel-plain', 'review', 'review-high']

test.each(all)('$title: every element, property and value is known to Teams', ({ card }) => {
  expect(complaints(card)).toEqual([])
})

/** A picture without its tags, and what it says. */
const readIn = (html: string): string =>
  html
    .replace(/<style>[^]*?<\/style>/, '')
    .replaceAll('<br>', '\n')
    .replaceAll(/<[^>]*>/g, '\u0000')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))

test.each(slackStates())(
  '$title: the picture has every text in order, as text alone, and says whose it is',
  (state) => {
    const html = slackHtml(state.drawn)
    let rest = readIn(html)
    const own = 'type' in state.drawn ? textsIn({ ...state.drawn, close: null, submit: null }) : textsIn(state.drawn)
    for (const text of own) {
      expect(rest).toContain(text)
      rest = rest.slice(rest.indexOf(text) + text.length)
    }
    expect(rest).toContain(ours)
    expect(html).not.toMatch(/<(?:script|img|a)\b/i)
  },
)

describe('in a browser', () => {
  let gallery: Gallery
  beforeAll(async () => {
    gallery = await openGallery({ scale: measuringScale })
  })
  afterAll(() => gallery?.close())

  /** One of each kind in `npm test`. `npm run trial -- cards` measures each card in all themes. */
  const measured = someOf(all, ({ name }) => name.split('-')[0])

  test.each(themes)('every text can be read in a third of the cards: $name', async (theme) => {
    const some = measured.filter((_state, i) => themes[i % themes.length] === theme)
    expect(await faintIn(gallery, some, theme)).toEqual([])
  })

  // Fonts and spacing are the same in every theme, and only this one has borders, which leave texts less room.
  test.each(someOf(widths.toSorted((a, b) => a - b)))('no text is cut off: %i px', async (width) => {
    const theme = themes.find(({ name }) => name === 'contrast')
    if (!theme) throw new Error('There is no theme with borders.')
    await gallery.hang(all, theme, width)
    const found = await gallery.cutOff()
    expect(all.map(({ name }, i) => ({ name, cutOff: found[i] }))).toEqual(
      all.map(({ name }) => ({ name, cutOff: [] })),
    )
  })

  test('a request of one page fits the screen of a phone, with its buttons', async () => {
    const one = all.filter(({ name }) => onePage.includes(name))
    expect(one).toHaveLength(onePage.length)
    const [light] = themes
    if (light) await gallery.hang(one, light, phone.width)
    const found = await gallery.heights()
    expect(one.filter((_state, i) => (found[i] ?? 0) > phone.height).map(({ name }) => name)).toEqual([])
    expect(found.every((height) => height > 300)).toBe(true)
  })

  test('every text of Slack can be read and none is cut off, at the narrowest width', async () => {
    const [light] = themes
    if (!light) throw new Error('There is no theme.')
    const inSlack = slackStates().map(({ name, drawn }) => ({ name, html: slackHtml(drawn) }))
    expect(await faintIn(gallery, inSlack, light)).toEqual([])
    expect((await gallery.cutOff()).flat()).toEqual([])
  })

  test('a faint or cut-off text is found', async () => {
    const [light] = themes
    const body = [
      { type: 'TextBlock', text: 'faint', color: 'Good' },
      { type: 'TextBlock', text: 'long'.repeat(50) },
    ]
    if (light) await gallery.hang([{ card: { type: 'AdaptiveCard', version: '1.5', body } }], light, 320)
    expect((await gallery.contrasts(0))[0]).toEqual({ text: 'faint', ratio: expect.closeTo(2, 0) })
    expect(await gallery.cutOff()).toEqual([['long'.repeat(50)]])
  })
})
