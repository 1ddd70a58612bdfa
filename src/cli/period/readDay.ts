import type { RequestId, Shard } from '../../core/data/id.ts'
import { leafHash } from '../../core/log/merkle.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { requestCellsIn } from '../../core/record/tables.ts'
import type { OpenDay } from '../../verify/day.ts'
import { withDay } from '../../verify/day.ts'
import { type ExceptionRow, exceptionRowIn } from '../../verify/exceptionTable.ts'
import { storedOf } from '../../verify/content.ts'
import { withFile } from '../../verify/file.ts'
import type { HoldingDay } from '../../verify/period.ts'
import { missingNames, SaidReader } from '../../verify/saidReader.ts'
import { addEvent, addOdd, noFacts, type ReadEvent, type RequestFacts, type VotesByHash } from './facts.ts'

/** The day that is read, and its said file if its texts are wanted. */
type ReadDay = Pick<HoldingDay, 'path' | 'date' | 'said'>

/** What takes a day as it is read. */
export interface DayTaker {
  /** Takes a request, with all of its events up to the end of the day, and of earlier ones no texts. */
  readonly request: (facts: RequestFacts) => void
  /** Takes an event that is about no request, and one that erases texts or records a tampering. */
  readonly event: (read: ReadEvent & { readonly index: number }) => void
  readonly exception: (row: ExceptionRow) => void
}

/**
 * Reads the requests of a day from its events and tables. The day was verified: nothing is checked here, and the tables are
 * believed, which the verifier computed anew. Keeps one shard in memory.
 */
export function readDay(day: ReadDay, taker: DayTaker): Promise<void> {
  return withDay(day.path, async (opened) => {
    if (!day.said) return new DayReading(day, opened, taker).read(null)
    return withFile(day.said.path, ({ fd }) =>
      new DayReading(day, opened, taker).read(new SaidReader(storedOf(fd, { start: 0, size: Infinity }))),
    )
  })
}

/** Events of requests that are told with those of the log itself. */
const isOfLog = ({ type }: LogEvent): boolean => type === 'erased' || type === 'erasure-asked' || type === 'tampered'

/** Lines of a table, after its header. */
async function* rowsOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let isHeader = true
  for await (const line of lines) {
    if (!isHeader) yield line
    isHeader = false
  }
}

class DayReading {
  readonly #day: ReadDay
  readonly #opened: OpenDay
  readonly #taker: DayTaker
  readonly #carried: AsyncGenerator<{ readonly event: LogEvent; readonly text: string }>
  readonly #rows: AsyncGenerator<string>
  readonly #exceptions: AsyncGenerator<string>
  #exception: ExceptionRow | null = null
  #carriedNext: { readonly event: LogEvent; readonly text: string } | null = null
  #shard: Shard | null = null
  #requests = new Map<RequestId, RequestFacts>()
  #votes: VotesByHash = new Map()

  constructor(day: ReadDay, opened: OpenDay, taker: DayTaker) {
    this.#day = day
    this.#opened = opened
    this.#taker = taker
    this.#carried = opened.carried()
    this.#rows = rowsOf(opened.requests())
    this.#exceptions = rowsOf(opened.exceptions())
  }

  async read(said: SaidReader | null): Promise<void> {
    await this.#nextException()
    await this.#nextCarried()
    for await (const { index, text } of this.#opened.records()) {
      const event = JSON.parse(text) as LogEvent
      if (event.shard !== this.#shard) await this.#begin(event.shard)
      const texts = said?.concerns(event) ? await said.take(event, index) : []
      const missing = said?.concerns(event) ? missingNames(event, texts) : []
      const hash = event.type === 'decided' ? leafHash(text) : undefined
      const read = { event, texts, missing, ...(hash !== undefined && { hash }) }
      const { request } = event
      const facts = request === undefined ? null : (this.#requests.get(request) ?? (await this.#begun(request)))
      if (facts) addEvent(facts, read, this.#votes)
      if (!facts || isOfLog(event)) this.#taker.event({ ...read, index })
      while (this.#exception && this.#exception.index === index) {
        if (facts) addOdd(facts, this.#exception)
        await this.#nextException()
      }
    }
    await this.#finish()
    // The row of a late seal is about no event, and the last.
    while (this.#exception) await this.#nextException()
  }

  async #begin(shard: Shard): Promise<void> {
    await this.#finish()
    this.#shard = shard
    this.#requests = new Map()
    this.#votes = new Map()
  }

  /** Gives the requests of the shard away. The table has them in the order in which they came. */
  async #finish(): Promise<void> {
    for (const facts of this.#requests.values()) {
      const row = await this.#rows.next()
      facts.cells = requestCellsIn(row.done === true ? '' : row.value)
      if (facts.cells.request !== facts.id) throw new Error(`requests.csv of ${this.#day.date} was changed meanwhile.`)
      this.#taker.request(facts)
    }
    this.#requests.clear()
  }

  /** Begins a request with the events that it has of earlier days. */
  async #begun(request: RequestId): Promise<RequestFacts> {
    const facts = noFacts(request, this.#day.date)
    this.#requests.set(request, facts)
    for (; this.#carriedNext?.event.request === request; await this.#nextCarried()) {
      const { event, text } = this.#carriedNext
      const hash = event.type === 'decided' ? leafHash(text) : undefined
      addEvent(facts, { event, texts: [], missing: [], ...(hash !== undefined && { hash }) }, this.#votes)
    }
    return facts
  }

  async #nextException(): Promise<void> {
    const row = await this.#exceptions.next()
    this.#exception = row.done === true ? null : exceptionRowIn(row.value)
    if (this.#exception) this.#taker.exception(this.#exception)
  }

  async #nextCarried(): Promise<void> {
    const next = await this.#carried.next()
    this.#carriedNext = next.done === true ? null : next.value
  }
}
