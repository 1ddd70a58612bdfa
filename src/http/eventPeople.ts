import type { Approvals } from '../approvals/approvals.ts'
import type { ObjectId } from '../core/data/id.ts'
import { readRecord } from '../core/record/record.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { KeptEvent } from '../ports/ledger.ts'
import { peopleOf } from './listing.ts'

/**
 * Names the people in the events of a request, by object id, for readers: nothing rests on these names.
 *
 * A name that was recorded with a vote counts as it was then. The directory names the others. If a recorded name was
 * erased, the person stays without one, so that the directory does not tell what the erasure took away.
 */
export async function namesIn(
  { namesOf }: Pick<Approvals, 'namesOf'>,
  request: ApprovalRequest,
  events: readonly KeptEvent[],
): Promise<Readonly<Record<ObjectId, string>>> {
  const named = new Map<ObjectId, string>()
  const erased = new Set<ObjectId>()
  const people = new Set<ObjectId>(peopleOf(request))
  for (const { text, said: kept } of events) {
    const { actor, type, said = {} } = readRecord(text)
    const isGone = (name: string): boolean => said[name] !== undefined && kept[name] === undefined
    if (type === 'requested' && isGone('owner')) for (const id of request.requirement?.excluded ?? []) erased.add(id)
    if (actor.kind !== 'person') continue
    people.add(actor.id)
    if (isGone('name')) erased.add(actor.id)
    else if (kept['name'] !== undefined) named.set(actor.id, kept['name'].text)
  }
  for (const [id, name] of await namesOf([...people].filter((id) => !named.has(id) && !erased.has(id))))
    named.set(id, name)
  return Object.fromEntries(named)
}
