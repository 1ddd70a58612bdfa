import { actionDigest } from '../action/action.ts'
import { type Salted, saidDigest } from '../request/event.ts'
import { type ApprovalRequest, rowTexts, type Said } from '../request/request.ts'
import { readRecord } from './record.ts'
import type { Retelling, ToldEvent } from './retelling.ts'

/** Members of a request's row that no event has. Empty if the row is not authentic. */
export interface RowWords {
  readonly agent: string
  readonly policy: Pick<ApprovalRequest['policy'], 'summary' | 'presentation'>
}

/**
 * Selects the texts to which an event's leaf commits. A text that was changed beside the event may still be in the request's
 * row. A text in neither is lost.
 *
 * @param row the untrusted content of the request's row
 */
export function textsOf(event: ToldEvent, row: ApprovalRequest | null): Readonly<Record<string, Salted>> {
  const digests = Object.entries(readRecord(event.text).said ?? {})
  return Object.fromEntries(
    digests.flatMap(([name, digest]): (readonly [string, Salted])[] => {
      const own = Object.hasOwn(event.said, name) ? event.said[name] : undefined
      if (own === undefined) return []
      const copy = row?.said.find((text) => isTextOf(text, event.seq, name))
      const found = [own, ...(copy ? [{ salt: own.salt, text: copy.text }] : [])]
      const right = found.find((salted) => saidDigest(salted) === digest)
      return right === undefined ? [] : [[name, right]]
    }),
  )
}

/**
 * Rebuilds the row of a request from its events.
 *
 * @param events with the texts that {@link textsOf} selected
 * @param row the readable content of the old row: its action counts if it has the digest of the events
 */
export function rebuild(
  { life: { request: told }, events: refs }: Retelling,
  events: readonly ToldEvent[],
  row: ApprovalRequest | null,
  words: RowWords,
): ApprovalRequest {
  const said = rowTexts(events.map((event) => ({ ...event, type: readRecord(event.text).type })))
  return {
    ...told,
    agent: { id: told.agent.id, name: words.agent },
    action: actionIn(row?.action, told.digest),
    ...(told.askedDigest !== undefined && { askedAction: actionIn(row?.askedAction, told.askedDigest) }),
    policy: { ...told.policy, ...words.policy },
    events: refs,
    said,
  }
}

/** @param action may be anything, since nobody has checked the row */
function actionIn(
  action: ApprovalRequest['askedAction'],
  digest: ApprovalRequest['digest'],
): ApprovalRequest['action'] {
  try {
    return action && actionDigest(action) === digest ? action : null
  } catch {
    return null
  }
}

/** Reads a member of the row that may hold anything. */
function isTextOf(text: Said | null, seq: number, name: string): boolean {
  return text?.seq === seq && text.name === name && typeof text.text === 'string'
}
