import type { HealthReport } from './contract/serviceAnswers.ts'
import { endOf } from './core/data/day.ts'
import { plusSeconds } from './core/data/instant.ts'
import { type BrokenRow, isBroken } from './core/data/problem.ts'
import { sealWithin } from './core/record/lateSeal.ts'
import type { Clock } from './ports/clock.ts'
import type { Directory } from './ports/directory.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Incomplete } from './ports/ledgerMark.ts'
import type { LedgerRows } from './ports/ledgerRows.ts'
import type { Signer } from './ports/signer.ts'
import type { Archive } from './ports/archive.ts'
import type { Seals } from './ports/seals.ts'
import type { CosigningState } from './evidence/seal/cosigningState.ts'
import type { Witness } from './evidence/witness.ts'
import type { SinkState } from './sinks/sinks.ts'
import type { Macs } from './runtime/macs.ts'
import type { OpenCounts } from './approvals/backlog.ts'
import { inTime } from './runtime/deadline.ts'
import type { Waiting } from './approvals/waiting.ts'

type Part = HealthReport['status']

export type Health = (counted: boolean) => Promise<HealthReport>

/** Milliseconds that a part may take to answer before it counts as failing. */
const patience = 3000

/**
 * Milliseconds for which a report is reused, so that callers without a token cannot make this service call others
 * often.
 */
const remembered = 5_000

/** Seconds after the end of the newest sealed day. By then the next day ended two hours ago. Snapshots have as long. */
const newestWithin = 24 * 3600 + sealWithin

/** What health looks at. */
interface HealthParts {
  ledger: Pick<Ledger, 'ping'>
  /** Of the ledger's rows: without their key, none can be read. */
  macs: Pick<Macs, 'rows'>
  /** Whether the service was ever able to begin. */
  isOpen: () => boolean
  archive: Pick<Archive, 'ping'>
  witness: Pick<Witness, 'isLate'>
  /** How far witnesses outside have cosigned. */
  cosigning: () => Promise<CosigningState>
  seals: Pick<Seals, 'first' | 'head' | 'alarm'>
  clock: Clock
  signer: Signer
  directory: Directory
  waiting: Pick<Waiting, 'waiters'>
  alarms: {
    /** Rows that this process found broken. */
    readonly rows: () => readonly BrokenRow[]
    /** Forgets those that hold by now. */
    readonly recheck: () => Promise<void>
  }
  isDeliveryFailing: () => boolean
  version: string
  /** Whether people may call over HTTP. */
  people: HealthReport['people']
  overdue: () => Promise<number>
  /** Requests that are open. */
  open: () => Promise<OpenCounts>
  /** How often the storage asked to be called later, in the last five minutes. */
  throttled: () => number
  /** Absent without sinks. */
  sinks?: () => Promise<readonly SinkState[]>
  /** Absent without backups. */
  backup?: Pick<LedgerRows, 'newest'>
  /** What could not be restored, as far as anything could not: then the ledger can only be read. */
  lost?: Pick<Incomplete, 'gaps' | 'textless'>
}

/**
 * Asks every part whether it works. The service fails only if ledger, signer or directory fails, or before it is open.
 */
export function health(parts: HealthParts): Health {
  const { lost } = parts
  const look = remembering(() => lookAt(parts))
  const count = remembering(() => Promise.all([parts.overdue(), parts.open()]))

  return async (counted) => {
    const [tables, archived, signer, directory, sealed, , backup, isWitnessLate, cosigned, told] = await look()
    const archive = archived ? 'ok' : 'failing'
    const witness = isWitnessLate ? 'failing' : 'ok'
    const ledger = tables === 'ok' && lost ? 'read-only' : tables
    const isFailing = ledger !== 'ok' || [signer, directory].includes('failing') || !parts.isOpen()
    const status = isFailing ? 'failing' : 'ok'
    const deliveries = parts.isDeliveryFailing() ? 'failing' : 'ok'
    const seal = lost ? 'read-only' : (sealed?.seal ?? 'failing')
    const broken = distinct([...parts.alarms.rows(), ...(sealed?.broken ?? [])])
    const evidence = broken.length > 0 ? 'evidence-broken' : 'ok'
    const cosignatures = cosigned.state
    const ofLedger = { ledger, archive, witness, cosignatures, signer, directory } as const
    const sinks = sinksIn(told)
    const found = { ...ofLedger, deliveries, sinks, seal, evidence, backup } as const
    const about = { version: parts.version, now: parts.clock.now(), people: parts.people }
    const report = { status, ...about, parts: found } as const
    if (!counted || ledger === 'failing' || !parts.isOpen()) return report
    const [overdue, open] = await count()
    const counts = { overdue, ...open, waiting: parts.waiting.waiters(), throttled: parts.throttled() }
    return {
      ...report,
      counts,
      ...(told && told !== 'failing' && { sinks: told }),
      ...(archived && { immutable: archived.immutable }),
      ...(sealed?.head && { sealed: sealed.head }),
      ...(broken.length > 0 && { broken }),
      ...(cosigned.uncosigned.length > 0 && { uncosigned: cosigned.uncosigned }),
      ...(lost && lost.gaps.length > 0 && { lost: lost.gaps }),
      ...(lost && lost.textless.length > 0 && { textless: lost.textless }),
    }
  }
}

/** Makes work whose answer is reused for a while. A failure is not. */
function remembering<T>(work: () => Promise<T>): () => Promise<T> {
  let last: { readonly since: number; readonly found: Promise<T> } | undefined
  return () => {
    if (last !== undefined && performance.now() - last.since <= remembered) return last.found
    const next = { since: performance.now(), found: work() }
    last = next
    next.found.catch(() => {
      if (last === next) last = undefined
    })
    return next.found
  }
}

/** Asks all parts side by side. */
const lookAt = async (parts: HealthParts) =>
  Promise.all([
    answers(Promise.all([parts.ledger.ping(), parts.macs.rows()])),
    within(parts.archive.ping(), null),
    answers(parts.signer.keys()),
    answers(parts.directory.ping()),
    within(sealing(parts).catch(ifBroken), null),
    within(parts.alarms.recheck(), undefined),
    within(backingUp(parts), 'failing' as const),
    // A ledger that can only be read gets no new events, so there is nothing to witness.
    within(parts.lost ? Promise.resolve(false) : parts.witness.isLate(), true),
    // Nor is there a new checkpoint to cosign.
    within(parts.lost ? Promise.resolve(uncosigning) : parts.cosigning(), notTold),
    within(parts.sinks?.() ?? Promise.resolve(null), 'failing' as const),
  ])

const uncosigning: CosigningState = { state: 'off', uncosigned: [] }

const notTold: CosigningState = { state: 'failing', uncosigned: [] }

/** A sink that takes nothing stops no request: its events wait in the log. */
function sinksIn(states: readonly SinkState[] | null | 'failing'): HealthReport['parts']['sinks'] {
  if (states === null) return 'off'
  return states !== 'failing' && states.every(({ state }) => state === 'ok') ? 'ok' : 'failing'
}

/** Reports whether days are sealed in time, and the newest sealed day. Late sealing does not stop requests. */
async function sealing({ seals, clock }: { seals: Pick<Seals, 'first' | 'head' | 'alarm'>; clock: Clock }) {
  const [first, { head }, alarm] = await Promise.all([seals.first(), seals.head(), seals.alarm()])
  // Before the first seal, the first day has the same time.
  const late = clock.now() > plusSeconds(endOf(head?.date ?? first), newestWithin)
  const seal: HealthReport['parts']['seal'] = alarm ? 'evidence-broken' : late ? 'failing' : 'ok'
  const broken = alarm?.broken ? [alarm.broken] : []
  return { seal, head: head && { date: head.date, number: head.number, size: head.size }, broken }
}

/** Whether a snapshot was taken in time. */
async function backingUp({
  backup,
  seals,
  clock,
  lost,
}: {
  backup?: Pick<LedgerRows, 'newest'>
  seals: Pick<Seals, 'first'>
  clock: Clock
  lost?: HealthParts['lost']
}): Promise<HealthReport['parts']['backup']> {
  // No snapshot of a ledger that lacks events is taken: it would replace a complete one.
  if (!backup || lost) return 'off'
  const [first, newest] = await Promise.all([seals.first(), backup.newest()])
  return clock.now() > plusSeconds(newest ?? endOf(first), newestWithin) ? 'failing' : 'ok'
}

/** Reports evidence that is broken even before sealing can begin. */
function ifBroken(cause: unknown) {
  if (!isBroken(cause)) throw cause
  const { broken } = cause.details
  return { seal: 'evidence-broken', head: null, broken: broken ? [broken] : [] } as const
}

/** The sealing timer may have found a row that this process met, too. */
const distinct = (rows: readonly BrokenRow[]): readonly BrokenRow[] => [
  ...new Map(rows.map((row) => [JSON.stringify([row.shard, row.row, row.request]), row])).values(),
]

async function answers(part: Promise<unknown>): Promise<Part> {
  const works = part.then(() => 'ok' as const)
  return within(works, 'failing' as const)
}

/** Returns what a part answers, or the other value if the part fails or takes too long. */
const within = <T, O>(part: Promise<T>, otherwise: O): Promise<T | O> =>
  inTime(
    part.catch(() => otherwise),
    patience,
    () => otherwise,
  )
