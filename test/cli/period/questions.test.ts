import type { ObjectId, RequestId } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import type { Day } from '../../../src/core/data/day.ts'
import type { RequestCells } from '../../../src/core/record/tables.ts'
import { AnswersOfPeriod } from '../../../src/cli/period/answers.ts'
import { type FactVote, noFacts, type RequestFacts } from '../../../src/cli/period/facts.ts'
import { questions } from '../../../src/cli/period/questions.ts'
import { bot, dba, dba2, owner, ownerAlias, requestId, runner } from '../../support/build.ts'

const at = (minute: number): Instant => `2026-03-04T12:${String(minute).padStart(2, '0')}:00.000Z` as Instant

const cells: Partial<RequestCells> = {
  ...{ request: requestId, state: 'succeeded', action: 'db.export', agent: bot, executor: runner, outcome: 'approve' },
  ...{ rules: 'export-needs-dba', required: 'dba:1', approvers: dba, denied_by: '', requested_at: at(0) },
  ...{ decided_at: at(1), redeemed_at: at(2), closed_at: at(3) },
}

const vote = (by: ObjectId, other: Partial<FactVote> = {}): FactVote => ({
  ...{ seq: 2, at: at(1), by, verdict: 'approve', via: 'teams', accounts: [by], groups: ['dba'] },
  ...other,
})

const step = (seq: number, type: string, minute: number) => ({ seq, type, at: at(minute), by: 'system' })

/** A request that was approved and carried out, but for changes. */
const facts = (other: Partial<RequestFacts> = {}, more: Partial<RequestCells> = {}): RequestFacts => ({
  ...noFacts(requestId, '2026-03-04' as Day),
  cells: { ...cells, ...more } as RequestCells,
  excluded: [owner, ownerAlias],
  votes: [vote(dba)],
  steps: [step(1, 'requested', 0), step(3, 'approved', 1), step(4, 'redeemed', 2), step(5, 'succeeded', 3)],
  ...other,
})

/** Approved by one person alone, and found justified. */
const glass: RequestFacts['glass'] = {
  ...{ seq: 2, at: at(1), by: dba, accounts: [dba], reviewBy: at(59) },
  review: { seq: 9, at: at(30), by: dba2, finding: 'justified' },
}

/** What a question finds: `undefined` if the request is not of its population. */
function found(id: string, of: RequestFacts): string | null | undefined {
  const question = questions.find((one) => one.id === id)
  if (!question) throw new Error(`There is no question ${id}.`)
  return question.isOfPopulation(of) ? question.find(of) : undefined
}

test('a request that was decided and carried out as it should be is no exception of any test', () => {
  const tests = questions.filter(({ isTest, id }) => isTest && id !== 'glass-reviewed')
  for (const { id } of tests) expect([id, found(id, facts())]).toEqual([id, null])
  expect(found('glass-reviewed', facts({ glass }))).toBeNull()
})

test.each<[string, string, RequestFacts]>([
  [
    'carried out before it was approved',
    'redeemed-only-when-approved',
    facts({ steps: [step(1, 'requested', 0), step(2, 'redeemed', 1), step(3, 'approved', 2)] }),
  ],
  [
    'carried out and never approved',
    'redeemed-only-when-approved',
    facts({ steps: [step(1, 'requested', 0), step(2, 'redeemed', 1)] }),
  ],
  ['approved by the owner of its agent', 'no-self-approval', facts({ votes: [vote(owner)] })],
  [
    'approved by another account of the owner',
    'no-self-approval',
    facts({ votes: [vote(dba, { accounts: [dba, ownerAlias] })] }),
  ],
  ['approved by its agent', 'no-self-approval', facts({ votes: [vote(bot)] })],
  ['approved by its executor', 'no-self-approval', facts({ votes: [vote(runner)] })],
  ['approved by one where two are asked for', 'quorum-met', facts({}, { required: 'dba:2' })],
  [
    'approved twice by one person',
    'quorum-met',
    facts({ votes: [vote(dba), vote(dba2, { accounts: [dba, dba2] })] }, { required: 'dba:1; security:1' }),
  ],
  ['approved by somebody of another group', 'quorum-met', facts({ votes: [vote(dba, { groups: [] })] })],
  ['approved by a vote that no longer counts', 'quorum-met', facts({ votes: [vote(dba, { void: 'left' })] })],
  ['approved by a vote from before an answer', 'quorum-met', facts({ votes: [vote(dba, { outdated: true })] })],
  [
    'approved alone by the owner of its agent',
    'no-self-approval',
    facts({ votes: [], glass: { ...glass, by: owner, accounts: [owner] } }),
  ],
  ['approved alone', 'glass-broken', facts({ votes: [], glass })],
  [
    'approved alone, and found not to be justified',
    'glass-reviewed',
    facts({ glass: { ...glass, review: { seq: 9, at: at(30), by: dba2, finding: 'unjustified' } } }),
  ],
  [
    'approved alone, and not reviewed in time',
    'glass-reviewed',
    facts({ glass, odd: [{ kind: 'unreviewed', at: at(59), detail: '', actor: 'system' }] }),
  ],
  [
    'never reported',
    'outcome-reported',
    facts({ odd: [{ kind: 'unreported', at: at(9), detail: '', actor: 'system' }] }),
  ],
  ['carried out without people', 'without-people', facts({}, { outcome: 'allow' })],
  ['denied by a person', 'denied', facts({}, { state: 'denied', denied_by: dba })],
  ['denied as forbidden', 'denied', facts({}, { state: 'denied', outcome: 'forbid' })],
  [
    'of which somebody tried too much',
    'refused',
    facts({ refusals: [{ at: at(1), by: owner, act: 'decide', code: 'self-approval' }] }),
  ],
  ['decided in haste', 'hasty', facts({ odd: [{ kind: 'hasty', at: at(1), detail: 'decided in 1 s', actor: dba }] })],
  ['decided without a look', 'unseen', facts({ odd: [{ kind: 'unseen', at: at(1), detail: 'approve', actor: dba }] })],
])('a request that was %s is found', (_what, id, of) => {
  expect(found(id, of)).toEqual(expect.any(String))
})

test.each<[string, string, RequestFacts]>([
  ['two people fill two places', 'quorum-met', facts({ votes: [vote(dba), vote(dba2)] }, { required: 'dba:2' })],
  [
    'a person who denied first and approved then',
    'no-self-approval',
    facts({ votes: [vote(dba, { verdict: 'deny' }), vote(dba)] }),
  ],
  ['a rule of policy allows it', 'redeemed-only-when-approved', facts({ votes: [] }, { outcome: 'allow' })],
])('%s: that is no exception', (_what, id, of) => {
  expect(found(id, of)).toBeNull()
})

test.each<[string, RequestFacts]>([
  ['quorum-met', facts({ votes: [], steps: [step(1, 'requested', 0)] }, { state: 'pending', redeemed_at: '' })],
  ['redeemed-only-when-approved', facts({}, { redeemed_at: '' })],
  ['no-self-approval', facts({ votes: [vote(owner, { verdict: 'deny' })] })],
])('%s leaves out what is not of its population', (id, of) => {
  expect(found(id, of)).toBeUndefined()
})

test('every question has an id of its own', () => {
  const ids = questions.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('answers count populations, finds, votes and days', () => {
  const answers = new AnswersOfPeriod()
  answers.take(facts())
  answers.take({ ...facts({ votes: [vote(owner)] }), id: '01kjw2xm00abcdefghjkmnpqrt-07' as RequestId })
  const self = answers.answers().find(({ question }) => question.id === 'no-self-approval')
  expect(self).toMatchObject({ population: 2, found: 1, rows: [{ id: '01kjw2xm00abcdefghjkmnpqrt-07' }] })
  expect(answers.requests()).toMatchObject({ all: 2 })
  expect(answers.days().get('2026-03-04')).toMatchObject({ people: 2, denied: 0 })
  expect(answers.approvers().get(dba)).toMatchObject({ approve: 1, deny: 0 })
})
