import type { Shard } from '../../core/data/id.ts'
import { isBroken } from '../../core/data/problem.ts'
import { backFrom, type SurveyedRow } from '../../core/record/chainSurvey.ts'
import { readRecord } from '../../core/record/record.ts'
import type { ChainHead } from '../../core/request/event.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Repairs } from '../../ports/repairs.ts'
import { lostEvent } from './refusal.ts'

export interface BackwardParts {
  readonly ledger: Pick<Ledger, 'stream'>
  readonly repairs: Pick<Repairs, 'survey' | 'mend'>
}

/** The number of events that are read at once. */
const some = 500

/**
 * Reads the events of a shard from a known one down to the first, in pages: the newest page first, each oldest first.
 * Authenticates rows again whose leaves have the hash that the event after them names.
 *
 * @throws {Problem} `not-repairable` if an event is lost
 */
export async function* backward(
  parts: BackwardParts,
  shard: Shard,
  from: ChainHead,
): AsyncGenerator<readonly KeptEvent[], void, undefined> {
  let last = from
  while (last.seq > 0) {
    const page = await pageUpTo(parts, shard, last)
    yield page
    const [first] = page
    if (!first) return
    last = { seq: first.seq - 1, hash: readRecord(first.text).prev }
  }
}

async function pageUpTo(parts: BackwardParts, shard: Shard, last: ChainHead): Promise<readonly KeptEvent[]> {
  try {
    const page = await read(parts, shard, last.seq)
    if (page.at(-1)?.seq === last.seq && page.at(-1)?.hash === last.hash) return page
  } catch (cause) {
    if (!isBroken(cause)) throw cause
  }
  await mendUpTo(parts, shard, last)
  return read(parts, shard, last.seq)
}

async function read({ ledger }: BackwardParts, shard: Shard, upTo: number): Promise<readonly KeptEvent[]> {
  const events: KeptEvent[] = []
  for await (const page of ledger.stream(shard, Math.max(0, upTo - some), upTo)) events.push(...page)
  return events
}

/** @throws {Problem} `not-repairable` */
async function mendUpTo({ repairs }: BackwardParts, shard: Shard, last: ChainHead): Promise<void> {
  const after = Math.max(0, last.seq - some)
  const rows: SurveyedRow[] = []
  for await (const page of repairs.survey(shard, after)) {
    rows.push(...page.filter(({ seq }) => seq !== null && seq <= last.seq))
    if (page.some(({ seq }) => seq !== null && seq > last.seq)) break
  }
  const { right, unmet } = backFrom(last, rows)
  if (unmet.seq > after) throw lostEvent(shard, unmet, 'later events hold')
  await repairs.mend(
    shard,
    right.filter(({ check, isWhole }) => check !== null || !isWhole),
  )
}
