import { type Edits, editsText } from '../../../src/core/action/edits.ts'
import { decide, show } from '../../../src/core/request/decision.ts'
import { actingFor } from '../../../src/core/request/deputy.ts'
import { digestOf, sha256 } from '../../../src/core/data/id.ts'
import {
  actionAfter,
  leftBy,
  moreThanAsked,
  narrow,
  type NarrowingInput,
  narrowingSteps,
  takesNarrowing,
} from '../../../src/core/request/narrowing.ts'
import { redeem } from '../../../src/core/request/redemption.ts'
import { type ApprovalRequest, contentOf, currentVotes } from '../../../src/core/request/request.ts'
import type { Submission } from '../../../src/core/request/submission.ts'
import { viewOf } from '../../../src/core/request/view.ts'
import {
  action,
  after,
  bot,
  code,
  dba,
  dba2,
  decision,
  facts,
  needs,
  owner,
  pending,
  policyVersion,
  security,
  slot,
  stored,
} from '../../support/build.ts'

const template = sha256('template')
const narrowable = { narrow: ['rows', 'tables'] }
const asked = { ...action, params: { rows: 120_000, tables: ['accounts', 'orders'] } }

const ask = (other: Partial<Submission> = {}): ApprovalRequest =>
  pending({ action: asked, narrowing: true, judgement: needs([slot('dba', 1)], narrowable), ...other })

const standing = (): ApprovalRequest =>
  ask({ action: { ...asked, standing: { uses: 20, for: 14_400, vary: {} } }, judgement: needs([slot('dba', 1)]) })

const tenth: Edits = { params: { rows: 12_000 } }

function input(request: ApprovalRequest, edits: Edits = tenth, other: Partial<NarrowingInput> = {}): NarrowingInput {
  const approver = other.approver ?? dba
  return {
    approver,
    name: 'Dana',
    seen: { via: 'api', digest: request.digest, content: contentOf(request) ?? sha256('') },
    facts: facts(approver),
    policy: policyVersion,
    edits: editsText(edits),
    left: () => {
      if (!request.action) throw new TypeError('It has its action.')
      return leftBy(request.action, request.requirement?.narrowable ?? [], edits)
    },
    at: after(60),
    ...other,
  }
}

const narrowed = (request = ask(), edits: Edits = tenth, other: Partial<NarrowingInput> = {}): ApprovalRequest => {
  const step = narrow(request, input(request, edits, other))
  return stored(step, after(60))
}

const seenNow = (request: ApprovalRequest) =>
  ({ via: 'api', digest: request.digest, content: contentOf(request) ?? sha256('') }) as const

test('a deputy makes a request smaller until the member is back, and no longer', () => {
  const until = after(100)
  const standIn = { accounts: [dba], groups: ['dba'], event: sha256('away'), until }
  const given = { approver: dba2, facts: actingFor(facts(dba2, { groups: [] }), standIn) }
  expect(narrowed(ask(), tenth, { ...given, at: after(99) }).narrowed).toHaveLength(1)
  expect(code(() => narrow(ask(), input(ask(), tenth, { ...given, at: until })))).toBe('not-permitted')
})

describe('what is left', () => {
  test('stands in place of what was asked for, which stays beside it', () => {
    const request = narrowed()
    expect(request).toMatchObject({
      status: 'pending',
      action: { params: { rows: 12_000, tables: ['accounts', 'orders'] } },
      askedAction: { params: { rows: 120_000 } },
      askedDigest: ask().digest,
      narrowed: [{ by: dba, at: after(60), params: ['rows'], digest: request.digest }],
    })
    expect(request.digest).not.toBe(ask().digest)
  })

  test('is told step by step, also once it was made smaller again', () => {
    const twice = narrowed(narrowed(), { params: { rows: 5, tables: ['orders'] } }, { approver: dba2 })
    expect(narrowingSteps(twice).map(({ changes }) => changes)).toEqual([
      [{ name: 'rows', before: 120_000, after: 12_000 }],
      [
        { name: 'rows', before: 12_000, after: 5 },
        { name: 'tables', before: ['accounts', 'orders'], after: ['orders'] },
      ],
    ])
    expect(twice).toMatchObject({ askedDigest: ask().digest, askedAction: asked })
    expect([0, 1, 2].map((count) => actionAfter(twice, count)?.params['rows'])).toEqual([120_000, 12_000, 5])
  })

  test('is not told once the edits are erased', () => {
    const erased = { ...narrowed(), said: [] }
    expect(narrowingSteps(erased).map(({ changes }) => changes)).toEqual([[]])
    expect(actionAfter({ ...erased, narrowed: [...(erased.narrowed ?? []), ...(erased.narrowed ?? [])] }, 1)).toBeNull()
  })

  test('is what an executor redeems, and not what was asked for', () => {
    const request = narrowed()
    const given = stored(decide(request, decision(request, { seen: seenNow(request) })), after(90))
    const redemption = {
      redemption: '11111111-0000-4000-8000-000000000000',
      grantExpiresAt: after(300),
      at: after(120),
    }
    expect(given.status).toBe('approved')
    expect(code(() => redeem(given, { ...redemption, digest: ask().digest }))).toBe('digest-mismatch')
    expect(redeem(given, { ...redemption, digest: request.digest }).request.status).toBe('redeemed')
  })

  test('of a standing approval are fewer uses, and less time from the approval on', () => {
    const request = narrowed(standing(), { standing: { uses: 5, for: 3600 } })
    expect(request).toMatchObject({ lapse: 3600, standing: { uses: 5, used: 0 }, action: { standing: { uses: 5 } } })
    const given = decide(request, decision(request, { seen: seenNow(request), at: after(90) })).request
    expect(given).toMatchObject({ status: 'approved', lapsesAt: after(90 + 3600) })
  })
})

describe('votes', () => {
  test('from before count no more, also that of the person who made it smaller', () => {
    const two = ask({ judgement: needs([slot('dba', 2)], narrowable) })
    const voted = stored(decide(two, decision(two)), after(30))
    const request = narrowed(voted, tenth, { approver: dba })
    expect(currentVotes(request)).toHaveLength(0)
    expect(request.decisions).toHaveLength(1)
    const again = decide(request, decision(request, { seen: seenNow(request) }))
    expect(currentVotes(stored(again, after(90)))).toHaveLength(1)
  })

  test('rest on what is left, and name it', () => {
    const request = narrowed()
    const vote = (seen: NarrowingInput['seen']) => code(() => decide(request, decision(request, { seen })))
    expect(vote({ via: 'api', digest: ask().digest })).toBe('digest-mismatch')
    expect(vote({ via: 'api', digest: request.digest })).toBe('digest-mismatch')
    expect(decide(request, decision(request, { seen: seenNow(request) })).request.status).toBe('approved')
  })

  test('that rest on an earlier view are refused', () => {
    const seen = stored(show(ask(), { approver: dba, template, page: 1, pages: 1 }), after(10))
    const view = viewOf(seen, template)
    if (view === null) throw new TypeError('It was shown.')
    const request = narrowed(seen, tenth, { seen: { via: 'teams', view } })
    expect(code(() => decide(request, decision(request, { seen: { via: 'teams', view } })))).toBe('digest-mismatch')
  })
})

describe('the same edits by the same person', () => {
  test('change nothing, whatever they saw', () => {
    const request = narrowed()
    const again = input(ask(), tenth, { at: after(70) })
    expect(narrow(request, again)).toEqual({ request, events: [] })
  })

  test('are new ones by another person', () => {
    const request = narrowed()
    expect(code(() => narrow(request, input(ask(), tenth, { approver: dba2 })))).toBe('digest-mismatch')
  })
})

describe('a request is made smaller', () => {
  test.each<[string, ApprovalRequest, Partial<NarrowingInput>, string]>([
    ['by the owner', ask(), { approver: owner, facts: facts(owner) }, 'self-approval'],
    ['by the agent', ask(), { approver: bot, facts: facts(bot) }, 'self-approval'],
    ['by a stranger', ask(), { approver: security, facts: facts(security, { groups: [] }) }, 'not-permitted'],
    ['by who is excluded now', ask(), { excluded: [dba] }, 'self-approval'],
    [
      'through a door that may not approve',
      ask({ judgement: needs(undefined, { ...narrowable, via: ['teams'] }) }),
      {},
      'not-permitted',
    ],
    ['by who saw another digest', ask(), { seen: { via: 'api', digest: digestOf('other') } }, 'digest-mismatch'],
    ['by who saw nothing', ask(), { seen: { via: 'teams', view: digestOf('view') } }, 'digest-mismatch'],
    ['after its deadline', ask(), { at: after(3600) }, 'not-pending'],
    [
      'that was withdrawn',
      { ...ask(), status: 'cancelled', closedAt: after(5), closedBy: { kind: 'agent', id: bot } },
      {},
      'not-pending',
    ],
    ['where policy names no param', pending({ action: asked, narrowing: true }), {}, 'not-narrower'],
    ['where the agent does not go along', ask({ narrowing: false as never }), {}, 'not-narrower'],
  ])('not %s', (_what, request, other, expected) => {
    expect(code(() => narrow(request, input(request, tenth, other)))).toBe(expected)
  })

  test('three times, and not a fourth time', () => {
    let request = ask()
    for (const rows of [1000, 100, 10]) {
      expect(takesNarrowing(request)).toBe(true)
      request = narrowed(request, { params: { rows } })
    }
    expect(takesNarrowing(request)).toBe(false)
    expect(code(() => narrow(request, input(request, { params: { rows: 1 } })))).toBe('too-many')
  })

  test.each<[string, ReturnType<NarrowingInput['left']>]>([
    ['with the digest of before', { digest: ask().digest, params: ['rows'], action: null }],
    ['by a param that policy did not name', { digest: digestOf('left'), params: ['limit'], action: null }],
    ['by params in another order', { digest: digestOf('left'), params: ['tables', 'rows'], action: null }],
    ['by a param twice', { digest: digestOf('left'), params: ['rows', 'rows'], action: null }],
    ['by nothing', { digest: digestOf('left'), action: null }],
    ['as a standing approval', { digest: digestOf('left'), standing: { uses: 1, seconds: 60 }, action: null }],
  ])('in no event %s', (_what, left) => {
    const request = ask()
    expect(code(() => narrow(request, input(request, tenth, { left: () => left })))).toBe('not-narrower')
  })

  test.each([
    ['more uses', { uses: 21, seconds: 60 }],
    ['more time', { uses: 1, seconds: 14_401 }],
    ['as much', { uses: 20, seconds: 14_400 }],
  ])('in no event of a standing approval with %s', (_what, terms) => {
    const request = standing()
    const left = () => ({ digest: digestOf('left'), standing: terms, action: null })
    expect(code(() => narrow(request, input(request, tenth, { left })))).toBe('not-narrower')
  })

  test('records who, what they saw, what is left, and by which policy that was judged', () => {
    const request = ask()
    const { events } = narrow(request, input(request, tenth, { reason: 'A tenth is enough.' }))
    expect(events).toEqual([
      {
        type: 'narrowed',
        actor: { kind: 'person', id: dba },
        request: request.id,
        data: {
          ...{ via: 'api', content: contentOf(request), facts: facts(dba) },
          ...{ digest: narrowed().digest, params: ['rows'], policy: policyVersion },
        },
        said: { edits: '{"params":{"rows":12000}}', name: 'Dana', reason: 'A tenth is enough.' },
      },
    ])
  })
})

describe('what is left is judged', () => {
  const required = ask({ judgement: needs([slot('dba', 2)], narrowable) }).requirement
  if (!required) throw new TypeError('People decide it.')
  const other = (judged: Parameters<typeof moreThanAsked>[1], asked = required) => moreThanAsked(asked, judged) !== null

  test.each<[string, boolean, Parameters<typeof moreThanAsked>[1]]>([
    ['the same', false, { outcome: 'approve', slots: [slot('dba', 2)], tier: 'medium' }],
    ['a lower quorum', false, { outcome: 'approve', slots: [slot('dba', 1)], tier: 'low' }],
    ['a higher quorum', true, { outcome: 'approve', slots: [slot('dba', 3)], tier: 'low' }],
    ['people of another group', true, { outcome: 'approve', slots: [slot('security', 1)], tier: 'low' }],
    ['a slot more', true, { outcome: 'approve', slots: [slot('dba', 2), slot('security', 1)], tier: 'low' }],
    ['a higher tier', true, { outcome: 'approve', slots: [slot('dba', 2)], tier: 'high' }],
    ['fewer doors', true, { outcome: 'approve', slots: [slot('dba', 2)], tier: 'low', via: ['teams'] }],
    ['nobody', true, { outcome: 'allow' }],
    ['that it is not done', true, { outcome: 'forbid' }],
    ['nothing that it knows', true, { outcome: 'no-policy' }],
  ])('where policy wants %s, it is refused: %s', (_what, isRefused, judged) => {
    expect(other(judged)).toBe(isRefused)
  })

  test('by the slots of the rule, also after other groups joined them', () => {
    const slots = [{ groups: ['dba'], later: { after: 60, groups: ['security'] }, quorum: 2 }]
    const joined = { ...required, slots: [{ groups: ['dba', 'security'], quorum: 2 }] }
    expect(other({ outcome: 'approve', slots, tier: 'low' }, joined)).toBe(false)
  })
})
