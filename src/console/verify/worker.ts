import { parseDay, type Day } from '../../core/data/day.ts'
import { Problem } from '../../core/data/problem.ts'
import { instant } from '../../core/data/instant.ts'
import { cosignaturesName, readWitnessKey } from '../../core/log/cosignature.ts'
import { spkiFromPem } from '../../core/log/signature.ts'
import { verdictOnBundle, withKept } from '../../verdict/bundle.ts'
import { withAllCosigned, withCosigned } from '../../verdict/cosigned.ts'
import { describeKept, readFirst } from '../../verdict/ends.ts'
import { kindsIn, noExceptions } from '../../verdict/exceptions.ts'
import { verdictOnProof } from '../../verdict/proof.ts'
import { verdictOnSeries } from '../../verdict/series.ts'
import type { EvidenceVerdict } from '../../verdict/verdict.ts'
import { verifyBundle } from '../../verify/bundle.ts'
import type { WitnessDemand } from '../../verify/cosigned.ts'
import { Unreadable } from '../../verify/finding.ts'
import { keptCheckpointsIn } from '../../verify/keptCheckpoints.ts'
import { verifySeries } from '../../verify/series.ts'
import type { KnownEnds } from '../../verify/seriesEnds.ts'
import { pieceOf } from './given.ts'
import { lend } from './node/fs.ts'
import { teller, words } from './words.ts'
import type { News, Progress, Task, TaskAnswers, TaskFailure, Work, WorkVerdict } from './work.ts'

/** Does what a page asks for, in a worker: it has no network, and ends when the page ends it. */
export function serve(): void {
  self.addEventListener('message', ({ data }: MessageEvent<Task>) => {
    done(data).then(
      (answer) => say({ kind: 'answer', answer }),
      (cause: unknown) => say({ kind: 'answer', answer: failed(cause) }),
    )
  })
  // An error in what the zip library calls back is none of the work's: without this the page would wait for ever.
  self.addEventListener('unhandledrejection', ({ reason }) => say({ kind: 'answer', answer: failed(reason) }))
}

const say = (news: News): void => self.postMessage(news, {})

function failed(cause: unknown): TaskFailure {
  if (cause instanceof Unreadable) return { kind: 'unreadable', words: cause.message }
  return { kind: 'fault', words: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }
}

async function done(task: Task): Promise<TaskAnswers[keyof TaskAnswers]> {
  if (task.kind === 'verify') return carryOut(task.work)
  if (task.kind === 'sort') return Promise.all(task.files.map(pieceOf))
  const { proven, ...verdict } = verdictOnProof(task.proof, keysIn(task.keys))
  return { ...verdict, ...(proven && { leaf: proven.leaf }) }
}

const keysIn = (pems: readonly string[]): readonly Uint8Array[] =>
  pems.map((pem) => spkiFromPem(pem) ?? refuse(words.notKey(words.theKey)))

/** `null` if no witness has to have cosigned. @throws {Unreadable} */
function demandOf({ witnesses }: Work): WitnessDemand | null {
  const keys = witnesses.map((given) => {
    const key = readWitnessKey(given)
    return typeof key === 'string' ? refuse(words.notWitness) : key
  })
  return keys.length > 0 ? { keys, now: instant(Date.now()) } : null
}

async function carryOut(work: Work): Promise<WorkVerdict> {
  const keys = keysIn(work.keys)
  const ends = endsIn(work)
  const demand = demandOf(work)
  lentUnder(work.cosigned, cosignedName)
  const { from, through, first } = ends
  const isAlone = work.bundles.length === 1 && work.said.length < 2
  if (isAlone && from === undefined && through === undefined && first === undefined) {
    const names = lentUnder(work.bundles, ({ name }) => name)
    const [name = ''] = names
    const [said] = lentUnder(work.said, () => 'said')
    const verdict = await onBundle(name, { work, keys, ends, demand, said })
    return { kind: 'verdict', verdict, names, unused: [] }
  }
  const names = lentUnder(work.bundles, bundleName)
  const said = lentUnder(work.said, saidName)
  const { verdict, dates } = await onSeries(names.length, { work, keys, ends, demand })
  const unused = said.filter((one) => !dates.some((date) => one === `said-${date}.jsonl`))
  return { kind: 'verdict', verdict, names, unused: 'problem' in verdict.record ? [] : unused }
}

interface Verifying {
  readonly work: Work
  readonly keys: readonly Uint8Array[]
  readonly ends: KnownEnds
  readonly demand: WitnessDemand | null
}

async function onBundle(
  name: string,
  { work, keys, ends, demand, said }: Verifying & { readonly said: string | undefined },
): Promise<EvidenceVerdict> {
  const progress = paced({ file: name, place: 0, files: 1 })
  const kept = withKept(await verifyBundle(name, { keys, said, progress }), ends)
  const verdict = await withCosigned(kept, name, demand)
  const kinds = verdict.problem ? noExceptions : await kindsIn([name])
  const told = verdictOnBundle(verdict, { teller, kinds, allowUnexplained: work.allowUnexplained })
  return verdict.problem ? told : { ...told, lines: [...told.lines, ...describeKept(ends.checkpoints ?? [])] }
}

async function onSeries(files: number, { work: { allowUnexplained }, keys, ends, demand }: Verifying) {
  let progress = paced({ file: '', place: 0, files })
  const verified = await verifySeries('', {
    ...{ keys, ends, allowUnexplained },
    started: (file, place) => {
      progress = paced({ file, place, files })
    },
    progress: (done, of) => progress(done, of),
  })
  const verdict = await withAllCosigned(verified, '', demand)
  const kinds = verdict.problem ? noExceptions : await kindsIn(verdict.bundles.map(({ file }) => file))
  const dates = verdict.bundles.map(({ manifest }) => manifest.date)
  return { verdict: verdictOnSeries(verdict, { teller, ends, kinds }), dates }
}

/** Milliseconds between two messages about progress: more would only keep the page busy. */
const pace = 100

/** Tells the progress in one file, at its begin and then at a pace. */
function paced(about: Pick<Progress, 'file' | 'place' | 'files'>): (done: number, of: number) => void {
  let next = 0
  const tell = (done: number, of: number): void => {
    const now = performance.now()
    if (now < next) return
    next = now + pace
    say({ kind: 'progress', progress: { ...about, done, of } })
  }
  tell(0, 0)
  return tell
}

/** @throws {Unreadable} naming the field and the rule */
function endsIn({ from, through, first, checkpoints }: Work): KnownEnds {
  const begin = dayIn(from, words.from)
  const end = dayIn(through, words.through)
  if (begin !== undefined && end !== undefined && begin > end) refuse(words.wrongOrder)
  return {
    ...{ from: begin, through: end },
    first: first === '' ? undefined : (readFirst(first) ?? refuse(words.wrongFirst(first))),
    checkpoints: checkpoints.flatMap(({ name, text, sizes: [least, greatest] = [0, Infinity] }) =>
      keptCheckpointsIn(text, name).filter(({ size }) => size >= least && size <= greatest),
    ),
  }
}

function dayIn(given: string, field: string): Day | undefined {
  try {
    return given === '' ? undefined : parseDay(given)
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    return refuse(words.wrongDay(field, given))
  }
}

function refuse(what: string): never {
  throw new Unreadable(what)
}

/** Lends files to the verifier, each under a name of its own. */
function lentUnder(files: readonly File[], nameOf: (file: File) => string): readonly string[] {
  const taken = new Set<string>()
  return files.map((file) => {
    const name = nameOf(file)
    let free = name
    for (let i = 2; taken.has(free); i++) free = name.replace(/(\.[a-z]+)?$/, ` (${i})$1`)
    taken.add(free)
    lend(free, file)
    return free
  })
}

/** The name by which the verifier of a series finds bundles in a folder. */
const bundleName = ({ name }: File): string =>
  /^countersign-evidence-.*\.zip$/.test(name) ? name : `countersign-evidence-${name.replace(/\.zip$/i, '')}.zip`

/** The name by which it finds cosignatures. A browser may have added a number to it. */
function cosignedName({ name }: File): string {
  const date = /\d{4}-\d\d-\d\d/.exec(name)?.[0]
  return date === undefined ? refuse(words.unnamedCosigned(name)) : cosignaturesName(date as Day)
}

/** The name by which it finds said files. A browser may have added a number to it. */
function saidName({ name }: File): string {
  const date = /\d{4}-\d\d-\d\d/.exec(name)?.[0]
  return date === undefined ? refuse(words.unnamedSaid(name)) : `said-${date}.jsonl`
}
