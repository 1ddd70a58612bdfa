import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Misuse, program } from '../program.ts'
import { type Hung, openGallery } from './gallery.ts'
import { faintIn, measuringScale } from './legible.ts'
import { payloads } from './payloads.ts'
import { slackHtml } from './slackPage.ts'
import { slackStates } from './slackStates.ts'
import { states } from './states.ts'
import { themes, widths } from './themes.ts'

const help = `Draws every card in every theme and width with Microsoft's renderer in Chromium, and every message and modal of
Slack with a renderer of our own, which says so in each picture. Writes an index page, and measures the contrast of every text in every theme. Fails if a text is hard to read or cut off.

  --out DIR     the folder of the pictures (dist/cards-pictures)
  --only TEXT   only states whose name contains this text
  --scale N     device pixels to a CSS pixel (2)
  --docs DIR    only draws the pictures of the documents, into this folder: docs/pictures
`

/** What people may see, in Teams and in Slack. Messages of Slack look the same in every theme. */
type Seen = Hung & { readonly name: string; readonly title: string }

const everything = (): readonly Seen[] => [
  ...states(),
  ...slackStates().map(({ name, title, drawn }) => ({ name, title, html: slackHtml(drawn) })),
]

interface Values {
  readonly out: string
  readonly only: string
  readonly scale: string
  readonly docs?: string | undefined
}

async function run(values: Values): Promise<number> {
  if (values.docs !== undefined) return drawDocs(resolve(values.docs))
  const scale = Number(values.scale)
  if (!(scale >= 1 && scale <= 4)) throw new Misuse('--scale takes a number from 1 to 4.')
  const shown = everything().filter(({ name }) => name.includes(values.only))
  if (shown.length === 0) throw new Misuse(`No state's name has “${values.only}”.`)
  const out = resolve(values.out)
  await mkdir(out, { recursive: true })
  const gallery = await openGallery({ scale })
  let cut = 0
  try {
    for (const theme of themes)
      for (const width of widths) {
        await gallery.hang(shown, theme, width)
        for (const [i, texts] of (await gallery.cutOff()).entries())
          for (const text of texts) {
            cut++
            process.stderr.write(`${theme.name} ${width} px, ${shown[i]?.name ?? ''}: “${text}” is cut off\n`)
          }
        for (const [i, { name }] of shown.entries())
          await gallery.picture(i, join(out, pictureOf(name, theme.name, width)))
        process.stdout.write(`${theme.name} ${width} px: ${shown.length} cards\n`)
      }
  } finally {
    await gallery.close()
  }
  await writeFile(join(out, 'index.html'), index(shown))
  process.stdout.write(`${join(out, 'index.html')}\n`)
  return Math.max(await measure(shown), cut === 0 ? 0 : 1)
}

/** States that the documents show, beside the payloads. */
const documented = ['talk-answered', 'talk-side', 'glass-broken', 'slack-message', 'slack-modal', 'slack-form']

/** Draws the pictures of the documents in the light theme, as wide as a card in a channel. */
async function drawDocs(folder: string): Promise<number> {
  const names = new Set([...payloads.map(({ name }) => name), ...documented])
  const shown = everything().filter(({ name }) => names.has(name))
  const [theme] = themes
  if (!theme) throw new Error('There is no theme.')
  const width = 480
  const gallery = await openGallery({ scale: 1 })
  try {
    await gallery.hang(shown, theme, width)
    for (const [i, { name }] of shown.entries()) await gallery.picture(i, join(folder, `${name}.png`))
  } finally {
    await gallery.close()
  }
  process.stdout.write(`${shown.length} pictures in ${folder}\n`)
  return 0
}

/** @returns 1 if a text is hard to read, which is then printed */
async function measure(shown: readonly Seen[]): Promise<number> {
  const gallery = await openGallery({ scale: measuringScale })
  try {
    let count = 0
    for (const theme of themes)
      for (const { name, text, ratio } of await faintIn(gallery, shown, theme)) {
        count++
        process.stderr.write(`${theme.name}, ${name}: the contrast of “${text}” is ${ratio.toFixed(2)}\n`)
      }
    process.stdout.write(`${count} of the texts are hard to read (WCAG 2.2, 1.4.3)\n`)
    return count === 0 ? 0 : 1
  } finally {
    await gallery.close()
  }
}

const pictureOf = (state: string, theme: string, width: number): string => `${state}-${theme}-${width}.png`

/** Writes the index page: one row a state, with its pictures side by side. */
function index(shown: readonly Seen[]): string {
  const rows = shown.map(({ name, title }) => {
    const pictures = themes.flatMap((theme) =>
      widths.map((width) => {
        const file = pictureOf(name, theme.name, width)
        return `<figure><img src="${file}" width="${width / 2}" alt="${title}, ${theme.name}, ${width} px"><figcaption>${theme.name} ${width}</figcaption></figure>`
      }),
    )
    return `<h2 id="${name}">${title}</h2><div>${pictures.join('')}</div>`
  })
  const css = 'body{font-family:sans-serif;background:#888}div{display:flex;gap:12px;align-items:start}figure{margin:0}'
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Cards</title><style>${css}</style>${rows.join('\n')}</html>\n`
}

program({
  name: 'cards',
  help,
  options: {
    out: { type: 'string', default: 'dist/cards-pictures' },
    only: { type: 'string', default: '' },
    scale: { type: 'string', default: '2' },
    docs: { type: 'string' },
  },
  run,
})
