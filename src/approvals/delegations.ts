import { checkSecretIn } from '../core/action/secret.ts'
import { type Hex, type ObjectId, type Shard, shardOfDeputy, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { deputyRow, evidenceBroken, Problem } from '../core/data/problem.ts'
import type { AbsenceFile } from '../core/record/absenceFile.ts'
import type { EventOf } from '../core/record/eventType.ts'
import {
  authenticatedRecall,
  formatRecall,
  parseRecall,
  type RecallFile,
  recallPath,
} from '../core/record/recallFile.ts'
import { readRecord } from '../core/record/record.ts'
import { awayFlaw, type Delegation } from '../core/request/deputy.ts'
import { type Draft, saidDigest } from '../core/request/event.ts'
import { overlap } from '../core/request/requirement.ts'
import type { Archive } from '../ports/archive.ts'
import type { DeputyRow, KeptEvent, Ledger } from '../ports/ledger.ts'
import type { Macs } from '../runtime/macs.ts'
import { type ChangeParts, recordAlone, retrying, timeOf } from './commit.ts'
import { deputisedGroups, isMember, type PeopleParts } from './eligibility.ts'
import { noteAbsence, notedAbsences } from './notedAbsences.ts'

export type DelegationsParts = Omit<PeopleParts, 'delegations'> &
  Pick<ChangeParts, 'clock' | 'random' | 'backOff'> & {
    readonly ledger: Pick<Ledger, 'inTurn' | 'load' | 'commit' | 'stream' | 'deputies'>
    /** The write-once archive. */
    readonly archive: Pick<Archive, 'createOrRead' | 'read' | 'list'>
    readonly macs: Pick<Macs, 'origin' | 'rows' | 'isAuthentic'>
    /** Is called with rows and files that are not as the service wrote them. Must not throw. */
    readonly failed: (cause: unknown) => void
  }

/** A member's word that another person acts for them. */
export interface DelegationOrder {
  readonly by: ObjectId
  readonly to: ObjectId
  /** Absent: all groups of the member for which policy names the deputy. */
  readonly groups?: readonly string[]
  readonly until: Instant
  readonly reason?: string
  /** The application that the member used, for doors with tokens. */
  readonly client?: ObjectId
}

/** A member's word that they are back. */
export interface RecallOrder {
  /** The hash of the `delegated` event. */
  readonly event: Hex
  readonly by: ObjectId
  readonly client?: ObjectId
}

/**
 * Absences of members, in whose time deputies act for them.
 *
 * Who writes the tables can delete a row, write one, or put an older one back. So a row gives no right: it names an event,
 * whose MAC and hash are checked, and a file in the write-once archive says that the member is back. That file is written
 * before the event `recalled`, so that there is no moment in which the log tells of the recall and nothing in the archive does.
 *
 * Nor does a deleted row keep a member from ending what they said, after which the row could be put back: the archive has a file
 * of each absence, by which the member's next word, and their list, find it.
 */
export class Delegations {
  readonly #parts: DelegationsParts

  constructor(parts: DelegationsParts) {
    this.#parts = parts
  }

  /**
   * Lets a deputy act for a member for a while. The same word again changes nothing; another one for the same deputy
   * replaces it.
   *
   * @throws {Problem} `not-deputy` if policy names the person for none of these groups of the member; `invalid-input` for a
   *   time that is over or too far away; `not-permitted` for guests and disabled accounts; `secret-in-params`, `busy`,
   *   `unavailable`, `evidence-broken`, `read-only`
   */
  async delegate(order: DelegationOrder): Promise<Delegation> {
    const { directory, policy, clock } = this.#parts
    const { by, to, until, reason, client } = order
    checkSecretIn(reason, '/reason')
    if (!(await isMember(directory, by)))
      throw new Problem('not-permitted', 'Guests and disabled accounts name no deputies.')
    const groups = await this.#groupsFor(order)
    const data = { to, groups, until, ...(client !== undefined && { client }) }
    const check = (at: Instant): void => {
      const flaw = awayFlaw(data, policy.accounts(by), at)
      if (flaw !== null) throw new Problem('invalid-input', `/until: ${flaw}.`, { pointer: '/until' })
    }
    check(clock.now())
    const delegated: Draft = {
      ...{ type: 'delegated', actor: { kind: 'person', id: by }, data },
      ...(reason !== undefined && reason !== '' && { said: { reason } }),
    }
    const shard = shardOfDeputy(to)
    return this.#inTurn(shard, async () => {
      const loaded = await this.#parts.ledger.load(shard, {})
      const at = timeOf(clock, loaded)
      check(at)
      const { row, known, others } = await this.#earlier(shard, { to, by, at })
      const isSaid = known && others.length === 0 && isSame(known, order, groups)
      if (isSaid && !(await this.#isRecalled(shard, known.event))) {
        await noteAbsence(this.#parts, { ...row, until })
        return known
      }
      const over = [...(known ? [row] : []), ...others]
      for (const { event } of over) await this.#leaveFile(shard, { event, by, at })
      const told = await this.#inLog(over)
      const recalls = told.map((event) => recalledBy({ event, by, ...(client && { client }) }))
      const given = { deputy: { deputy: to, member: by } }
      const leaf = (await recordAlone(this.#parts, loaded, [...recalls, delegated], at, given)).at(-1)
      if (!leaf) throw new Error('A commit has an event.')
      const { seq, hash: event } = leaf
      await noteAbsence(this.#parts, { member: by, deputy: to, seq, event, until })
      return { event, member: by, to, groups, at, until, ...(reason && { reason }) }
    })
  }

  /**
   * Ends an absence before its time. One that has ended so is answered again as it was.
   *
   * @throws {Problem} `not-found` for an absence that there is not, or of another member; `busy`, `unavailable`,
   *   `evidence-broken`, `read-only`
   */
  async recall(order: RecallOrder): Promise<RecallFile> {
    const { ledger, policy, clock } = this.#parts
    const { event, by } = order
    const accounts = policy.accounts(by)
    const known = await this.#said(event, accounts)
    if (!known) return this.#recalledBefore(event, accounts)
    const { deputy, member, until } = known
    if (!accounts.includes(member)) throw noSuchDelegation()
    const shard = shardOfDeputy(deputy)
    let isFirst = false
    return this.#inTurn(shard, async () => {
      const loaded = await ledger.load(shard, {})
      const at = timeOf(clock, loaded)
      if (until <= at) return this.#recalledBefore(event, accounts)
      isFirst ||= !(await this.#isRecalled(shard, event))
      const file = await this.#leaveFile(shard, { event, by, at })
      const isThere = (await ledger.deputies(shard, deputy)).some((one) => one.event === event)
      // Without a row it was recorded before, or somebody deleted the row.
      if (!isThere && !(isFirst && (await this.#eventOf(known)))) return file
      const change = isThere ? { deputy: { deputy, member } } : {}
      await recordAlone(this.#parts, loaded, [recalledBy(order)], at, change)
      return file
    })
  }

  /** The absences in whose time one of these accounts is the deputy, as far as they are in force now. */
  async to(deputies: readonly ObjectId[]): Promise<readonly Delegation[]> {
    const { ledger } = this.#parts
    const rows = await Promise.all(deputies.map((deputy) => ledger.deputies(shardOfDeputy(deputy), deputy)))
    return this.#inForce(rows.flat())
  }

  /** The absences of one of these accounts, or in whose time it is the deputy; all of them without accounts. */
  async list(accounts?: readonly ObjectId[]): Promise<readonly Delegation[]> {
    const rows = (await this.#rows()).filter(
      ({ deputy, member }) => accounts === undefined || overlap(accounts, [deputy, member]),
    )
    // A member ends also what has lost its row.
    const own = accounts ? await notedAbsences(this.#parts, accounts, this.#parts.clock.now()) : []
    const lost = own.filter(({ event }) => rows.every((row) => row.event !== event))
    const found = [...(await this.#inForce(rows)), ...(await this.#inForce(lost, { isNoted: true }))]
    return found.toSorted((a, b) => (a.at < b.at ? -1 : 1))
  }

  /** The groups of the member for which policy names the deputy. @throws {Problem} `not-deputy` */
  async #groupsFor({ by, to, groups }: DelegationOrder): Promise<readonly string[]> {
    const { directory } = this.#parts
    const mine = (await isMember(directory, to)) ? await deputisedGroups(this.#parts, { member: by, deputy: to }) : []
    const wanted = [...new Set(groups ?? mine)].sort()
    const foreign = wanted.find((group) => !mine.includes(group))
    if (foreign !== undefined || wanted.length === 0)
      throw new Problem(
        'not-deputy',
        `approvers.json names this person as a deputy of ${foreign === undefined ? 'no group' : `no group “${foreign}”`} that you are in. Ask whoever keeps the policy, or name a deputy whom it lists.`,
        { pointer: foreign === undefined ? '/to' : '/groups' },
      )
    return wanted
  }

  async #rows(): Promise<readonly DeputyRow[]> {
    return (await Promise.all(shards.map((shard) => this.#parts.ledger.deputies(shard)))).flat()
  }

  #inTurn<T>(shard: Shard, work: () => Promise<T>): Promise<T> {
    return retrying(this.#parts, () => this.#parts.ledger.inTurn(shard, work))
  }

  /**
   * What the member said of the deputy before: by the row, and whatever else is in the log and was never recalled. One that
   * ended by itself is not recalled: a series forgets it after its time.
   */
  async #earlier(
    shard: Shard,
    { to, by, at }: Pick<DelegationOrder, 'to' | 'by'> & { readonly at: Instant },
  ): Promise<Earlier> {
    const row = (await this.#parts.ledger.deputies(shard, to)).find((one) => one.member === by)
    const known = row ? await this.#believed(row) : null
    const others: AbsenceFile[] = []
    for (const noted of await notedAbsences(this.#parts, [by], at)) {
      const isOther = noted.deputy === to && noted.event !== known?.event
      if (isOther && !(await this.#isRecalled(shard, noted.event))) others.push(noted)
    }
    return row && known && known.until > at ? { row, known, others } : { known: null, others }
  }

  /** Finds what a member said: by the archive's word, which stays whatever happens to the tables, or else by its row. */
  async #said(event: Hex, accounts: readonly ObjectId[]): Promise<AbsenceFile | null> {
    const noted = await notedAbsences(this.#parts, accounts, this.#parts.clock.now())
    const own = noted.find((one) => one.event === event)
    if (own) return own
    const row = (await this.#rows()).find((one) => one.event === event)
    const found = row && (await this.#believed(row))
    return row && found ? { ...row, until: found.until } : null
  }

  async #inForce(
    rows: readonly DeputyRow[],
    { isNoted = false }: { readonly isNoted?: boolean } = {},
  ): Promise<readonly Delegation[]> {
    const now = this.#parts.clock.now()
    const found = rows.map(async (row): Promise<readonly Delegation[]> => {
      const known = isNoted ? await this.#eventOf(row) : await this.#believed(row)
      if (!known || known.until <= now || (await this.#isRecalled(shardOfDeputy(row.deputy), row.event))) return []
      return [known]
    })
    return (await Promise.all(found)).flat()
  }

  /** Reads the event that a row names. A row that names none is left out, and reported. */
  async #believed(row: DeputyRow): Promise<Delegation | null> {
    const found = await this.#eventOf(row)
    const { deputy, member } = row
    if (!found)
      this.#parts.failed(
        evidenceBroken({ shard: shardOfDeputy(deputy), row: deputyRow(deputy, member), check: 'events' }),
      )
    return found
  }

  /** Those whose events are there: of one that is not, the log tells nothing, and so tells of no recall. */
  async #inLog(rows: readonly DeputyRow[]): Promise<readonly Hex[]> {
    const found = await Promise.all(rows.map((row) => this.#eventOf(row)))
    return found.flatMap((known) => (known ? [known.event] : []))
  }

  async #eventOf(row: DeputyRow): Promise<Delegation | null> {
    const { deputy, member, seq, event: hash } = row
    for await (const page of this.#parts.ledger.stream(shardOfDeputy(deputy), seq - 1, seq))
      for (const kept of page) {
        const event = kept.hash === hash ? readRecord(kept.text) : null
        if (event?.type === 'delegated' && isOf(event, row))
          return { event: hash, member, ...shown(event), ...reasonIn(event, kept) }
      }
    return null
  }

  async #isRecalled(shard: Shard, event: Hex): Promise<boolean> {
    const { archive, failed } = this.#parts
    const bytes = await archive.read(recallPath(event))
    if (bytes === null) return false
    if ((await this.#fileIn(bytes, event)) === null) failed(this.#foreign(shard, event))
    return true
  }

  /** @throws {Problem} `evidence-broken` if the archive has another file of this name; `not-found` if it has none of theirs */
  async #recalledBefore(event: Hex, accounts: readonly ObjectId[]): Promise<RecallFile> {
    const bytes = await this.#parts.archive.read(recallPath(event))
    const file = bytes && (await this.#fileIn(bytes, event))
    if (file && accounts.includes(file.by)) return file
    throw noSuchDelegation()
  }

  /** @throws {Problem} `evidence-broken` if the archive has a file of this name that the service did not write */
  async #leaveFile(shard: Shard, file: RecallFile): Promise<RecallFile> {
    const { archive, macs } = this.#parts
    const { sign } = await macs.rows()
    const text = formatRecall(file, sign(authenticatedRecall(macs.origin, file)))
    const name = recallPath(file.event)
    const standing = await archive.createOrRead(name, Buffer.from(text), 'application/json', text)
    const read = await this.#fileIn(standing, file.event)
    if (read === null) throw this.#foreign(shard, file.event)
    return read
  }

  async #fileIn(bytes: Uint8Array, event: Hex): Promise<RecallFile | null> {
    const { macs } = this.#parts
    const read = parseRecall(Buffer.from(bytes).toString('utf8'))
    const isOurs = read && (await macs.isAuthentic(authenticatedRecall(macs.origin, read.file), read.mac))
    return isOurs && read.file.event === event ? read.file : null
  }

  #foreign(shard: Shard, event: Hex): Problem {
    return evidenceBroken({ shard, row: recallPath(event), check: 'mac' })
  }
}

/** What a member said of a deputy before: what the row names and is in force, and what else there is. */
type Earlier =
  | { readonly row: DeputyRow; readonly known: Delegation; readonly others: readonly AbsenceFile[] }
  | { readonly row?: undefined; readonly known: null; readonly others: readonly AbsenceFile[] }

const noSuchDelegation = (): Problem =>
  new Problem('not-found', 'You have said nothing of this kind, or it is over.', { pointer: '/event' })

const recalledBy = ({ event, by, client }: RecallOrder): Draft => ({
  type: 'recalled',
  actor: { kind: 'person', id: by },
  data: { event, ...(client !== undefined && { client }) },
})

const isOf = ({ actor, data }: EventOf<'delegated'>, { deputy, member }: DeputyRow): boolean =>
  'id' in actor && actor.id === member && data.to === deputy

const shown = ({ at, data: { to, groups, until } }: EventOf<'delegated'>) => ({ to, groups, at, until })

/** The member's words, if they are those that the event commits to: texts lie beside it, and can be edited alone. */
function reasonIn({ said = {} }: EventOf<'delegated'>, kept: KeptEvent): Pick<Delegation, 'reason'> {
  const { reason } = kept.said
  return reason && saidDigest(reason) === said['reason'] ? { reason: reason.text } : {}
}

const isSame = (known: Delegation, { until, reason }: DelegationOrder, groups: readonly string[]): boolean =>
  known.until === until && (known.reason ?? '') === (reason ?? '') && known.groups.join() === groups.join()
