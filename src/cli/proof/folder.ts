import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Broken } from '../../core/data/broken.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { verdictOnProof } from '../../verdict/proof.ts'
import type { Proven } from '../../verify/proof.ts'
import { checkProofs, type ProofFile, type ProvenRequest, together } from '../../verify/provenRequest.ts'
import { accountOf } from '../account.ts'
import { orBroken, readKeys, readText } from '../evidence.ts'
import { exits } from '../exit.ts'
import type { Line } from '../layout.ts'
import type { Result } from '../result.ts'
import type { Offline } from '../session.ts'
import { completeness, proofPage } from './page.ts'

/** The disclosed texts, in the form of a said file. */
export const textsName = 'texts.jsonl'

export const pageName = 'index.html'

/** Verifies one proof by itself, or all of a folder together. */
export async function verifyProof({ options }: Offline): Promise<Result> {
  const keys = readKeys(options)
  const [path = ''] = options.about
  if (isFolder(path)) return orBroken(() => verifyFolder(path, keys))
  const { proven, ...verdict } = verdictOnProof(readText(path), keys)
  if (!proven) return verdict
  const event = JSON.parse(proven.leaf) as JsonObject
  return { ...verdict, lines: [...verdict.lines, ['event', event]], record: { ...verdict.record, event } }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

async function verifyFolder(folder: string, keys: readonly Uint8Array[]): Promise<Result> {
  const names = readdirSync(folder).toSorted()
  const proofs = names.filter((name) => name.endsWith('.tlog-proof'))
  const others = names.filter((name) => ![...proofs, textsName, pageName].includes(name))
  const files = proofs.map((name): ProofFile => ({ name, text: readText(join(folder, name)) }))
  const lines = names.includes(textsName) ? readText(join(folder, textsName)) : ''
  const proven = await checkProofs(files, source(lines), keys)
  const page = names.includes(pageName) ? checkPage(readText(join(folder, pageName)), proofPage(proven)) : null
  const notChecked = [...others, ...(page === 'another version' ? [pageName] : [])]
  return resultOf(proven, notChecked)
}

/** Describes proofs as the verifier will. @param lines of disclosed texts */
export async function storyPage(proofs: readonly Proven[], lines: string): Promise<string> {
  return proofPage(await together(proofs, source(lines)))
}

async function* source(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

/**
 * Compares the page with the one that this program makes of what it verified.
 *
 * @throws {Broken} `bad-proof` if this version made it, and it says something else
 */
function checkPage(page: string, made: string): 'same' | 'another version' {
  if (page === made) return 'same'
  if (generatorOf(page) !== generatorOf(made)) return 'another version'
  throw new Broken('bad-proof', `${pageName} does not say what the proofs and texts beside it say.`)
}

const generatorOf = (page: string): string | undefined => /<meta name="generator" content="([^"]*)">/.exec(page)?.[1]

function resultOf(proven: ProvenRequest, notChecked: readonly string[]): Result {
  const { request, log, story, ended, texts } = proven
  const { verb, state, steps } = accountOf(story)
  const lines: readonly Line[] = [
    ['VERIFIED', `the log has these ${steps.length} events, and the rules lead from each to the next`],
    ['request', `${request}: ${verb}, ${state}`],
    ['log', `${log.origin}, size ${log.size}`],
    ['root', log.root],
    ...story.events.flatMap(({ index, texts: said = [] }, i): readonly Line[] => {
      const { at, who, what } = steps[i] ?? { at: '', who: '', what: '' }
      return [[`index ${index}`, `${at} ${who} ${what}`], ...said.map(({ name, text }): Line => [name, text])]
    }),
    ['texts', `${texts} disclosed`],
    ['complete', completeness(ended)],
    ...(notChecked.length === 0 ? [] : [['NOT checked', notChecked.join(', ')] as const]),
  ]
  const events = story.events.map(
    ({ index, event, texts: said = [] }): JsonObject => ({
      ...{ index, event: event as unknown as JsonObject },
      texts: Object.fromEntries(said.map(({ name, text }) => [name, text])),
    }),
  )
  const record = { ...{ exit: exits.ok, ok: true, request, ...log, state, ended }, events, notChecked: [...notChecked] }
  return { exit: exits.ok, lines, to: 'stdout', record }
}

/** Says which texts of which events are disclosed. */
export const disclosure = (texts: readonly { readonly index: number; readonly name: string }[]): string =>
  texts.map(({ index, name }) => `${name} of log index ${index}`).join(', ')
