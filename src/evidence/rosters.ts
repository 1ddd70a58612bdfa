import { membersOf } from '../approvals/eligibility.ts'
import { type ChangeParts, recordAlone, retrying, timeOf } from '../approvals/commit.ts'
import { Broken } from '../core/data/broken.ts'
import { type Day, dayOf, startOf } from '../core/data/day.ts'
import { type Shard, shards } from '../core/data/id.ts'
import { evidenceBroken, isBroken, Problem } from '../core/data/problem.ts'
import type { Draft } from '../core/request/event.ts'
import { memberList, mostListed } from '../core/request/memberList.ts'
import type { Directory } from '../ports/directory.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { ApproverGroup, Policy } from '../ports/policy.ts'
import { RecordedSince } from './recordedSince.ts'

export type RosterParts = Pick<ChangeParts, 'clock' | 'random' | 'backOff'> & {
  readonly ledger: Pick<Ledger, 'inTurn' | 'load' | 'commit' | 'news' | 'cut' | 'stream'>
  readonly policy: Pick<Policy, 'version' | 'ref' | 'namedGroups'>
  readonly directory: Pick<Directory, 'members'>
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** docs/evidence/events.md: `roster` is an event of the first shard. */
const shard: Shard = shards[0] ?? ('00' as Shard)

/**
 * Records who is in the groups that may approve, once for each group and day. The chain itself tells what was recorded
 * before, so that several processes record a group once, and nobody hides one by writing a row.
 *
 * Each group is a commit of its own. A crash between two leaves some of them, and the next run records the others.
 */
export class Rosters {
  readonly #parts: RosterParts
  readonly #recorded: RecordedSince<'roster'>

  constructor(parts: RosterParts) {
    this.#parts = parts
    const keyOf = ({ data }: { readonly data: { readonly group: string } }) => data.group
    this.#recorded = new RecordedSince({ ledger: parts.ledger, shard, type: 'roster', keyOf })
  }

  /**
   * Records the groups that a rule of the policy names and that today lacks. What cannot be recorded is reported, and left to
   * the next run: sealing must not wait for the directory.
   */
  async record(): Promise<void> {
    try {
      await this.#recordMissing()
    } catch (cause) {
      this.#parts.failed(faultIn(cause) ?? cause)
    }
  }

  async #recordMissing(): Promise<void> {
    const { policy, clock } = this.#parts
    const groups = policy.namedGroups()
    if (groups.length === 0) return
    const date = dayOf(clock.now())
    const known = await this.#known(date, groups)
    for (const group of groups) if (!known.has(group.name)) await this.#recordOrReport(group, date)
  }

  /** Reads which groups the day has. Before their turn, so that other work on the shard does not wait for that. */
  async #known(date: Day, groups: readonly ApproverGroup[]): Promise<ReadonlySet<string>> {
    const { seq } = await this.#parts.ledger.news(shard, null)
    return this.#recorded.keys(seq, startOf(date), (known) => groups.every(({ name }) => known.has(name)))
  }

  async #recordOrReport(group: ApproverGroup, date: Day): Promise<void> {
    try {
      await this.#record(group, date)
    } catch (cause) {
      this.#parts.failed(faultIn(cause) ?? new RosterUnrecorded(group.name, date, cause))
    }
  }

  /** @throws {Problem} `busy`, `unavailable`, `evidence-broken` */
  async #record(group: ApproverGroup, date: Day): Promise<void> {
    const { ledger, clock, directory } = this.#parts
    const { text, digest, count } = memberList(await membersOf(directory, group))
    const { name, entraGroup } = group
    const draft: Draft = {
      type: 'roster',
      actor: { kind: 'system' },
      data: { group: name, ...(entraGroup !== undefined && { entraGroup }), date, digest, count },
      ...(count <= mostListed && { said: { members: text } }),
    }
    await retrying(this.#parts, () =>
      ledger.inTurn(shard, async () => {
        const loaded = await ledger.load(shard, {})
        const at = timeOf(clock, loaded)
        // The day may have ended meanwhile. The next run records the next one.
        if (dayOf(at) !== date) return
        const known = await this.#recorded.keys(loaded.head.seq, startOf(date))
        if (!known.has(name)) await recordAlone(this.#parts, loaded, [draft], at)
      }),
    )
  }
}

/** What says that evidence is broken, which is an alarm of its own; otherwise `null`. */
function faultIn(cause: unknown): Problem | null {
  if (cause instanceof Broken) return evidenceBroken({ shard, row: 'roster', check: 'chain' }, cause)
  return isBroken(cause) ? cause : null
}

/** A group that a later run has to record. The code has group and day, because logs show name and code but no message. */
class RosterUnrecorded extends Error {
  readonly code: string

  constructor(group: string, date: Day, cause: unknown) {
    super(`Who is in the group ${group} on ${date} is not recorded yet.`, { cause })
    this.name = 'RosterUnrecorded'
    this.code = `${cause instanceof Problem ? cause.code : 'failed'}-${group}-${date}`
  }
}
