import { type Digest, sha256 } from '../../src/core/data/id.ts'
import { bot, dba, oid, ownerAlias, runner, security } from '../support/build.ts'
import { oncall, type TrueDays } from '../support/liars.ts'
import { type Telling, tellingOf, type Told } from '../support/retelling.ts'

/** Makes a telling of the days as they happened. */
export type Liar = (real: TrueDays) => Telling

/** Changes the events that a liar looks for, of which there has to be one. */
export const lying =
  (change: (event: Told) => Told | null): Liar =>
  (real) => {
    const { days } = tellingOf(real.days)
    let count = 0
    const told = days.map(({ date, events }) => ({
      date,
      events: events.map((event) => {
        const changed = change(event)
        if (changed) count += 1
        return changed ?? event
      }),
    }))
    if (count === 0) throw new Error('Nothing was lied about.')
    return { days: told }
  }

/** Changes the data of events of a type, where they are about this verb. */
export const aboutAsk = (verb: string, change: (data: Record<string, unknown>) => Record<string, unknown>) =>
  lying((event) =>
    event.type === 'requested' && event.data?.['action'] === verb
      ? { ...event, data: { ...event.data, ...change(event.data) } }
      : null,
  )

/** Changes the data of the last ask, on which nobody voted: what follows from a lie about it is not refused before. */
const aboutLast = (change: Record<string, unknown>) =>
  lying((event) =>
    event.type === 'requested' && event.at.startsWith('2026-03-05')
      ? { ...event, data: { ...event.data, ...change } }
      : null,
  )

const ofType = (type: string, change: (event: Told) => Told | null) =>
  lying((event) => (event.type === type ? change(event) : null))

type Facts = Record<'accounts' | 'groups', string[]> & { asOf: string }

const aboutFacts = (type: string, who: string | null, change: (facts: Facts, at: string) => Partial<Facts>) =>
  ofType(type, (event) => {
    if (who !== null && event.actor.id !== who) return null
    const facts = event.data?.['facts'] as Facts
    return { ...event, data: { ...event.data, facts: { ...facts, ...change(facts, event.at) } } }
  })

/** Changes the data of an ask after which nothing happened to its request that day. */
const aboutQuiet = (change: (data: Record<string, unknown>) => Record<string, unknown>) =>
  lying((event) =>
    event.type === 'requested' && event.at.startsWith('2026-03-04T12:55')
      ? { ...event, data: { ...event.data, ...change(event.data ?? {}) } }
      : null,
  )

export const policyOf = (data: Record<string, unknown>) =>
  data['policy'] as { rules: string[]; version: Digest; outcome: string }

/** Lies about what policy said, by the first cell of their row in docs/evidence/lies.md, and what the verifier says of each. */
const byRow: Readonly<Record<string, readonly (readonly [lie: string, words: RegExp, telling: Liar])[]>> = {
  'fewer or other people have to approve': [
    ['fewer people', /its “requirement” is/, aboutLast({ requirement: [{ groups: ['dba'], quorum: 1 }] })],
    [
      'people who may join later, at once',
      /its “requirement” is .*and after 1 seconds/,
      aboutQuiet(() => ({
        requirement: [{ groups: ['dba'], later: { after: 1, groups: ['security'] }, quorum: 1 }],
      })),
    ],
    [
      'other people',
      /its “requirement” is/,
      aboutAsk('deploy.release', () => ({ requirement: [{ groups: ['dba', 'oncall', 'security'], quorum: 1 }] })),
    ],
  ],
  'a lower tier; a longer lapse, grant or wait; more doors': [
    ['a lower tier', /its “tier” is low, and .* medium/, aboutAsk('db.export', () => ({ tier: 'low' }))],
    ['a longer lapse', /its “lapse” is 7200/, aboutLast({ lapse: 7200 })],
    ['a longer grant', /its “grant” is 300/, aboutAsk('service.restart', () => ({ grant: 300 }))],
    ['every door', /its “via” is absent/, aboutAsk('db.export', () => ({ via: undefined }))],
    ['another door', /its “via” is/, aboutAsk('db.export', () => ({ via: ['cli', 'slack'] }))],
    [
      'a later deadline',
      /its rules give people 2400 seconds/,
      aboutAsk('db.export', ({ expiresAt }) => ({ expiresAt: (expiresAt as string).replace(/T(\d\d)/, 'T23') })),
    ],
  ],
  'a question gives more time; other reminders; others may break the glass, or have longer to review it': [
    [
      'more time after a question',
      /its “answer” is/,
      aboutQuiet(({ answer }) => ({ answer: { ...(answer as object), within: 3500 } })),
    ],
    [
      'a later end of all questions',
      /its “answer” is/,
      aboutQuiet(({ answer }) => ({ answer: { ...(answer as object), latest: '2026-03-04T23:00:00.000Z' } })),
    ],
    ['a question that moves nothing', /its “answer” is absent/, aboutQuiet(() => ({ answer: undefined }))],
    ['a reminder that is due early', /its “remind” is/, aboutQuiet(() => ({ remind: [-60, 60] }))],
    [
      'others who may break the glass',
      /its “glass” is/,
      aboutQuiet(({ glass }) => ({ glass: { ...(glass as object), groups: ['dba', 'security'] } })),
    ],
    [
      'longer to review it',
      /its “glass” is/,
      aboutQuiet(({ glass }) => ({ glass: { ...(glass as object), review: 7200 } })),
    ],
  ],
  'a question, a broken glass or a review of a person of another group; an answer of the side that may not': [
    [
      'a question of a person of another group',
      /is not in the group “dba”/,
      ofType('asked', (event) => renamed(event, dba, oncall)),
    ],
    [
      'a review of a person of another group',
      /is not in the group “dba”/,
      ofType('reviewed', (event) => renamed(event, dba, oncall)),
    ],
    [
      'a glass that a person of another group broke',
      /is not in the group “security”/,
      lying((event) => (event.at.startsWith('2026-03-04T12:52') ? renamed(event, security, oncall) : null)),
    ],
    [
      'an answer of the agent',
      /lets “owners” answer for agent/,
      ofType('answered', ({ data: { facts: _facts, ...data } = {}, said = {}, ...event }) => ({
        ...event,
        data,
        said: { answer: said['answer'] ?? '' },
        actor: { kind: 'agent', id: bot },
      })),
    ],
  ],
  'an owner, a sponsor, the principal, or another account of theirs may approve': [
    [
      'an owner who may approve',
      /its “excluded” is/,
      aboutAsk('db.export', ({ excluded }) => ({ excluded: (excluded as string[]).slice(1) })),
    ],
    [
      'another account of the owner',
      /its “excluded” is/,
      aboutAsk('deploy.release', ({ excluded }) => ({
        excluded: (excluded as string[]).filter((id) => id !== ownerAlias),
      })),
    ],
  ],
  'other people are excluded than policy excludes, or by another’s word': [
    [
      'one more excluded person',
      /its “excluded” is/,
      aboutAsk('deploy.release', ({ excluded }) => ({ excluded: [...(excluded as string[]), security] })),
    ],
    [
      'no word of the agent',
      /its “excludedByAgent” is absent/,
      aboutAsk('db.export', () => ({ excludedByAgent: undefined })),
    ],
  ],
  'an agent or an executor that is not registered': [
    [
      'an agent that is not registered',
      /agent .*99 is not registered/,
      lying((event) => (event.actor.id === oid(1) ? { ...event, actor: { kind: 'agent', id: oid(99) } } : null)),
    ],
    [
      'an executor that is not registered',
      /is not among the executors/,
      lying((event) => {
        if (event.actor.id === runner) return { ...event, actor: { kind: 'agent', id: oid(98) } }
        return event.data?.['executor'] === runner ? { ...event, data: { ...event.data, executor: oid(98) } } : null
      }),
    ],
  ],
  'a rule that does not exist, stands in another file, or is about other actions or agents': [
    [
      'a rule that does not exist',
      /no file of the policy has a rule “free-for-all”/,
      lying((event) => withRules(event, 'restart', ['free-for-all'])),
    ],
    [
      'a rule for other actions',
      /the scope of rule “restart” does not cover “db.export”/,
      lying((event) => withVerb(event, 'service.restart', 'db.export')),
    ],
    [
      'a rule that forbids and is said to allow',
      /stands in forbid.cedar, which does not lead to “allow”/,
      lying((event) => withRules(event, 'restart', ['never-drop'])),
    ],
  ],
  'one of several rules is left out, or they stand in another order': [
    [
      'one of two rules left out',
      /its “requirement” is/,
      aboutAsk('db.export', (data) => ({ policy: { ...policyOf(data), rules: ['export-dba'] } })),
    ],
    [
      'rules in another order',
      /not in the order of the policy/,
      aboutAsk('db.export', (data) => ({ policy: { ...policyOf(data), rules: ['export-security', 'export-dba'] } })),
    ],
  ],
  'an approver in a group whose list has no such person; one who is in it is left out': [
    ['ghost approvers', /is not in the group “security”/, lying((event) => renamed(event, security, oid(97)))],
    [
      'an approver in a group of a list',
      /is not in the group “security”/,
      aboutFacts('decided', dba, () => ({ groups: ['dba', 'security'] })),
    ],
    [
      'an approver out of a group of a list',
      /is in the group “dba” in approvers.json, and the event leaves it out/,
      aboutFacts('decided', dba, ({ groups }) => (groups.includes('oncall') ? { groups: ['oncall'] } : {})),
    ],
  ],
  'other accounts of a person than policy joins': [
    [
      'another account of an approver',
      /has the accounts/,
      aboutFacts('decided', dba, ({ accounts }) => ({ accounts: [...accounts, oid(96)] })),
    ],
  ],
  'facts of the directory that are older than its answers are used': [
    [
      'stale facts of a vote',
      /may be at most 180 seconds away/,
      aboutFacts('decided', dba, () => ({ asOf: '2026-03-04T08:00:00.000Z' })),
    ],
    [
      'facts of the future',
      /may be at most 180 seconds away/,
      aboutFacts('decided', dba, () => ({ asOf: '2026-03-09T08:00:00.000Z' })),
    ],
    [
      'stale facts of a revocation',
      /may be at most 180 seconds away/,
      aboutFacts('revoked', oncall, () => ({ asOf: '2026-03-04T08:00:00.000Z' })),
    ],
  ],
  'another card template was shown': [
    [
      'another card template',
      /its template is none of the policy in force/,
      ofType('shown', (event) => ({ ...event, data: { ...event.data, template: sha256('a nicer one') } })),
    ],
  ],
  'a vote that was void counts': [
    ['a vote that was void counts', /the vote of .*12 counts, who is no longer in the group “dba”/, unvoided],
  ],
  'another policy version judged than was in force': [
    ['another policy that is in force before', /is not in the group “dba”/, aboutVersion],
  ],
}

export const policyLies = Object.entries(byRow).flatMap(([row, lies]) =>
  lies.map(([lie, words, telling]) => [lie, words, telling, row] as const),
)

/** Names other rules in an ask, and in what policy says of it. */
function withRules(event: Told, before: string, rules: readonly string[]): Told | null {
  const policy = event.type === 'requested' ? policyOf(event.data ?? {}) : null
  if (policy?.rules.includes(before)) return { ...event, data: { ...event.data, policy: { ...policy, rules } } }
  const named = event.data?.['rules'] as readonly string[] | undefined
  return named?.includes(before) ? { ...event, data: { ...event.data, rules } } : null
}

const withVerb = (event: Told, before: string, verb: string): Told | null =>
  event.type === 'requested' && event.data?.['action'] === before
    ? { ...event, data: { ...event.data, action: verb } }
    : null

/** Lets another person have done what one did. */
function renamed(event: Told, before: string, after: string): Told | null {
  const text = JSON.stringify(event)
  return text.includes(before) && event.type !== 'requested'
    ? (JSON.parse(text.replaceAll(before, after)) as Told)
    : null
}

/** Leaves out that a vote was void, so that it completes the approval with the next one. */
function unvoided(real: TrueDays): Telling {
  const { days } = tellingOf(real.days)
  const told = days.map(({ date, events }) => {
    const place = events.findIndex(({ type }) => type === 'vote-void')
    const vote = events[place + 1]
    if (place < 0 || !vote) return { date, events }
    const next = events.findIndex(({ type }, i) => i > place + 1 && type === 'approved')
    const approved = events[next]
    const after = events.filter((_event, i) => i > place + 1 && i !== next && i !== next - 1)
    const early = approved && {
      ...approved,
      ...{ at: vote.at, actor: vote.actor },
      data: { ...approved.data, lapsesAt: vote.at.replace('T00:10', 'T00:25') },
    }
    return { date, events: [...events.slice(0, place), vote, ...(early ? [early] : []), ...after] }
  })
  return { days: told }
}

/** Says that the second policy was in force from the beginning: the one in which dba2 is not in the group. */
function aboutVersion(real: TrueDays): Telling {
  const [before = '', after = ''] = real.versions
  const telling = lying((event) => {
    const text = JSON.stringify(event)
    return text.includes(before) ? (JSON.parse(text.replaceAll(before, after)) as Told) : null
  })(real)
  const isChange = ({ type, data }: Told) => type === 'policy-changed' && data?.['from'] !== undefined
  return {
    days: telling.days.map(({ date, events }) => ({ date, events: events.filter((event) => !isChange(event)) })),
  }
}
