/**
 * A model of a request under calls one after the other. It is written from the description of the API alone, and shares
 * no code with the app. Concurrent calls must have results that this model allows in some order.
 */

/** Whether a deadline has passed for a call; `maybe` if it passed during the call. */
export type Passed = 'no' | 'maybe' | 'yes'

export type Call =
  | { readonly kind: 'approve' | 'deny' | 'revoke'; readonly who: string }
  | { readonly kind: 'cancel' | 'read' }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'redeem'; readonly redemption: string; readonly grantExpired: Passed }
  | { readonly kind: 'report'; readonly result: 'succeeded' | 'failed' }
  /** Asks for an action under the standing approval, by an idempotency key. */
  | { readonly kind: 'use'; readonly key: string }
  /** Redeems the use that this key got. */
  | { readonly kind: 'carry'; readonly key: string; readonly redemption: string }

/**
 * The status and the number of votes of an answer, the number of a use, or the code of a problem. A sweep answers only
 * `done`, and a redemption of a use `carried`.
 */
export type Answer =
  | { readonly status: string; readonly votes: number }
  | { readonly use: number }
  | { readonly problem: string }
  | 'done'
  | 'carried'

type Status = 'pending' | 'approved' | 'redeemed' | 'succeeded' | 'failed' | Ended
type Ended = 'denied' | 'expired' | 'cancelled' | 'lapsed' | 'revoked' | 'ended'

/** A use of a standing approval: who asked for it, and what redeemed it. */
interface UseState {
  readonly key: string
  readonly redemption?: string
}

/** What a standing approval gives, and what was taken of it, in order. */
interface StandingState {
  readonly most: number
  readonly uses: readonly UseState[]
}

export interface State {
  readonly status: Status
  /** The number of people who must approve. */
  readonly quorum: number
  readonly votes: readonly { readonly who: string; readonly verdict: 'approve' | 'deny' }[]
  /** The person who revoked, or the redemption. */
  readonly by?: string
  readonly standing?: StandingState
}

/** A possible result of a call: the state after it, its answer, and its events. */
export interface Outcome {
  readonly state: State
  readonly answer: Answer
  readonly events: readonly string[]
}

export interface Deadlines {
  readonly expired: Passed
  readonly lapsed: Passed
}

export const asked = (quorum: number): State => ({ status: 'pending', quorum, votes: [] })

/** A standing approval of so many uses, which one person has to approve. */
export const askedStanding = (most: number): State => ({ ...asked(1), standing: { most, uses: [] } })

/** Lists the possible results of a call: more than one if a deadline passes during the call. */
export function outcomes(state: State, call: Call, deadlines: Deadlines): readonly Outcome[] {
  const passed = state.status === 'pending' ? deadlines.expired : state.status === 'approved' ? deadlines.lapsed : 'no'
  const over = state.status === 'pending' ? 'expired' : 'lapsed'
  return [
    ...(passed === 'yes' ? [] : answered(state, call, [])),
    ...(passed === 'no' ? [] : answered({ ...state, status: over }, call, [over])),
  ]
}

function answered(state: State, call: Call, before: readonly string[]): readonly Outcome[] {
  const refused = (problem: string): readonly Outcome[] => [{ state, answer: { problem }, events: before }]
  const left = (after: State, ...events: readonly string[]): readonly Outcome[] => [
    { state: after, answer: shown(after), events: [...before, ...events] },
  ]
  switch (call.kind) {
    case 'sweep':
      return [{ state, answer: 'done', events: before }]
    case 'read':
      return left(state)
    case 'use':
      return used(state, call.key, before)
    case 'carry':
      return carried(state, call, before)
    case 'approve':
    case 'deny':
      return voted(state, { who: call.who, verdict: call.kind }, left, refused)
    case 'redeem': {
      const again = state.status === 'redeemed' && state.by === call.redemption
      if (again) return left(state)
      const decided =
        state.status === 'approved'
          ? left({ ...state, status: 'redeemed', by: call.redemption }, `redeemed ${call.redemption}`)
          : refused(refusals[state.status].redeem)
      return [
        ...(call.grantExpired === 'yes' ? [] : decided),
        ...(call.grantExpired === 'no' ? [] : refused('grant-invalid')),
      ]
    }
    case 'report':
      if (state.status === call.result) return left(state)
      if (state.status === 'redeemed') return left({ ...state, status: call.result }, call.result)
      return refused(refusals[state.status].report)
    case 'cancel':
      if (state.status === 'cancelled') return left(state)
      if (state.status !== 'pending' && state.status !== 'approved') return refused(refusals[state.status].cancel)
      return left({ ...state, status: 'cancelled' }, 'cancelled')
    case 'revoke':
      if (state.status === 'revoked' && state.by === call.who) return left(state)
      if (state.status !== 'approved') return refused(refusals[state.status].revoke)
      return left({ ...state, status: 'revoked', by: call.who }, `revoked ${call.who}`)
  }
}

const noUses: StandingState = { most: 0, uses: [] }

/** A known key is answered as it was, also after the end. Another takes a use; the last one ends the standing approval. */
function used(state: State, key: string, before: readonly string[]): readonly Outcome[] {
  const { standing = noUses, status } = state
  const known = standing.uses.findIndex((one) => one.key === key)
  if (known >= 0) return [{ state, answer: { use: known + 1 }, events: before }]
  if (status !== 'approved') return [{ state, answer: { problem: 'standing-over' }, events: before }]
  const uses = [...standing.uses, { key }]
  const isLast = uses.length === standing.most
  const after: State = { ...state, standing: { ...standing, uses }, status: isLast ? 'ended' : status }
  const events = [...before, `used ${uses.length}`, ...(isLast ? ['ended'] : [])]
  return [{ state: after, answer: { use: uses.length }, events }]
}

/** A use is redeemed once, and not after its standing approval was taken back. There is no order in which it was not granted. */
function carried(
  state: State,
  { key, redemption }: Extract<Call, { kind: 'carry' }>,
  before: readonly string[],
): readonly Outcome[] {
  const { standing = noUses, status } = state
  const use = standing.uses.find((one) => one.key === key)
  if (!use) return []
  const refused = (problem: string): readonly Outcome[] => [{ state, answer: { problem }, events: before }]
  if (use.redemption === redemption) return [{ state, answer: 'carried', events: before }]
  if (use.redemption !== undefined) return refused('already-redeemed')
  if (status === 'revoked' || status === 'cancelled') return refused('not-redeemable')
  const uses = standing.uses.map((one) => (one === use ? { ...one, redemption } : one))
  const after: State = { ...state, standing: { ...standing, uses } }
  return [{ state: after, answer: 'carried', events: [...before, `redeemed ${redemption}`] }]
}

type Left = (after: State, ...events: readonly string[]) => readonly Outcome[]

function voted(
  state: State,
  vote: State['votes'][number],
  left: Left,
  refused: (problem: string) => readonly Outcome[],
): readonly Outcome[] {
  if (state.votes.findLast(({ who }) => who === vote.who)?.verdict === vote.verdict) return left(state)
  if (state.status !== 'pending') return refused('not-pending')
  const votes = [...state.votes, vote]
  const event = `decided ${vote.who} ${vote.verdict}`
  if (vote.verdict === 'deny') return left({ ...state, votes, status: 'denied' }, event, 'denied')
  const people = new Set(votes.map(({ who }) => who)).size
  if (people < state.quorum) return left({ ...state, votes }, event)
  return left({ ...state, votes, status: 'approved' }, event, 'approved')
}

const shown = ({ status, votes }: State): Answer => ({ status, votes: votes.length })

/** The codes with which calls are refused in a status that does not allow them. */
type Refusals = Readonly<Record<'cancel' | 'redeem' | 'report' | 'revoke', string>>

const closed: Refusals = {
  cancel: 'not-pending',
  redeem: 'not-redeemable',
  report: 'not-redeemed',
  revoke: 'not-redeemable',
}
const reported: Refusals = { ...closed, report: 'already-reported' }
const redeemed = { cancel: 'already-redeemed', redeem: 'already-redeemed', revoke: 'already-redeemed' }

const refusals: Readonly<Record<Status, Refusals>> = {
  pending: closed,
  approved: closed,
  redeemed: { ...closed, ...redeemed },
  succeeded: reported,
  failed: reported,
  denied: closed,
  expired: closed,
  cancelled: closed,
  lapsed: closed,
  revoked: closed,
  ended: closed,
}
