import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Broken } from '../core/data/broken.ts'
import { type RequestId, parseRequestId } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import { checkProof, type EventProof, proofsIn } from '../verify/proof.ts'
import { describeFinding, exitOfFinding, readable, readKeys, readText } from './evidence.ts'
import { Exit, exits } from './exit.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'
import { resultOfVerdict, verifyFile } from './verify.ts'

/** Writes proofs of a request's events. With `--key`, verifies the bundle first. */
export async function prove(session: Offline, script: string): Promise<Result> {
  const { options } = session
  const [file = ''] = options.about
  const id = parseRequestId(options.id)
  const out = options.one('out')
  if (options.many('key').length > 0) {
    const verdict = await verifyFile(session, file, script)
    if (verdict.problem) return resultOfVerdict(verdict)
  }
  return orBroken(async () => {
    const proofs = await readable(() => proofsIn(file, id))
    if (proofs.length === 0) throw new Exit(exits.usage, `${file} has no event of request ${id}.`)
    return out === undefined ? shown(proofs) : written(proofs, id, out)
  })
}

function shown(proofs: readonly EventProof[]): Result {
  const [proof, more] = proofs
  if (!proof || more)
    throw new Exit(exits.usage, `The bundle has ${proofs.length} events of this request: give --out FOLDER.`)
  return { exit: exits.ok, lines: [], text: proof.text, to: 'stdout', record: recordOf([{ ...proof, file: null }]) }
}

function written(proofs: readonly EventProof[], id: RequestId, folder: string): Result {
  const files = proofs.map((proof) => ({ ...proof, file: join(folder, `${id}-${proof.event.seq}.tlog-proof`) }))
  try {
    mkdirSync(folder, { recursive: true })
    for (const { file, text } of files) writeFileSync(file, text)
  } catch {
    throw new Exit(exits.usage, `--out: ${folder} cannot be written.`)
  }
  const lines = files.map(({ file, event }) => [event.type, file] as const)
  return { exit: exits.ok, lines, to: 'stdout', record: recordOf(files) }
}

const recordOf = (proofs: readonly (EventProof & { readonly file: string | null })[]): JsonObject => ({
  exit: exits.ok,
  proofs: proofs.map(({ index, event: { seq, type }, file, text }) => ({
    ...{ index, seq, type },
    ...(file === null ? { text } : { file }),
  })),
})

/** Verifies one proof by itself. */
export async function verifyProof({ options }: Offline): Promise<Result> {
  const keys = readKeys(options)
  const [file = ''] = options.about
  const text = readText(file)
  return orBroken(async () => {
    const { index, leaf, origin, size } = checkProof(text, keys)
    const lines = [
      ['VERIFIED', 'the log has this event'] as const,
      ['log', origin] as const,
      ['index', `${index} of ${size}`] as const,
      ['event', JSON.parse(leaf) as JsonObject] as const,
    ]
    const record = { exit: exits.ok, ok: true, origin, index, size, event: JSON.parse(leaf) as JsonObject }
    return { exit: exits.ok, lines, to: 'stdout', record }
  })
}

async function orBroken(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    const { code, message } = cause
    const exit = exitOfFinding(cause)
    const lines = describeFinding({ code, words: message })
    return { exit, lines, to: 'stderr', record: { exit, ok: false, problem: { code, message } } }
  }
}
