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

/** The status and the number of votes of an answer, or the code of a problem. A sweep answers only `done`. */
export type Answer = { readonly status: string; readonly votes: number } | { readonly problem: string } | 'done'

type Status = 'pending' | 'approved' | 'redeemed' | 'succeeded' | 'failed' | Ended
type Ended = 'denied' | 'expired' | 'cancelled' | 'lapsed' | 'revoked'

export interface State {
  readonly status: Status
  /** The number of people who must approve. */
  readonly quorum: number
  readonly votes: readonly { readonly who: string; readonly verdict: 'approve' | 'deny' }[]
  /** The person who revoked, or the redemption. */
  readonly by?: string
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
}
