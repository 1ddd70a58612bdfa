import { RestError } from '@azure/data-tables'
import { Problem } from '../../src/core/data/problem.ts'
import { type RequestId, shardOf } from '../../src/core/data/id.ts'
import type { Written } from '../../test/support/fakes/table.ts'
import {
  approvedRow,
  copied,
  cutOff,
  deleted,
  exchanged,
  nonsense,
  olderRow,
  otherAgent,
  otherDeadline,
  otherFacts,
  otherHead,
  otherKey,
  otherLimits,
  otherSeal,
  otherWords,
  rewrittenEvent,
  softened,
  swappedAction,
  type Target,
} from './edits.ts'
import { forgedChunk, forgedEnd, forgedEvents, forgedHeads } from './forgeries.ts'
import type { Intrusion, IntrusionKind } from './plan.ts'
import type { Stores } from './stores.ts'

/** The acts of a person who can read and write all rows, can create files, knows the program, and has no key. */
const deeds: Readonly<Record<IntrusionKind, (target: Target) => void | Promise<void>>> = {
  'approved row': approvedRow,
  'forged events': forgedEvents,
  'swapped action': swappedAction,
  'softened requirement': softened,
  'rewritten event': rewrittenEvent,
  'older row': olderRow,
  'cut chain': cutOff,
  'other agent': otherAgent,
  'other facts': otherFacts,
  'other words': otherWords,
  'other head': otherHead,
  'deleted row': deleted,
  'copied event': copied,
  'exchanged rows': exchanged,
  nonsense,
  'other deadline': otherDeadline,
  'other key': otherKey,
  'other limits': otherLimits,
  'other seal': otherSeal,
  'forged end': forgedEnd,
  'forged heads': forgedHeads,
  'forged chunk': forgedChunk,
}

interface Parts {
  readonly stores: Stores
  readonly reached: (what: string) => void
  readonly note: (line: string) => void
}

/** The insider of a plan. Most acts come between two calls; the rest come one by one when all is quiet. */
export function insider({ stores, reached, note }: Parts, intrusions: readonly Intrusion[]) {
  const journal: Written[] = []
  if (intrusions.length > 0) stores.rows.ledger.noted = (write) => void journal.push(write)
  let calls = 0
  let written = 0
  const left = [...intrusions]

  async function intrude({ kind, request, pick }: Intrusion): Promise<void> {
    const { requests } = stores.seen
    // Most is to be gained from the newest request.
    const id: RequestId | undefined = requests[requests.length - 1 - (request % Math.max(1, requests.length))]
    if (id === undefined) return
    note(`the insider: ${kind} ${pick} of ${id}`)
    try {
      await deeds[kind]({ stores, journal, id, shard: shardOf(id), pick })
      reached(`insider: ${kind}`)
    } catch (cause) {
      // Earlier edits can make a forgery impossible, and the rules refuse some.
      if (!(cause instanceof Problem || cause instanceof RestError)) throw cause
    }
  }

  /** A file of an end is forged right before the service makes its own: only then is the event known that it names. */
  function isDue({ kind, at, writes: wants }: Intrusion, name: string, writes: boolean): boolean {
    if (kind === 'forged end') return name === 'archive.createOrRead' && written > at % 20
    return (writes || !wants) && at === (wants ? written : calls)
  }

  return {
    /** Whether this run has an insider. */
    isThere: intrusions.length > 0,

    /** Returns the acts that are due right before a call; `null` if there are none. */
    before(name: string, writes: boolean): (() => Promise<void>) | null {
      if (intrusions.length === 0) return null
      calls += 1
      if (writes) written += 1
      const due = left.filter((one) => isDue(one, name, writes))
      if (due.length === 0) return null
      for (const one of due) left.splice(left.indexOf(one), 1)
      return async () => {
        for (const one of due) await intrude(one)
      }
    },

    /** Does the next act that was not due during the run. Returns `false` if none is left. */
    async next(): Promise<boolean> {
      const one = left.shift()
      if (one) await intrude(one)
      return one !== undefined
    },
  }
}
