import { type Digest, type Hex, type RequestId, sha256 } from '../data/id.ts'
import { type Instant, milliseconds } from '../data/instant.ts'
import type { Life } from './replayedRequest.ts'
import type { LogEvent } from './record.ts'

/** An event that somebody should look at: a row of exceptions.csv, as docs/evidence/bundle.md has it. */
export interface Exceptional {
  /** The event's place in the log. */
  readonly index: number
  readonly at: Instant
  readonly request?: RequestId
  readonly kind: Kind
  /** An object id, or `policy`, `system`. */
  readonly actor: string
  /** The request's verb. */
  readonly action?: string
  readonly detail: string
}

type Kind =
  | 'never-used'
  | 'unreported'
  | 'failed'
  | 'expired'
  | 'revoked'
  | 'undeliverable'
  | 'hasty'
  | 'policy-changed'
  | 'key-rotated'
  | 'erased'

/** Decided sooner after it was shown, in milliseconds, than one can read. */
const hastyWithin = 5_000

/** @returns `null` for an event that is none */
export function exceptionOf(event: LogEvent, index: number, life: Life | null): Exceptional | null {
  const found = kindOf(event, life)
  if (found === null) return null
  const { at, request, actor } = event
  return {
    index,
    at,
    ...(request !== undefined && { request }),
    kind: found.kind,
    actor: 'id' in actor ? actor.id : actor.kind,
    ...(life && { action: life.request.verb }),
    detail: found.detail ?? '',
  }
}

function kindOf(event: LogEvent, life: Life | null): { readonly kind: Kind; readonly detail?: string } | null {
  switch (event.type) {
    case 'lapsed':
      return { kind: 'never-used' }
    case 'unreported':
    case 'failed':
    case 'expired':
    case 'revoked':
    case 'undeliverable':
      return { kind: event.type }
    case 'decided': {
      const elapsed = life && event.data.view ? sinceShown(event, event.data.view, life) : null
      return elapsed !== null && elapsed < hastyWithin ? { kind: 'hasty', detail: String(elapsed) } : null
    }
    case 'policy-changed':
      return { kind: event.type, detail: event.data.to }
    case 'key-rotated':
      return { kind: event.type, detail: fingerprint(event.data.key) }
    case 'erased':
      return { kind: event.type, detail: event.data.names.join('; ') }
    case 'requested':
    case 'shown':
    case 'approved':
    case 'denied':
    case 'cancelled':
    case 'redeemed':
    case 'succeeded':
      return null
  }
}

/** Milliseconds since this approver was first shown this view. */
function sinceShown({ actor, at }: LogEvent, view: Digest, { request, shownAt }: Life): number | null {
  const approver = 'id' in actor ? actor.id : null
  const first = shownAt[request.shown.findIndex((shown) => shown.approver === approver && shown.view === view)]
  return first === undefined ? null : milliseconds(at) - milliseconds(first)
}

const fingerprint = (spki: string): Hex => sha256(Buffer.from(spki, 'base64'))
