import { recordAlone, retrying, timeOf, type ChangeParts } from '../approvals/commit.ts'
import { checkSecretIn } from '../core/action/secret.ts'
import { type HoldId, newHoldId, type ObjectId, type Shard, shards } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import { evidenceBroken, noSuchHold, noSuchRequest, Problem } from '../core/data/problem.ts'
import {
  authenticatedHold,
  formatHold,
  type HoldFile,
  holdFilePath,
  holdsPrefix,
  parseHold,
} from '../core/record/holdFile.ts'
import type { EventOf } from '../core/record/eventType.ts'
import type { Draft } from '../core/request/event.ts'
import { covers, type HoldScope, type HoldSubject, scopeText } from '../core/request/hold.ts'
import type { Archive } from '../ports/archive.ts'
import type { HoldAct, HoldRow, HoldRows, StoredHold } from '../ports/holds.ts'
import { Conflict, type KeptEvent, type Ledger } from '../ports/ledger.ts'
import { abreast } from '../runtime/concurrency.ts'
import type { Macs } from '../runtime/macs.ts'

export type HoldsParts = Pick<ChangeParts, 'clock' | 'policy' | 'random' | 'backOff'> & {
  readonly ledger: Pick<Ledger, 'inTurn' | 'load' | 'commit' | 'cut' | 'stream' | 'find'>
  readonly holds: HoldRows
  /** The write-once archive. */
  readonly archive: Pick<Archive, 'createOrRead' | 'list'>
  readonly macs: Pick<Macs, 'origin' | 'rows' | 'isAuthentic'>
  /** Is called with rows that are not as the service wrote them. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** A person who holds or releases. */
interface HoldOrder {
  readonly why: string
  readonly by: ObjectId
  /** The application that the person used. */
  readonly client?: ObjectId
}

export interface HoldingOrder extends HoldOrder {
  readonly scope: HoldScope
}

export interface ReleasingOrder extends HoldOrder {
  readonly hold: HoldId
}

/** A hold, as it is shown. */
interface Hold {
  readonly hold: HoldId
  readonly scope: HoldScope
  readonly held: HoldDone
  readonly released?: HoldDone
}

interface HoldDone {
  readonly by: ObjectId
  readonly at: Instant
  /** Absent if the reason was lost, or the event is not recorded yet. */
  readonly why?: string
}

/** What row and files say of a hold. */
interface HoldState {
  /** The stored row; without one, what the file says. */
  readonly row: HoldRow
  /** `null` if the row is gone. */
  readonly version: unknown
  /** Whether the archive has the file of its end. Nothing else ends a hold. */
  readonly isReleased: boolean
}

type ActName = HoldFile['act']

/** docs/evidence/events.md: `held` and `released` are events of the first shard. */
const shard: Shard = shards[0] ?? ('00' as Shard)

/** Seconds after which an unfinished hold or release is left by its process. */
const abandoned = 120

/** Seconds by which the time of an event may lie before that of the row, by another clock. */
const clocks = 120

/** The rows and events that are read side by side. */
const atOnce = 16

/**
 * Holds: while one is in force, no text of the requests that it covers is erased.
 *
 * Three places say so, since whoever can write the tables can delete a row: the row, which is written first, so that the
 * hold is in force before anything else happens; the event in the log; and a file in the write-once archive, which nobody
 * can delete. A hold is in force from its row or its file on, and until the archive has the file of its release.
 *
 * What a process leaves unfinished, the next call finishes, without the reason, which only the first process knew.
 */
export class Holds {
  readonly #parts: HoldsParts

  constructor(parts: HoldsParts) {
    this.#parts = parts
  }

  /**
   * Puts requests on hold. After `busy` or `unavailable` the same call goes on with the same hold.
   *
   * @throws {Problem} `not-found` for a request that there is not; `secret-in-params`, `busy`, `unavailable`,
   *   `evidence-broken`, `read-only`
   */
  async hold({ scope, why, by, client }: HoldingOrder): Promise<Hold> {
    const { ledger, holds, clock, random } = this.#parts
    checkSecretIn(why, '/why')
    if ('request' in scope && (await ledger.find(scope.request)) === null) throw noSuchRequest()
    const at = clock.now()
    const begun = await this.#finishOthers(by, scope, at)
    const row = { hold: newHoldId(at, random(10)), scope, by, ...(client !== undefined && { client }), at }
    const stored = begun ?? (await holds.create(row))
    return this.#shown(await this.#recorded(stored, 'held', why))
  }

  /**
   * Releases a hold. One that is released is answered as it is. After `busy` or `unavailable`, call it again.
   *
   * @throws {Problem} `not-found`, `secret-in-params`, `busy`, `unavailable`, `evidence-broken`, `read-only`
   */
  async release({ hold, why, by, client }: ReleasingOrder): Promise<Hold> {
    const { holds, clock } = this.#parts
    checkSecretIn(why, '/why')
    const stored = await retrying(this.#parts, async (): Promise<StoredHold> => {
      const state = (await this.#states()).find(({ row }) => row.hold === hold)
      if (!state) throw noSuchHold()
      if (state.isReleased) return state
      const held = await this.#recorded(await this.#kept(state), 'held')
      if (held.row.release) return held
      const release = { by, ...(client !== undefined && { client }), at: clock.now() }
      return holds.replace(held.version, { ...held.row, release })
    })
    const { release } = stored.row
    if (release?.recorded) return this.#shown(stored)
    const isTheirs = release?.by === by
    if (!isTheirs && release && plusSeconds(release.at, abandoned) > clock.now())
      throw new Problem('busy', `${release.by} is releasing this hold: try again.`, { retryAfter: abandoned })
    return this.#shown(await this.#recorded(stored, 'released', isTheirs ? why : undefined))
  }

  /** Lists the holds, oldest first: those in force, and the released ones if asked for. @throws {Problem} */
  async list(released: boolean): Promise<readonly Hold[]> {
    const states = (await this.#states()).filter(({ isReleased }) => released || !isReleased)
    return abreast(atOnce, states, (state) => this.#shown(state))
  }

  /**
   * Refuses an erasure of a request that is on hold.
   *
   * @throws {Problem} `on-hold` with the hold; `unavailable`, `evidence-broken`
   */
  async check(request: HoldSubject): Promise<void> {
    const state = (await this.#states()).find(({ row, isReleased }) => !isReleased && covers(row.scope, request))
    if (!state) return
    const { hold, scope } = state.row
    throw new Problem(
      'on-hold',
      `Hold ${hold} covers this request (${scopeText(scope)}): none of its texts is erased until a person with Evidence.Hold releases it.`,
      { hold },
    )
  }

  /** Reads rows and files. The files come first: a row is written before its file, so a missing row is one that was deleted. */
  async #states(): Promise<readonly HoldState[]> {
    const { holds, failed } = this.#parts
    const files = await this.#files()
    const rows = new Map((await holds.all()).map((stored) => [stored.row.hold, stored]))
    const ids = [...new Set([...files.map(({ hold }) => hold), ...rows.keys()])].sort()
    return ids.map((hold): HoldState => {
      const [held, released] = (['held', 'released'] as const).map((act) =>
        files.find((file) => file.hold === hold && file.act === act),
      )
      const { row = null, version = null } = rows.get(hold) ?? {}
      if (row === null) failed(evidenceBroken({ shard: 'seal', row: `hold-${hold}`, check: 'missing' }))
      const file = held ?? released
      const known = row ?? (file && { hold, scope: file.scope, ...actOf(file) })
      if (!known) throw new Error('Each hold has a row or a file.')
      if (!released) return { row: known, version, isReleased: false }
      return { row: { ...known, release: actOf(released) }, version, isReleased: true }
    })
  }

  /** Reads the files of the archive, from their notes alone. @throws {Problem} `evidence-broken` for a foreign file */
  async #files(): Promise<readonly HoldFile[]> {
    const { archive, macs } = this.#parts
    return abreast(atOnce, await archive.list(holdsPrefix), async ({ name, note = '' }) => {
      const read = parseHold(note)
      const isOurs =
        read !== null &&
        holdFilePath(read.file) === name &&
        (await macs.isAuthentic(authenticatedHold(macs.origin, read.file), read.mac))
      if (!isOurs) throw evidenceBroken({ shard: 'seal', row: name, check: 'mac' })
      return read.file
    })
  }

  /** Puts a deleted row back, as its file has it. */
  async #kept({ row, version }: HoldState): Promise<StoredHold> {
    const { holds } = this.#parts
    const { release: _, ...held } = row
    const standing = version === null ? null : await holds.find(row.hold)
    return standing ?? holds.create(held)
  }

  /** Finishes what other calls left. Returns the unfinished hold of this person and scope, with which the call goes on. */
  async #finishOthers(by: ObjectId, scope: HoldScope, now: Instant): Promise<StoredHold | null> {
    let same: StoredHold | null = null
    for (const state of await this.#states()) {
      const { row, version, isReleased } = state
      if (isReleased) continue
      const stored = version === null ? await this.#kept(state) : { row, version }
      const isOwn = row.by === by && scopeText(row.scope) === scopeText(scope)
      if (!row.recorded && isOwn) same = stored
      else if (!row.recorded && isAbandoned(row, now)) await this.#recorded(stored, 'held')
      else if (row.release && !row.release.recorded && isAbandoned(row.release, now))
        await this.#recorded(stored, 'released')
    }
    return same
  }

  /** Records the event, and then leaves the file and notes it in the row, unless that was done before. */
  async #recorded(stored: StoredHold, act: ActName, why?: string): Promise<StoredHold> {
    const { holds } = this.#parts
    const { row, version } = stored
    const done = actIn(row, act)
    if (done.recorded && (act === 'released' || (await this.#isInLog(done.recorded)))) return stored
    const recorded = await this.#record(row, act, why)
    await this.#leaveFile({ hold: row.hold, act, scope: row.scope, by: done.by, ...recorded })
    const after = act === 'held' ? { ...row, recorded } : { ...row, release: { ...done, recorded } }
    try {
      return await holds.replace(version, after)
    } catch (cause) {
      const now = cause instanceof Conflict ? await holds.find(row.hold) : null
      // Another process has noted the same.
      if (now === null || !actIn(now.row, act).recorded) throw cause
      return now
    }
  }

  /** A repair can take the newest events out of the log. */
  async #isInLog({ seq, leaf }: NonNullable<HoldAct['recorded']>): Promise<boolean> {
    for await (const page of this.#parts.ledger.stream(shard, seq - 1, seq))
      for (const event of page) return event.hash === leaf
    return false
  }

  /**
   * Records the event unless the log has it since the row was written. Nothing comes between that look and the commit,
   * which would meet another head then.
   */
  async #record(row: HoldRow, act: ActName, why?: string): Promise<NonNullable<HoldAct['recorded']>> {
    const { ledger, clock } = this.#parts
    const { hold, scope } = row
    const { by, client, at: since } = actIn(row, act)
    const more = client !== undefined && { client }
    const draft: Draft = {
      ...(act === 'held' ? { type: act, data: { hold, scope, ...more } } : { type: act, data: { hold, ...more } }),
      actor: { kind: 'person', id: by },
      ...(why !== undefined && { said: { why } }),
    }
    const isSame = ({ type, data }: EventOf<ActName>) => type === act && data.hold === hold
    return retrying(this.#parts, () =>
      ledger.inTurn(shard, async () => {
        const loaded = await ledger.load(shard, {})
        const { seq } = loaded.head
        const before = await ledger.cut(shard, plusSeconds(since, -clocks))
        const standing = await this.#find(isSame, Math.min(before.seq, seq), seq)
        if (standing) return standing
        await recordAlone(this.#parts, loaded, [draft], timeOf(clock, loaded))
        // A change of policy may come before it.
        const made = await this.#find(isSame, seq, seq + 2)
        if (!made) throw evidenceBroken({ shard, row: act, check: 'missing' })
        return made
      }),
    )
  }

  async #find(
    isSame: (event: EventOf<ActName>) => boolean,
    after: number,
    upTo: number,
  ): Promise<NonNullable<HoldAct['recorded']> | null> {
    if (after >= upTo) return null
    for await (const page of this.#parts.ledger.stream(shard, after, upTo))
      for (const kept of page) {
        const event = holdEventIn(kept)
        if (event && isSame(event)) return { seq: kept.seq, leaf: kept.hash, at: event.at }
      }
    return null
  }

  /** @throws {Problem} `evidence-broken` if the archive has another file of this name */
  async #leaveFile(file: HoldFile): Promise<void> {
    const { archive, macs } = this.#parts
    const name = holdFilePath(file)
    const { sign } = await macs.rows()
    const text = formatHold(file, sign(authenticatedHold(macs.origin, file)))
    const standing = await archive.createOrRead(name, Buffer.from(text), 'application/json', text)
    const read = parseHold(Buffer.from(standing).toString('utf8'))
    const isOurs =
      read !== null &&
      (await macs.isAuthentic(authenticatedHold(macs.origin, read.file), read.mac)) &&
      isSame(read.file)
    if (!isOurs) throw evidenceBroken({ shard: 'seal', row: name, check: 'mac' })

    function isSame({ hold, act, scope }: HoldFile): boolean {
      return hold === file.hold && act === file.act && scopeText(scope) === scopeText(file.scope)
    }
  }

  async #shown({ row }: Pick<StoredHold, 'row'>): Promise<Hold> {
    const { hold, scope, release } = row
    const released = release?.recorded && (await this.#done(release))
    return { hold, scope, held: await this.#done(row), ...(released && { released }) }
  }

  /** Reads the reason beside the event, where it is. */
  async #done({ by, at, recorded }: HoldAct): Promise<HoldDone> {
    if (!recorded) return { by, at }
    const { seq, leaf } = recorded
    for await (const page of this.#parts.ledger.stream(shard, seq - 1, seq))
      for (const { hash, said } of page)
        if (hash === leaf && said['why']) return { by, at: recorded.at, why: said['why'].text }
    return { by, at: recorded.at }
  }
}

const actIn = (row: HoldRow, act: ActName): HoldAct => {
  const { release } = row
  if (act === 'held') return row
  if (!release) throw new Error('This hold is not being released.')
  return release
}

const actOf = ({ by, at, seq, leaf }: HoldFile): HoldAct => ({ by, at, recorded: { seq, leaf, at } })

const isAbandoned = ({ at }: HoldAct, now: Instant): boolean => plusSeconds(at, abandoned) < now

/** Reads a leaf only if it can be of a hold, since there may be thousands of events. */
function holdEventIn({ text }: KeptEvent): EventOf<ActName> | null {
  if (!/"type":"(?:held|released)"/.test(text)) return null
  const event = JSON.parse(text) as EventOf<ActName>
  return event.type === 'held' || event.type === 'released' ? event : null
}
