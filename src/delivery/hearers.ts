import { type InvolvementParts, mayKnow } from '../approvals/involvement.ts'
import { known, membersOf } from '../approvals/eligibility.ts'
import type { ObjectId } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import type { Notice } from '../core/request/notice.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { overlap } from '../core/request/requirement.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hearing, Hearings } from '../ports/hearings.ts'
import { parseQuietHours, quietUntil } from '../runtime/quietHours.ts'

/** A person whom a notice concerns, and who wants to be told. */
export interface Hearer {
  readonly id: ObjectId
  /** For display. */
  readonly name: string
  /** Their own chat with the bot. */
  readonly conversation: string
  /** When their quiet hours end. Absent outside of them. */
  readonly quietUntil?: Instant
}

/**
 * Finds whom a notice concerns, of those who want to be told. Whoever may not know of the request is not among them.
 *
 * @throws {Problem} `unavailable` when the storage or the directory cannot be asked
 */
export type Hearers = (request: ApprovalRequest, notice: Notice) => Promise<readonly Hearer[]>

type HearerParts = InvolvementParts & { readonly outbox: Pick<Hearings, 'hearings'>; readonly clock: Clock }

/** Seconds for which this process keeps the list of those who want to be told. */
const listFor = 15

export function hearersOf(parts: HearerParts): Hearers {
  const { outbox, clock } = parts
  let list: { readonly all: readonly Hearing[]; readonly until: Instant } | null = null
  const hearings = async (): Promise<readonly Hearing[]> => {
    const now = clock.now()
    if (list === null || now >= list.until) list = { all: await outbox.hearings(), until: plusSeconds(now, listFor) }
    return list.all
  }
  return async (request, notice) => {
    const concerned = await Promise.all((await hearings()).map((one) => hearerIn(parts, request, notice, one)))
    return concerned.flatMap((one) => one ?? [])
  }
}

async function hearerIn(
  parts: HearerParts,
  request: ApprovalRequest,
  notice: Notice,
  { person: id, conversation, quiet }: Hearing,
): Promise<Hearer | null> {
  // First what needs no look at the person: there may be many who want to hear.
  if (!(await concerns(parts, notice, id))) return null
  const person = await known(parts, id)
  if (!person || !(await mayKnow(parts, request, person))) return null
  const hours = quiet === undefined ? null : parseQuietHours(quiet)
  const until = hours && quietUntil(hours, parts.clock.now())
  return { id, name: person.name, conversation, ...(until && { quietUntil: until }) }
}

async function concerns(
  { policy, directory }: HearerParts,
  { groups, people, but }: Notice,
  id: ObjectId,
): Promise<boolean> {
  const accounts = policy.accounts(id)
  if (overlap(but, accounts)) return false
  if (overlap(people, accounts)) return true
  // Whether the member is away now is told by whether the deputy may know of the request.
  if (groups.some((name) => overlap(policy.group(name)?.deputies ?? [], accounts))) return true
  const members = groups.flatMap((name) => policy.group(name) ?? []).map((group) => membersOf(directory, group))
  return (await Promise.all(members)).some((ids) => ids.includes(id))
}
