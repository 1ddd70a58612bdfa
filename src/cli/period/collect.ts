import { type Day, startOf } from '../../core/data/day.ts'
import type { RequestId } from '../../core/data/id.ts'
import type { ExceptionKind } from '../../core/record/eventType.ts'
import type { ExceptionRow } from '../../verify/exceptionTable.ts'
import {
  type HoldingDay,
  type PeriodDay,
  type PeriodVerdict,
  verifyPeriod,
  type VerifyingPeriod,
} from '../../verify/period.ts'
import type { ReadEvent, RequestFacts } from './facts.ts'
import { NamesOfPeriod } from './names.ts'
import { PoliciesOfPeriod } from './policies.ts'
import { readDay } from './readDay.ts'
import { RostersOfPeriod } from './rosters.ts'
import { RequestSpool } from './spool.ts'

/** An event of the log itself, or one that erases texts or records a tampering. */
export type LogNote = ReadEvent & { readonly index: number }

/** What a day has beside its requests. */
interface DayNotes {
  readonly kinds: Map<ExceptionKind, number>
  /** Exceptions that are about no request. */
  readonly exceptions: ExceptionRow[]
  readonly events: LogNote[]
  /** How many events are not among these. */
  left: number
  /** Rows of `requests.csv`. */
  rows: number
}

/** Events of the log itself that are kept of a day. */
const mostNotes = 2_000

/** What was read of a period whose days were verified. */
export interface PeriodData {
  readonly verdict: PeriodVerdict
  /** The first and the last day of the calendar. */
  readonly from: Day
  readonly to: Day
  readonly names: NamesOfPeriod
  readonly policies: PoliciesOfPeriod
  readonly rosters: RostersOfPeriod
  /** By day, of those that hold. */
  readonly notes: ReadonlyMap<Day, DayNotes>
  /** The requests of the period, each once, by the time at which they were made. */
  readonly requests: () => Generator<RequestFacts>
  readonly request: (id: RequestId) => RequestFacts | undefined
}

/**
 * Verifies the days of a period, and reads each that holds, right after it was verified.
 *
 * @param work uses what was read, while the requests can be read
 */
export async function withPeriod<T>(
  folder: string,
  settings: VerifyingPeriod,
  work: (data: PeriodData) => Promise<T>,
): Promise<T> {
  let collecting = new Collecting()
  let isStale = false
  try {
    const verdict = await verifyPeriod(folder, settings, {
      day: async (day) => collecting.day(day),
      retract: () => {
        isStale = true
      },
    })
    if (isStale) {
      // Names, policies and lists of a day cannot be told from those of others any more: what holds is read again.
      collecting.close()
      collecting = new Collecting()
      for (const day of verdict.days) await collecting.day(day)
    }
    return await work(collecting.data(verdict))
  } finally {
    collecting.close()
  }
}

class Collecting {
  readonly #spool = new RequestSpool()
  readonly #names = new NamesOfPeriod()
  readonly #policies = new PoliciesOfPeriod(this.#names)
  readonly #rosters = new RostersOfPeriod()
  readonly #notes = new Map<Day, DayNotes>()

  async day(day: PeriodDay): Promise<void> {
    if (day.state !== 'holds') return
    const notes: DayNotes = { kinds: new Map(), exceptions: [], events: [], left: 0, rows: 0 }
    this.#notes.set(day.date, notes)
    const versions = await this.#read(day, notes)
    await this.#policies.learn(day, versions)
  }

  close(): void {
    this.#spool.close()
  }

  data(verdict: PeriodVerdict): PeriodData {
    const { days } = verdict
    const [from, to] = [days[0]?.date, days.at(-1)?.date]
    const spool = this.#spool
    return {
      ...{ verdict, from: from ?? ('' as Day), to: to ?? ('' as Day) },
      ...{ names: this.#names, policies: this.#policies, rosters: this.#rosters, notes: this.#notes },
      request: (id) => spool.request(id),
      *requests() {
        for (const facts of spool.requests()) if (from === undefined || isOfPeriod(facts, from)) yield facts
      },
    }
  }

  /** Reads a day. Returns the policy versions that its requests name. */
  async #read(day: HoldingDay, notes: DayNotes): Promise<ReadonlySet<string>> {
    const versions = new Set<string>()
    await readDay(day, {
      request: (facts) => {
        notes.rows += 1
        versions.add(facts.cells.policy)
        this.#names.learn(facts)
        this.#spool.add(facts)
      },
      event: (read) => {
        this.#policies.take(read)
        this.#rosters.take(read)
        if (read.event.type === 'policy-changed' || read.event.type === 'roster') return
        if (notes.events.length < mostNotes) notes.events.push(read)
        else notes.left += 1
      },
      exception: (row) => {
        notes.kinds.set(row.kind, (notes.kinds.get(row.kind) ?? 0) + 1)
        if (row.request === undefined && notes.exceptions.length < mostNotes) notes.exceptions.push(row)
      },
    })
    return versions
  }
}

/** Whether a request was open on a day of the period. One that ended before can only have lost texts since. */
export const isOfPeriod = ({ cells }: RequestFacts, from: Day): boolean =>
  cells.closed_at === '' || cells.closed_at >= startOf(from)
