import { type Digest, sha256 } from '../../src/core/data/id.ts'
import { versionOf } from '../../src/core/record/policyVersion.ts'
import { judging } from '../../src/policyTool/judging.ts'
import { type BundleVerdict, verifyBundle } from '../../src/verify/bundle.ts'
import type { LoadVersion } from '../../src/verify/policyJudge.ts'
import { dba, oid, ownerAlias, runner, security } from '../support/build.ts'
import { oncall, policies, type TrueDays, trueDays } from '../support/liars.ts'
import { type PolicyTexts, retold, type Telling, tellingOf, type Told } from '../support/retelling.ts'

let real: TrueDays

beforeAll(async () => {
  real = await trueDays()
})
afterAll(() => real.place.clean())

/** Verifies each day of a telling, until one does not hold. */
async function verdictOf(telling: Telling, load?: LoadVersion): Promise<BundleVerdict> {
  let verdict: BundleVerdict = { held: [] }
  for (const [i, members] of retold(real.days, real.key, telling).entries()) {
    const said = load && real.place.write('said.jsonl', real.said[i] ?? '')
    verdict = await verifyBundle(await real.place.zip(members), { keys: [real.key.spki], load, said })
    if (verdict.problem) return verdict
  }
  return verdict
}

/** Changes the events that a liar looks for, of which there has to be one. */
function lying(change: (event: Told) => Told | null): Telling {
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
const aboutAsk = (verb: string, change: (data: Record<string, unknown>) => Record<string, unknown>) =>
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

const policyOf = (data: Record<string, unknown>) =>
  data['policy'] as { rules: string[]; version: Digest; outcome: string }

test('what happened holds, made and signed anew', async () => {
  const telling = tellingOf(real.days)
  const again = retold(real.days, real.key, telling)
  for (const [i, members] of again.entries()) {
    expect([...members.keys()]).toEqual([...(real.days[i]?.keys() ?? [])])
    for (const name of ['records.jsonl', 'carried.jsonl', 'requests.csv', 'exceptions.csv'])
      expect(members.get(name)?.toString()).toBe(real.days[i]?.get(name)?.toString())
  }
  expect((await verdictOf(telling)).problem).toBeUndefined()
})

const lies: readonly [lie: string, words: RegExp, telling: () => Telling][] = [
  ['fewer people', /its “requirement” is/, () => aboutLast({ requirement: [{ groups: ['dba'], quorum: 1 }] })],
  [
    'other people',
    /its “requirement” is/,
    () => aboutAsk('deploy.release', () => ({ requirement: [{ groups: ['dba', 'oncall', 'security'], quorum: 1 }] })),
  ],
  ['a lower tier', /its “tier” is low, and .* medium/, () => aboutAsk('db.export', () => ({ tier: 'low' }))],
  ['a longer lapse', /its “lapse” is 7200/, () => aboutLast({ lapse: 7200 })],
  ['a longer grant', /its “grant” is 300/, () => aboutAsk('service.restart', () => ({ grant: 300 }))],
  ['every door', /its “via” is absent/, () => aboutAsk('db.export', () => ({ via: undefined }))],
  ['another door', /its “via” is/, () => aboutAsk('db.export', () => ({ via: ['cli', 'slack'] }))],
  [
    'a later deadline',
    /its rules give people 2400 seconds/,
    () => aboutAsk('db.export', ({ expiresAt }) => ({ expiresAt: (expiresAt as string).replace(/T(\d\d)/, 'T23') })),
  ],
  [
    'an owner who may approve',
    /its “excluded” is/,
    () => aboutAsk('db.export', ({ excluded }) => ({ excluded: (excluded as string[]).slice(1) })),
  ],
  [
    'another account of the owner',
    /its “excluded” is/,
    () =>
      aboutAsk('deploy.release', ({ excluded }) => ({
        excluded: (excluded as string[]).filter((id) => id !== ownerAlias),
      })),
  ],
  [
    'one more excluded person',
    /its “excluded” is/,
    () => aboutAsk('deploy.release', ({ excluded }) => ({ excluded: [...(excluded as string[]), security] })),
  ],
  [
    'no word of the agent',
    /its “excludedByAgent” is absent/,
    () => aboutAsk('db.export', () => ({ excludedByAgent: undefined })),
  ],
  [
    'an agent that is not registered',
    /agent .*99 is not registered/,
    () => lying((event) => (event.actor.id === oid(1) ? { ...event, actor: { kind: 'agent', id: oid(99) } } : null)),
  ],
  [
    'an executor that is not registered',
    /is not among the executors/,
    () =>
      lying((event) => {
        if (event.actor.id === runner) return { ...event, actor: { kind: 'agent', id: oid(98) } }
        return event.data?.['executor'] === runner ? { ...event, data: { ...event.data, executor: oid(98) } } : null
      }),
  ],
  [
    'a rule that does not exist',
    /no file of the policy has a rule “free-for-all”/,
    () => lying((event) => withRules(event, 'restart', ['free-for-all'])),
  ],
  [
    'a rule for other actions',
    /the scope of rule “restart” does not cover “db.export”/,
    () => lying((event) => withVerb(event, 'service.restart', 'db.export')),
  ],
  [
    'one of two rules left out',
    /its “requirement” is/,
    () => aboutAsk('db.export', (data) => ({ policy: { ...policyOf(data), rules: ['export-dba'] } })),
  ],
  [
    'rules in another order',
    /not in the order of the policy/,
    () =>
      aboutAsk('db.export', (data) => ({ policy: { ...policyOf(data), rules: ['export-security', 'export-dba'] } })),
  ],
  [
    'a rule that forbids and is said to allow',
    /stands in forbid.cedar, which does not lead to “allow”/,
    () => lying((event) => withRules(event, 'restart', ['never-drop'])),
  ],
  ['ghost approvers', /is not in the group “security”/, () => lying((event) => renamed(event, security, oid(97)))],
  [
    'another account of an approver',
    /has the accounts/,
    () => aboutFacts('decided', dba, ({ accounts }) => ({ accounts: [...accounts, oid(96)] })),
  ],
  [
    'an approver in a group of a list',
    /is not in the group “security”/,
    () => aboutFacts('decided', dba, () => ({ groups: ['dba', 'security'] })),
  ],
  [
    'an approver out of a group of a list',
    /is in the group “dba” in approvers.json, and the event leaves it out/,
    () => aboutFacts('decided', dba, ({ groups }) => (groups.includes('oncall') ? { groups: ['oncall'] } : {})),
  ],
  [
    'stale facts of a vote',
    /may be at most 180 seconds away/,
    () => aboutFacts('decided', dba, () => ({ asOf: '2026-03-04T08:00:00.000Z' })),
  ],
  [
    'facts of the future',
    /may be at most 180 seconds away/,
    () => aboutFacts('decided', dba, () => ({ asOf: '2026-03-09T08:00:00.000Z' })),
  ],
  [
    'stale facts of a revocation',
    /may be at most 180 seconds away/,
    () => aboutFacts('revoked', oncall, () => ({ asOf: '2026-03-04T08:00:00.000Z' })),
  ],
  [
    'another card template',
    /its template is none of the policy in force/,
    () => ofType('shown', (event) => ({ ...event, data: { ...event.data, template: sha256('a nicer one') } })),
  ],
  ['a vote that was void counts', /the vote of .*12 counts, who is no longer in the group “dba”/, () => unvoided()],
  ['another policy that is in force before', /is not in the group “dba”/, () => aboutVersion()],
]

test.each(lies)('a history made anew with %s is against policy', async (_lie, words, telling) => {
  const { problem } = await verdictOf(telling())
  expect(problem).toMatchObject({
    check: 'policy',
    code: 'against-policy',
    words: expect.stringMatching(words) as string,
  })
  expect(problem?.words).toMatch(/^Record \d+ \(“/)
})

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
function unvoided(): Telling {
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
function aboutVersion(): Telling {
  const [before = '', after = ''] = real.versions
  const telling = lying((event) => {
    const text = JSON.stringify(event)
    return text.includes(before) ? (JSON.parse(text.replaceAll(before, after)) as Told) : null
  })
  const isChange = ({ type, data }: Told) => type === 'policy-changed' && data?.['from'] !== undefined
  return {
    days: telling.days.map(({ date, events }) => ({ date, events: events.filter((event) => !isChange(event)) })),
  }
}

test('a version that no event announces breaks the rules', async () => {
  const [, after] = real.versions
  const { problem } = await verdictOf(
    aboutAsk('service.restart', (data) => ({ policy: { ...policyOf(data), version: after } })),
  )
  expect(problem).toMatchObject({ check: 'rules', code: 'illegal-event' })
})

test('a version whose files are not there is missing', async () => {
  const other = `sha256:${'a'.repeat(64)}`
  const [before = ''] = real.versions
  const { problem } = await verdictOf(
    lying((event) => {
      const text = JSON.stringify(event)
      return text.includes(before) ? (JSON.parse(text.replaceAll(before, other)) as Told) : null
    }),
  )
  expect(problem).toMatchObject({ check: 'tables', code: 'missing-member' })
})

const edited = (name: string, edit: (text: string) => string): PolicyTexts =>
  new Map([...(policies[0] ?? [])].map(([one, text]) => [one, one === name ? edit(text) : text]))

/** Lets the first policy have been another. */
function underPolicy(texts: PolicyTexts): Telling {
  const version = versionOf([...texts].map(([name, text]) => [name, sha256(text)] as const))
  const [before = ''] = real.versions
  const telling = lying((event) => {
    const text = JSON.stringify(event)
    return text.includes(before) ? (JSON.parse(text.replaceAll(before, version)) as Told) : null
  })
  return { ...telling, policies: [texts] }
}

test.each<[string, string, (text: string) => string]>([
  ['rules.json of another form', 'rules.json', (text) => text.replace('rules/v1', 'rules/v9')],
  ['annotations that are not known', 'rules.json', (text) => text.replaceAll('"approvers"', '"approvals"')],
  ['an approvers.json that cannot be read', 'approvers.json', (text) => text.slice(1)],
])('a policy with %s cannot be judged by', async (_what, name, edit) => {
  const { problem } = await verdictOf(underPolicy(edited(name, edit)))
  expect(problem).toMatchObject({ check: 'policy', code: 'cannot-judge' })
})

describe('with Cedar and what was written', () => {
  test('each ask of a day is judged anew', async () => {
    const verdict = await verdictOf(tellingOf(real.days), judging)
    expect(verdict.problem).toBeUndefined()
    expect(verdict.judged).toEqual({ asks: 3, anew: 1, hasCedar: true })
  })

  test('an outcome that the structure allows, and the conditions do not, is against policy', async () => {
    const telling = lying((event) => {
      if (event.request === undefined || !event.at.startsWith('2026-03-04')) return null
      const { policy, rules } = (event.data ?? {}) as { policy?: { rules: string[] }; rules?: string[] }
      if (policy?.rules.includes('never-drop'))
        return { ...event, data: { ...event.data, policy: { ...policy, outcome: 'no-policy', rules: [] } } }
      return rules?.includes('never-drop') ? { ...event, data: { ...event.data, rules: [] } } : null
    })
    expect((await verdictOf(telling)).problem).toBeUndefined()
    expect((await verdictOf(telling, judging)).problem).toMatchObject({
      ...{ check: 'policy', code: 'against-policy' },
      words: expect.stringContaining(
        'it records “no-policy” by [], and Cedar answers: “forbid” by [never-drop]',
      ) as string,
    })
  })

  test('a list of rules that the Cedar files do not make is against policy', async () => {
    const texts = edited('rules.json', (text) => text.replace('"verbs":["db.drop"]', '"verbs":["db.drop","db.export"]'))
    const telling = underPolicy(texts)
    expect((await verdictOf(telling)).problem).toBeUndefined()
    expect((await verdictOf(telling, judging)).problem).toMatchObject({
      ...{ check: 'policy', code: 'against-policy' },
      words: expect.stringMatching(/^rules.json of policy .* does not list what the Cedar files/) as string,
    })
  })

  test('a policy that this program cannot load cannot be judged by', async () => {
    const telling = underPolicy(edited('allow.cedar', () => 'permit ('))
    expect((await verdictOf(telling)).problem).toBeUndefined()
    expect((await verdictOf(telling, judging)).problem).toMatchObject({ check: 'policy', code: 'cannot-judge' })
  })
})
