/** The closed table of problems: code, HTTP status and title (RFC 9457). The codes are API and never change. */
const table = {
  'invalid-input': [400, 'The input is not valid'],
  'invalid-json': [400, 'The body is not acceptable JSON'],
  unauthenticated: [401, 'Sign in first'],
  'step-up': [401, 'Sign in once more'],
  'not-permitted': [403, 'You may not do this'],
  'forbidden-by-policy': [403, 'Policy forbids this action'],
  'self-approval': [403, 'Nobody decides for their own agent'],
  'grant-invalid': [403, 'The grant is not valid'],
  'digest-mismatch': [403, 'This is not the action that was asked for'],
  'not-found': [404, 'Not found'],
  'not-pending': [409, 'The request is not pending'],
  'already-decided': [409, 'This person has already decided'],
  'already-answered': [409, 'The question was already answered'],
  'already-reviewed': [409, 'The broken glass was already reviewed'],
  'already-pending': [409, 'The same action is already pending'],
  'already-redeemed': [409, 'The grant was already redeemed'],
  'already-reported': [409, 'The outcome was already reported'],
  'not-redeemed': [409, 'The grant was not redeemed'],
  'not-redeemable': [409, 'The request cannot be redeemed'],
  'standing-over': [409, 'The standing approval is over'],
  'still-open': [409, 'The request is still open'],
  'on-hold': [409, 'The request is on hold'],
  'not-repairable': [409, 'This cannot be repaired'],
  'too-large': [413, 'Too large'],
  'idempotency-mismatch': [422, 'The idempotency key was used for another request'],
  'no-eligible-approver': [422, 'Nobody could approve this'],
  'not-showable': [422, 'The action cannot be shown to an approver'],
  'not-deputy': [422, 'Policy names no such deputy'],
  'not-covered': [422, 'The standing approval does not cover this'],
  'not-narrower': [422, 'This does not make the request smaller'],
  'secret-in-params': [422, 'The request holds a secret'],
  'too-many': [429, 'Too many requests'],
  'cooling-down': [429, 'This was denied a moment ago'],
  busy: [503, 'Too many changes at once'],
  unavailable: [503, 'A part of the service cannot be reached'],
  'newer-format': [503, 'Written by a newer version of the service'],
  'evidence-broken': [503, 'The evidence does not hold'],
  'read-only': [503, 'Open for reading only'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof table

export const problemCodes = Object.keys(table) as readonly ProblemCode[]

/**
 * Problems whose status invites a retry (RFC 9110 section 15.6.4), although no retry can succeed until an operator
 * updates the service, repairs the evidence, or sets up another ledger. Their answers have no `Retry-After`, and clients
 * do not repeat the call.
 */
const lasting: ReadonlySet<unknown> = new Set<ProblemCode>(['newer-format', 'evidence-broken', 'read-only'])

/** Whether a problem with this code remains until an operator has done something. */
export const isLasting = (code: unknown): boolean => lasting.has(code)

/** The place of a stored row that this program is too old to read. It says nothing of what the row holds. */
export interface NewerRow {
  readonly shard: string
  readonly row: string
  readonly request?: string
  readonly version: number
}

/**
 * What found that a row does not hold. `missing`: it is gone; `mac`: it is not authentic; `form`: it cannot be read;
 * `events`: it contradicts its events; `end`: the archive has another end of the request; `head`: the chain was longer,
 * or another. The seal finds more: `chain`: an event is missing, or does not follow the one before it; `rules`: the
 * rules do not give it; `log`: what the archive has of the log does not fit.
 */
export const rowChecks = ['missing', 'mac', 'form', 'events', 'end', 'head', 'chain', 'rules', 'log'] as const

/** A stored row that is not as the service wrote it: its place and the check that found it, but not its content. */
export interface BrokenRow {
  /** The shard, or another partition. */
  readonly shard: string
  readonly row: string
  readonly request?: string
  readonly check: (typeof rowChecks)[number]
}

/**
 * What a caller may learn of an access token that was refused: there is none, it cannot be read, its time is over, or it
 * is not for this service.
 */
export type TokenFault = 'none' | 'unreadable' | 'expired' | 'foreign'

/** What an access token has to bear, and where a person gets one that does: by a step-up. */
export interface StepUpNeeded {
  /** The authentication context of Entra, as `c1`. */
  readonly context: string
  /** The authorization endpoint of the tenant. */
  readonly authorizationUri: string
}

/** What may accompany a problem. `pointer` is a JSON pointer (RFC 6901) into the body; `retryAfter` is in seconds. */
export interface ProblemDetails {
  readonly pointer?: string
  readonly retryAfter?: number
  /** The id of the request that stands in the way, where the caller may know of it. */
  readonly request?: string
  /** The id of the hold that stands in the way. */
  readonly hold?: string
  /** Written to the log only, never to the caller. */
  readonly newer?: NewerRow
  /** For the log and health alone. */
  readonly broken?: BrokenRow
  /** Names the claim of an access token that was refused, and never its value. For the log alone. */
  readonly claim?: string
  /** What the caller may know of it, where anything. */
  readonly token?: TokenFault
  /** What the token lacks. For the header that says so. */
  readonly stepUp?: StepUpNeeded
  /** Whether the caller holds a token of a person who did not call. For the log of refusals alone. */
  readonly isBorrowed?: true
  readonly cause?: unknown
}

/** Says what a caller caused or must know. The code is API; the sentence is for people and holds nothing secret. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly details: Omit<ProblemDetails, 'cause'>

  constructor(code: ProblemCode, sentence: string, { cause, ...details }: ProblemDetails = {}) {
    super(sentence, cause === undefined ? undefined : { cause })
    this.name = 'Problem'
    this.code = code
    this.details = details
  }

  get status(): number {
    return table[this.code][0]
  }

  get title(): string {
    return table[this.code][1]
  }
}

/**
 * Says that there is no such request, in the same words whether there is none or the caller may not know of it. The
 * words name a reason that is easily overlooked: old accounts of Entra may have no user type, and count as guests.
 */
export const noSuchRequest = (): Problem =>
  new Problem(
    'not-found',
    'There is no such request, or it is not for you. Guests, and accounts without a user type in the directory, see none.',
  )

export const noSuchHold = (): Problem =>
  new Problem('not-found', 'There is no such hold: the list of holds has the ids.')

/** Whether an error says that a row is not as the service wrote it. */
export const isBroken = (cause: unknown): cause is Problem =>
  cause instanceof Problem && cause.code === 'evidence-broken'

/**
 * Turns the problem of a row that is too new for this program into a value, so that it does not hide the other rows.
 *
 * @throws the cause, if it is anything else
 */
export function asNewer(cause: unknown): { readonly newer: NewerRow } {
  if (cause instanceof Problem && cause.details.newer) return { newer: cause.details.newer }
  throw cause
}

/** The key of an event's row, by the event's number in its shard. */
/** The key of the row that names an absence. */
export const deputyRow = (deputy: string, member: string): string => `deputy-${deputy}-${member}`

export const eventRow = (seq: number): string => `event-${String(seq).padStart(12, '0')}`

/** Says that a row is not as the service wrote it. */
export const evidenceBroken = (broken: BrokenRow, cause?: unknown): Problem =>
  new Problem('evidence-broken', 'What is stored of this is not what was recorded. An operator has to look at it.', {
    broken,
    ...(cause !== undefined && { cause }),
  })

/** Returns the problem that a check throws; `null` if it throws none. */
export function problemIn(check: () => void): Problem | null {
  try {
    check()
    return null
  } catch (cause) {
    if (cause instanceof Problem) return cause
    throw cause
  }
}
