import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Broken } from '../../core/data/broken.ts'
import { type RequestId, parseRequestId } from '../../core/data/id.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { type Absence, absencesIn } from '../../verify/absence.ts'
import { type ChosenText, textsOf } from '../../verify/chosenTexts.ts'
import { type EventProof, proofsIn } from '../../verify/proof.ts'
import { textNames } from '../../verify/saidReader.ts'
import { proofName } from '../../verify/provenRequest.ts'
import { verdictOnBundle } from '../../verdict/bundle.ts'
import { noEvents, orBroken, readable, teller } from '../evidence.ts'
import { Exit, exits } from '../exit.ts'
import { namesIn } from '../options.ts'
import type { Line } from '../layout.ts'
import type { Result } from '../result.ts'
import type { Offline } from '../session.ts'
import { allowsUnexplained, verifyFile } from '../verify.ts'
import { disclosure, pageName, storyPage, textsName } from './folder.ts'

/** Writes proofs of a request's events, and texts that are chosen. With `--key`, verifies the bundle first. */
export async function prove(session: Offline, script: string): Promise<Result> {
  const { options } = session
  const [file = ''] = options.about
  const id = parseRequestId(options.id)
  const out = options.one('out')
  const [said, names] = [options.many('said'), namesIn(options)]
  if (said.length > 0 && out === undefined)
    throw new Exit(exits.usage, '--said: give --out FOLDER, in which the texts are written beside the proofs.')
  if (names.length > 0 && said.length === 0) throw new Exit(exits.usage, '--names: give --said FILE, which has texts.')
  if (options.many('key').length > 0) {
    const verdict = await verifyFile(session, file, script, { said: undefined })
    if (verdict.problem) return verdictOnBundle(verdict, { teller })
  }
  const allows = allowsUnexplained(options)
  return orBroken(async () => {
    const proofs = await readable(() => proofsIn(file, id))
    if (proofs.length === 0) throw noEvents(file, id)
    if (out === undefined) return shown(proofs)
    return written(proofs, said.length === 0 ? nothing : await chosen(said, names, proofs, allows), id, out)
  })
}

/** What is disclosed, and what is missing of it. */
interface Disclosure {
  readonly texts: readonly ChosenText[]
  readonly absences: readonly Absence[]
}

const nothing: Disclosure = { texts: [], absences: [] }

/**
 * Chooses the texts of these names.
 *
 * @param allows whether texts may be missing although no record explains it
 * @throws {Exit} 78 without names, or for one that no text has, with those that there are
 * @throws {Broken} `unexplained` for a text that is missing
 */
async function chosen(
  said: readonly string[],
  names: readonly string[],
  proofs: readonly EventProof[],
  allows: boolean,
): Promise<Disclosure> {
  const events = new Map(proofs.map(({ index, event }) => [index, event]))
  const texts = await readable(() => textsOf(said, events))
  const known = [...new Set(texts.map(({ name }) => name))].toSorted()
  const there = known.length === 0 ? 'no text of this request is there' : `there are ${known.join(', ')}`
  if (names.length === 0) throw new Exit(exits.usage, `--names is missing: which texts are disclosed? ${there}.`)
  const committed = proofs.flatMap(({ event }) => textNames(event))
  const unknown = names.find((name) => !committed.includes(name))
  if (unknown !== undefined) throw new Exit(exits.usage, `--names: no text is called "${unknown}": ${there}.`)
  const given = proofs.map(({ index, event }) => ({
    index,
    event,
    texts: texts.filter((text) => text.index === index),
  }))
  const absences = absencesIn(given).filter(({ name }) => names.includes(name))
  const unexplained = absences.find(({ erased }) => erased === undefined)
  if (unexplained && !allows)
    throw new Broken(
      'unexplained',
      `“${unexplained.name}” of log index ${unexplained.index} is not in the said files, and no record up to this day says that it ` +
        'was erased. Give the said file of each day on which the request had events, or disclose the rest with --allow-unexplained.',
    )
  return { texts: texts.filter(({ name }) => names.includes(name)), absences }
}

function shown(proofs: readonly EventProof[]): Result {
  const [proof, more] = proofs
  if (!proof || more)
    throw new Exit(exits.usage, `The bundle has ${proofs.length} events of this request: give --out FOLDER.`)
  return { exit: exits.ok, lines: [], text: proof.text, to: 'stdout', record: recordOf([{ ...proof, file: null }]) }
}

async function written(
  proofs: readonly EventProof[],
  { texts, absences }: Disclosure,
  id: RequestId,
  folder: string,
): Promise<Result> {
  const named = proofs.map((proof) => ({ ...proof, name: proofName(id, proof.event.seq) }))
  const lines = texts.map(({ line }) => `${line}\n`).join('')
  const page = await storyPage(named, lines)
  const files = [
    ...named.map(({ name, text }) => ({ name, text })),
    ...(texts.length > 0 ? [{ name: textsName, text: lines }] : []),
    { name: pageName, text: page },
  ]
  writeAll(folder, files)
  const proved = named.map((proof) => ({ ...proof, file: join(folder, proof.name) }))
  return {
    exit: exits.ok,
    lines: [
      ...proved.map(({ file, event }) => [event.type, file] as const),
      ...(texts.length > 0 ? [['texts', `${join(folder, textsName)}: ${disclosure(texts)}`] as const] : []),
      ...absences.map(({ index, name, erased }): Line => {
        const why = erased === undefined ? 'missing, and no record explains it' : `erased, as log index ${erased} says`
        return ['not disclosed', `${name} of log index ${index}: ${why}`]
      }),
      ['page', join(folder, pageName)],
      ['next', `countersign verify-proof ${folder} --key LOG.pem`],
    ],
    to: 'stdout',
    record: {
      ...recordOf(proved),
      page: join(folder, pageName),
      texts: texts.map(({ index, name }) => ({ index, name })),
      missing: absences.map((one) => ({ ...one })),
    },
  }
}

/** @throws {Exit} 78 for a folder with other files, which would be verified with these, and pass for a part of them */
function writeAll(folder: string, files: readonly { readonly name: string; readonly text: string }[]): void {
  try {
    mkdirSync(folder, { recursive: true })
    const others = readdirSync(folder).filter((name) => !files.some((file) => file.name === name))
    if (others.length > 0)
      throw new Exit(exits.usage, `--out: ${folder} holds other files (${others[0]}): name a folder of its own.`)
    for (const { name, text } of files) writeFileSync(join(folder, name), text)
  } catch (cause) {
    if (cause instanceof Exit) throw cause
    throw new Exit(exits.usage, `--out: ${folder} cannot be written.`)
  }
}

const recordOf = (proofs: readonly (EventProof & { readonly file: string | null })[]): JsonObject => ({
  exit: exits.ok,
  proofs: proofs.map(({ index, event: { seq, type }, file, text }) => ({
    ...{ index, seq, type },
    ...(file === null ? { text } : { file }),
  })),
})
