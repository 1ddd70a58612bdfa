import { type ChangeParts, recordAlone, timeOf } from '../../approvals/commit.ts'
import { type Shard, shards } from '../../core/data/id.ts'
import { type Instant, later } from '../../core/data/instant.ts'
import { thumbprintOf } from '../../core/log/signature.ts'
import { decode64 } from '../../core/data/base64.ts'
import { ChainSurvey, type Surveyed, type SurveyedRow } from '../../core/record/chainSurvey.ts'
import { policyIn, readRecord } from '../../core/record/record.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { isWholeCommit } from '../../core/record/retelling.ts'
import type { ChainHead } from '../../core/request/event.ts'
import { tamperedLog, type Tampering } from '../../core/request/tampering.ts'
import { Conflict, type KeptEvent, type Ledger, type Loaded } from '../../ports/ledger.ts'
import type { BegunRepair, Repairs, SurveyedHead } from '../../ports/repairs.ts'
import { backward } from './backward.ts'
import type { KnownChain } from './known.ts'
import { lostEvent, unlawful } from './refusal.ts'

export type ChainParts = Pick<ChangeParts, 'clock' | 'policy' | 'random' | 'backOff'> & {
  readonly ledger: Ledger
  readonly repairs: Repairs
}

/** The result of the repair of a chain. */
export interface RepairedChain extends BegunRepair {
  /** Rows that were taken out of it. */
  readonly moved: number
  /** Numbers of events that hold again. */
  readonly mended: readonly number[]
  /** The number of the event that records it. */
  readonly recorded: number
}

/** A chain as it is stored. */
interface FoundChain extends Surveyed {
  readonly head: SurveyedHead
  /** The findings of an unfinished repair. */
  readonly begun: BegunRepair | null
}

/**
 * Makes a chain hold again: authenticates right leaves again, removes rows that belong to no event, writes the head again, and
 * records the repair. After a crash the steps are repeated, and those that are done change nothing.
 *
 * 1. **Begin**: write a row with the findings. A crash leaves it, and the next call adds its own findings.
 * 2. **Mend** rows whose leaves are right. A crash leaves some of them mended, and these hold.
 * 3. **Keep** a copy of each row that is removed. A crash leaves copies, which the next call makes again.
 * 4. **Drop** rows from the end on, if there are too many for one transaction.
 * 5. **Finish**: one transaction removes the last rows and the row of step 1, writes the head, and records the event.
 *
 * @returns `null` for a chain that holds
 * @throws {Problem} `not-repairable` if an event is lost, or if one that is known from elsewhere would be removed
 * @throws {Conflict} if a row changed meanwhile
 */
export async function repairChain(
  parts: ChainParts,
  shard: Shard,
  known: KnownChain,
  about: Omit<Tampering, 'data'> & Pick<Tampering['data'], 'client'>,
): Promise<RepairedChain | null> {
  const { repairs, ledger, clock } = parts
  const found = await chainOf(repairs, shard, known)
  if (holds(found)) return null
  const [lost] = found.lost
  if (lost) throw lostEvent(shard, lost, 'later events hold')
  checkLeast(shard, found.newest, known)
  const begun = joined(found.begun, faultOf(found))
  await repairs.begin(shard, begun)
  await repairs.mend(shard, found.mendable)
  const newest = isConfirmed(found) ? found.newest : await wholeEnd(parts, shard, found.newest)
  checkLeast(shard, newest, known)
  const rows = newest.seq === found.newest.seq ? found.tail : await rowsAfter(repairs, shard, newest.seq)
  const { client } = about
  const data = { ...joined(begun, rangeOf(rows, newest)), ...(client !== undefined && { client }) }
  const loaded = await loadedAt(parts, shard, newest, found, known)
  let recorded = 0
  const commit: Ledger['commit'] = async (loaded, change) => {
    recorded = change.leaves.find(({ type }) => type === 'tampered')?.seq ?? 0
    await repairs.finish(found.head, loaded, [...found.strays.map(({ row }) => row), ...rows], change)
  }
  await ledger.inTurn(shard, () =>
    recordAlone({ ...parts, ledger: { commit } }, loaded, [tamperedLog({ ...about, data })], timeOf(clock, loaded)),
  )
  const mended = found.mendable.flatMap(({ seq }) => seq ?? [])
  const { from, to, check } = data
  return { from, to, check, moved: found.strays.length + rows.length, mended, recorded }
}

/**
 * Surveys a chain. Commits go on meanwhile, and each moves the head. Rows and head belong together if the head is the same
 * before and after.
 *
 * @throws {Conflict} if it keeps moving
 */
async function chainOf(repairs: Repairs, shard: Shard, { sealed, least }: KnownChain): Promise<FoundChain> {
  const survey = new ChainSurvey(sealed)
  let head = await repairs.head(shard)
  for (let left = mostMoves; left > 0; left--) {
    for await (const rows of repairs.survey(shard, survey.rewind())) for (const row of rows) survey.take(row)
    const now = await repairs.head(shard)
    if (now.version === head.version) {
      const begun = await repairs.begun(shard)
      return { ...survey.end([least, ...(head.head ? [head.head] : [])]), head, begun }
    }
    head = now
  }
  throw new Conflict()
}

/** How often the head may move during a survey. Each time fewer rows are left to read. */
const mostMoves = 5

/** Whether the head confirms it: heads are only written at the ends of commits. */
const isConfirmed = ({ head: { head }, newest }: FoundChain): boolean =>
  head !== null && head.seq === newest.seq && head.hash === newest.hash

function holds(found: FoundChain): boolean {
  const { mendable, tail, strays, lost, head, newest, begun } = found
  const isUntouched = [mendable, tail, strays, lost].every((rows) => rows.length === 0) && begun === null
  const isEmpty = head.check === 'missing' && newest.seq === 0
  return isUntouched && (isEmpty || isConfirmed(found))
}

/** Names the place that does not hold. Rows come before the head. */
function faultOf(found: FoundChain): BegunRepair | null {
  const { mendable, tail, strays, head, newest } = found
  const fromStrays = strays.map(({ after }) => faultAt(Math.max(after, 1), 'form'))
  const isCut = (head.head?.seq ?? 0) > newest.seq
  const cut = head.head && isCut ? { from: newest.seq + 1, to: head.head.seq, check: 'missing' as const } : null
  const rows = [...mendable, ...tail].flatMap(({ seq, check }) => (seq === null ? [] : [faultAt(seq, check ?? 'form')]))
  const faults = [...rows, ...fromStrays, ...(cut ? [cut] : [])].sort((a, b) => a.from - b.from)
  if (faults.length > 0) return faults.reduce((a, b) => joined(a, b))
  return isConfirmed(found) ? null : faultAt(Math.max(newest.seq, 1), 'head')
}

const faultAt = (seq: number, check: BegunRepair['check']): BegunRepair => ({ from: seq, to: seq, check })

/** Authentic rows that are removed are a part of a commit whose other part is lost. */
const rangeOf = (rows: readonly SurveyedRow[], newest: ChainHead): BegunRepair | null =>
  rows.some(({ check }) => check === null)
    ? { from: newest.seq + 1, to: Math.max(newest.seq + 1, ...rows.map(({ seq }) => seq ?? 0)), check: 'missing' }
    : null

/** The first finding names the check. */
function joined(a: BegunRepair | null, b: BegunRepair | null): BegunRepair {
  const [one, other] = [a ?? b, b ?? a]
  if (!one || !other) throw new Error('A repair is about something.')
  return { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to), check: one.check }
}

function checkLeast(shard: Shard, newest: ChainHead, { least, by }: KnownChain): void {
  if (newest.seq < least.seq) throw lostEvent(shard, least, `it ${by}`)
}

async function rowsAfter(repairs: Repairs, shard: Shard, after: number): Promise<readonly SurveyedRow[]> {
  const found: SurveyedRow[] = []
  for await (const rows of repairs.survey(shard, after)) found.push(...rows.filter(({ seq }) => seq !== null))
  return found
}

/**
 * Goes back to the end of a commit. If its last events are lost, its first ones are removed, too: verifiers replay the rules
 * and would refuse half of a commit for good.
 *
 * @throws {Problem} `not-repairable` for authentic events that the rules do not give
 */
async function wholeEnd(parts: ChainParts, shard: Shard, newest: ChainHead): Promise<ChainHead> {
  const events: (KeptEvent & { readonly event: LogEvent })[] = []
  let end = newest
  for await (const page of backward(parts, shard, newest)) {
    events.unshift(...page.map((kept) => ({ ...kept, event: readRecord(kept.text) })))
    const last = events.at(-1)
    const request = last?.event.request
    if (!last || request === undefined) return end
    const isBegun = events.some(({ event }) => event.request === request && event.type === 'requested')
    if (!isBegun) continue
    while (events.length > 0) {
      const mine = events.filter(({ event }) => event.request === request)
      if (mine.length === 0 || isWholeCommit(request, mine)) return end
      const gone = events.pop()
      if (gone?.event.at !== last.event.at || gone.event.request !== request) break
      end = { seq: gone.seq - 1, hash: gone.event.prev }
    }
    throw unlawful(shard, `the events of request ${request} are authentic, and the rules do not give them.`)
  }
  return end
}

/** The state from which the chain goes on. Its time is not before recorded events, nor within a planned day. */
async function loadedAt(
  parts: ChainParts,
  shard: Shard,
  newest: ChainHead,
  { head }: FoundChain,
  { sealed, fenced }: KnownChain,
): Promise<Loaded> {
  const told = await headFacts(parts, shard, newest, sealed.seq)
  const times = [head.head?.recordedAt, told.at, fenced].filter((at): at is Instant => typeof at === 'string')
  const recordedAt = times.length === 0 ? null : times.reduce((a, b) => later(a, b))
  const { policy, logKey } = told
  return { shard, head: { ...newest, recordedAt, policy, logKey }, request: null, key: null, version: null }
}

/** Derives a head from the events, because an older head is authentic, too. */
async function headFacts(parts: ChainParts, shard: Shard, newest: ChainHead, sealed: number) {
  let at: Instant | null = null
  let policy: Loaded['head']['policy'] = null
  let logKey: string | null = null
  for await (const page of backward(parts, shard, newest))
    for (const { text } of page.toReversed()) {
      const event = readRecord(text)
      at ??= event.at
      policy ??= policyIn(event)
      // Once its day is sealed, the new key is the log's own.
      if (logKey === null && event.type === 'key-rotated' && event.seq > sealed)
        logKey = thumbprintOf(decode64(event.data.key) ?? new Uint8Array())
      if (policy !== null && (shard !== shards[0] || event.seq <= sealed + 1)) return { at, policy, logKey }
    }
  return { at, policy, logKey }
}
