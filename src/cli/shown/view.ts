import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../../package.json'
import { parseRequestId } from '../../core/data/id.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { textsOf } from '../../verify/chosenTexts.ts'
import { withEditions } from '../../verify/edition.ts'
import { proofsIn } from '../../verify/proof.ts'
import { together, type ProvenRequest } from '../../verify/provenRequest.ts'
import { verdictOnBundle } from '../../verdict/bundle.ts'
import { noEvents, orBroken, readable, teller } from '../evidence.ts'
import { Exit, exits } from '../exit.ts'
import { escaped, listOf, pageEnd, pageHead, shown } from '../html.ts'
import type { Line } from '../layout.ts'
import { redrawer } from '../policy.ts'
import type { Result } from '../result.ts'
import type { Offline } from '../session.ts'
import { verifyFile } from '../verify.ts'
import { cardHtml } from './cardHtml.ts'
import { type ShownView, viewsOf } from './views.ts'

/** Draws again what approvers were shown of a request, and writes it as cards and as pages. */
export async function view(session: Offline, script: string): Promise<Result> {
  const { options } = session
  const [file = ''] = options.about
  const out = options.one('out') ?? ''
  const redraw = redrawer(script)
  if (options.many('key').length > 0) {
    const verdict = await verifyFile(session, file, script, { said: undefined })
    if (verdict.problem) return verdictOnBundle(verdict, { teller })
  }
  return orBroken(async () => {
    const proven = await readable(() => storyIn(file, options.id, options.many('said')))
    const views: ShownView[] = []
    await readable(() =>
      withEditions(file, async (editions) => {
        for await (const one of viewsOf({ editions, redraw }, proven.story.events)) views.push(one)
      }),
    )
    if (views.length === 0)
      throw new Exit(exits.usage, `No approver was shown request ${options.id} up to this day: ${stateOf(proven)}.`)
    const names = namesIn(proven)
    const written = writeAll(
      out,
      views.map((one) => ({ ...filesOf(one, proven, names), view: one })),
    )
    const isVerified = options.many('key').length > 0
    return resultOf(written, proven, { names, isVerified })
  })
}

/** Reads the events of a request with their texts. @throws {Exit} 78 if the bundle has none */
async function storyIn(file: string, request: string, said: readonly string[]): Promise<ProvenRequest> {
  const id = parseRequestId(request)
  const proofs = await proofsIn(file, id)
  if (proofs.length === 0) throw noEvents(file, id)
  const texts = await textsOf(said, new Map(proofs.map(({ index, event }) => [index, event])))
  return together(proofs, source(texts.map(({ line }) => `${line}\n`).join('')))
}

async function* source(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

const stateOf = ({ story: { life } }: ProvenRequest): string => `it is ${life.request.status}`

/** The names of people, as the texts tell. */
function namesIn({ story }: ProvenRequest): (id: string) => string {
  const names = new Map<string, string>()
  for (const { event, texts = [] } of story.events) {
    const name = texts.find((text) => text.name === 'name')?.text
    if (name !== undefined && 'id' in event.actor) names.set(event.actor.id, name)
  }
  return (id) => (names.has(id) ? `${names.get(id)} (${id})` : id)
}

interface ViewFile {
  readonly name: string
  readonly text: string
}

/** Makes the files of a view; none for one that cannot be drawn. */
function filesOf(
  { event, drawn }: ShownView,
  { request }: ProvenRequest,
  names: (id: string) => string,
): { readonly files: readonly ViewFile[] } {
  if (typeof drawn === 'string') return { files: [] }
  const { at, seq, data, actor } = event
  const who = names('id' in actor ? actor.id : '')
  const page = `${pageHead(`Countersign: request ${request}, event ${seq}`)}<h1>What an approver was shown</h1>
${listOf([
  ['request', request],
  ['shown to', who],
  ['at', at],
  ['page', `${data.page} of ${data.pages}`],
  ['view', `${data.view}, computed again from the recorded content, template and warnings`],
  ['template', data.template],
  ['drawn by', `countersign ${version}; times are in UTC, and buttons do nothing`],
])}${drawn.notes.map((note) => `<p class="odd">${shown(note)}</p>\n`).join('')}${cardHtml(drawn.card)}
${pageEnd}`
  return {
    files: [
      { name: `${escaped(request)}-${seq}.card.json`, text: `${JSON.stringify(drawn.card, null, 2)}\n` },
      { name: `${escaped(request)}-${seq}.html`, text: page },
    ],
  }
}

interface WrittenView {
  readonly view: ShownView
  readonly files: readonly ViewFile[]
  readonly paths: readonly string[]
}

/** @throws {Exit} 78 if the folder cannot be written */
function writeAll(folder: string, views: readonly Omit<WrittenView, 'paths'>[]): readonly WrittenView[] {
  try {
    mkdirSync(folder, { recursive: true })
    return views.map((one) => {
      for (const { name, text } of one.files) writeFileSync(join(folder, name), text)
      return { ...one, paths: one.files.map(({ name }) => join(folder, name)) }
    })
  } catch {
    throw new Exit(exits.usage, `--out: ${folder} cannot be written.`)
  }
}

/** A view that cannot be drawn makes the exit code 2: the recorded facts hold, and the drawing is missing. */
function resultOf(
  views: readonly WrittenView[],
  { request }: ProvenRequest,
  { names, isVerified }: { readonly names: (id: string) => string; readonly isVerified: boolean },
): Result {
  const exit = views.some(({ view: { drawn } }) => typeof drawn === 'string') ? exits.unreadable : exits.ok
  const lines = views.flatMap(({ view: { event, drawn }, paths }): readonly Line[] => [
    ['shown', `${event.at} to ${names('id' in event.actor ? event.actor.id : '')}`],
    ['', `page ${event.data.page} of ${event.data.pages} of view ${event.data.view}`],
    ...(typeof drawn === 'string' ? [['NOT DRAWN', drawn] as const] : drawn.notes.map((note): Line => ['but', note])),
    ...paths.map((path): Line => ['file', path]),
  ])
  const unverified: readonly Line[] = isVerified ? [] : [['not verified', 'the bundle itself: give --key LOG.pem']]
  const record = views.map(({ view: { event, drawn }, paths }): JsonObject => {
    const { at, seq, actor, data } = event
    const more = typeof drawn === 'string' ? { undrawn: drawn } : { notes: [...drawn.notes], files: [...paths] }
    return {
      at,
      seq,
      approver: 'id' in actor ? actor.id : '',
      page: data.page,
      pages: data.pages,
      view: data.view,
      ...more,
    }
  })
  const verified = { request, verified: isVerified }
  return { exit, lines: [...lines, ...unverified], to: 'stdout', record: { exit, ...verified, views: record } }
}
