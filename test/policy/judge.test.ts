import type { Slot } from '../../src/core/request/requirement.ts'
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import type { JsonObject } from '../../src/core/data/json.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import { ask, deployBot, now, load, otherBot, person, rules, schema } from './folder.ts'
import { noon } from '../support/build.ts'
import { sample } from '../support/chance.ts'

const rule = (id: string, effect: string, annotations = '', rest = '', scope = 'action') =>
  `@id("${id}") ${annotations} ${effect}(principal, ${scope}, resource) ${rest};\n`
const permit = (id: string, annotations = '', rest = '', scope = 'action') =>
  rule(id, 'permit', annotations, rest, scope)
const forbid = (id: string, rest = '', scope = 'action') => rule(id, 'forbid', '', rest, scope)

/** Overflows for rows over 1: an error that no validation can foresee. */
const erring = 'when { context.params.rows * 9223372036854775807 > 0 }'

describe('the example policy', () => {
  const production = 'production'
  const staging = 'staging'
  const shell = { path: '/bin/sh', args: ['-c', 'restart'], cwd: '/' }
  const restart = { path: '/usr/bin/echo', args: ['restarted'], cwd: '/srv' }
  type Asked = { action: string; target?: string; environment: string; params?: JsonObject }
  test.each<[string, Asked, Partial<Judgement>]>([
    [
      'an export from production needs dba',
      { action: 'db.export', environment: production, params: { rows: 100000 } },
      { outcome: 'approve', rules: ['export-needs-dba'], slots: [{ groups: ['dba'], quorum: 1 }], tier: 'medium' },
    ],
    [
      'a large one needs security too',
      { action: 'db.export', environment: production, params: { rows: 100001, tables: ['a'], destination: 's3://x' } },
      {
        outcome: 'approve',
        rules: ['large-export-needs-security', 'export-needs-dba'],
        slots: [
          { groups: ['security'], quorum: 1 },
          { groups: ['dba'], quorum: 1 },
        ],
      },
    ],
    [
      'one of a negative number of rows is large',
      { action: 'db.export', environment: production, params: { rows: -1 } },
      { outcome: 'approve', rules: ['large-export-needs-security', 'export-needs-dba'] },
    ],
    [
      'one of nothing is not',
      { action: 'db.export', environment: production, params: { rows: 0 } },
      { outcome: 'approve', rules: ['export-needs-dba'] },
    ],
    [
      'an export from production that is called staging needs dba',
      { action: 'db.export', target: 'prod/customers', environment: staging, params: { rows: 1 } },
      { outcome: 'approve', rules: ['export-needs-dba'] },
    ],
    [
      'and a large one security',
      { action: 'db.export', target: 'prod/customers', environment: staging, params: { rows: 100001 } },
      { outcome: 'approve', rules: ['large-export-needs-security', 'export-needs-dba'] },
    ],
    [
      'no rule speaks of an export from staging',
      { action: 'db.export', target: 'products/prod', environment: staging, params: { rows: -1 } },
      { outcome: 'no-policy', rules: [] },
    ],
    [
      'a role needs security, at tier high, anywhere',
      { action: 'iam.role.grant', environment: 'test', params: { role: 'admin' } },
      { outcome: 'approve', slots: [{ groups: ['security'], quorum: 1 }], tier: 'high', expires: 1800, lapse: 900 },
    ],
    [
      'a release to production needs one of two groups',
      { action: 'deploy.release', environment: production },
      { outcome: 'approve', slots: [{ groups: ['dba', 'security'], quorum: 1 }], expires: 3600, grant: 300 },
    ],
    [
      'a release to production that is called staging too',
      { action: 'deploy.release', target: 'prod/web', environment: staging },
      { outcome: 'approve', rules: ['release-needs-one'] },
    ],
    [
      'a restart in staging is allowed',
      { action: 'service.restart', target: 'web-1', environment: staging },
      { outcome: 'allow', rules: ['restart-in-staging'], lapse: 3600, grant: 300 },
    ],
    [
      'with its command',
      { action: 'service.restart', target: 'Web-1', environment: staging, params: { 'countersign.run': restart } },
      { outcome: 'allow', rules: ['restart-in-staging'] },
    ],
    [
      'with no other command',
      { action: 'service.restart', target: 'web-1', environment: staging, params: { 'countersign.run': shell } },
      { outcome: 'no-policy', rules: [] },
    ],
    [
      'with no other arguments',
      {
        action: 'service.restart',
        target: 'web-1',
        environment: staging,
        params: { 'countersign.run': { ...restart, args: ['restarted', '-n'] } },
      },
      { outcome: 'no-policy', rules: [] },
    ],
    [
      'of no other target',
      { action: 'service.restart', target: 'web-3', environment: staging },
      { outcome: 'no-policy', rules: [] },
    ],
    [
      'a restart in production that is called staging is not',
      { action: 'service.restart', target: 'prod/web', environment: staging },
      { outcome: 'no-policy' },
    ],
    [
      'a restart in production is not',
      { action: 'service.restart', environment: production },
      { outcome: 'no-policy' },
    ],
    [
      'a database in production is never dropped',
      {
        action: 'db.drop',
        environment: production,
        params: { 'countersign.run': { path: '/bin/dropdb', args: [], cwd: '/' } },
      },
      { outcome: 'forbid', rules: ['never-drop-production'] },
    ],
    [
      'whatever its environment is called',
      { action: 'db.drop', target: 'PROD/db', environment: staging },
      { outcome: 'forbid', rules: ['never-drop-production'] },
    ],
    [
      'an action that is not declared',
      { action: 'db.read', environment: production },
      { outcome: 'no-policy', rules: [] },
    ],
  ])('%s', async (_what, question, expected) => {
    const policy = await load()
    expect(ask(policy, { params: {}, ...question })).toMatchObject(expected)
  })
})

let example: ReturnType<typeof load> | undefined

test.each([
  ...['PROD/web', 'prod\\web', 'prod:web', 'staging/../prod/web', './prod/web', 'prod//web', '/prod/web', 'prod/./web'],
  ...[
    'pr\u043ed/web',
    '\uff50\uff52\uff4f\uff44/web',
    'x://prod/web',
    'staging/%2e%2e/prod/web',
    'web-1/../../prod/web',
    'web-1/',
  ],
])('no spelling of a target in production is restarted without people: %s', async (target) => {
  const policy = await (example ??= load())
  const shell = { path: '/bin/sh', args: ['-c', 'restart'], cwd: '/' }
  const outcome = (params: JsonObject) => {
    try {
      return ask(policy, { action: 'service.restart', target, environment: 'staging', params }).outcome
    } catch (cause) {
      return cause instanceof Problem ? cause.code : cause
    }
  }
  for (const params of [{}, { command: shell }]) expect(['no-policy', 'invalid-input']).toContain(outcome(params))
})

test('a match in forbid.cedar overrides everything', async () => {
  const policy = await rules({
    forbid: forbid('no'),
    approve: permit('ask', '@approvers("dba")'),
    allow: permit('yes'),
  })
  expect(ask(policy)).toEqual({ outcome: 'forbid', rules: ['no'] })
})

test('a match in approve.cedar overrides allow.cedar', async () => {
  const policy = await rules({ approve: permit('ask', '@approvers("dba")'), allow: permit('yes') })
  expect(ask(policy)).toMatchObject({ outcome: 'approve', rules: ['ask'] })
})

test('an approved action is checked against the forbid rules only, and an error forbids it', async () => {
  const policy = await rules({
    forbid: forbid('freeze', 'when { context.environment == "production" }') + forbid('broken', erring),
    approve: permit('ask', '@approvers("dba")'),
    allow: permit('yes'),
  })
  const question = (environment: string, rows = 0) => ({
    agent: deployBot,
    at: now,
    action: { action: 'plain', target: 't', environment, params: { rows } },
  })
  expect(policy.forbids(question('production'))).toEqual(['freeze'])
  expect(policy.forbids(question('staging'))).toEqual([])
  expect(policy.forbids(question('staging', 2))).toEqual(['broken'])
  expect(
    policy.forbids({ ...question('production'), action: { ...question('production').action, action: 'gone' } }),
  ).toEqual([])
})

const merged = async (...annotations: string[]) =>
  ask(await rules({ approve: annotations.map((text, i) => permit(`r${i}`, text)).join('') }))

describe('a command that the schema does not declare', () => {
  const command = { 'countersign.run': { path: '/bin/sh', args: ['-c', 'pg_dump | nc evil'], cwd: '/' } }
  const action = (context: string) =>
    `entity Agent, Target; action "plain" appliesTo { principal: Agent, resource: Target, context: { ${context} } };`

  test.each([
    ['without params', action('environment: String'), {}],
    ['with others', schema, { rows: 1 }],
  ])('matches only allow rules that include it: %s', async (_which, text, others) => {
    const policy = await rules({ allow: permit('blind') + permit('any', '@command("any")'), schema: text })
    expect(ask(policy, { params: others })).toMatchObject({ rules: ['blind', 'any'] })
    expect(ask(policy, { params: { ...others, ...command } })).toEqual({
      outcome: 'allow',
      rules: ['any'],
      lapse: 3600,
      grant: 300,
    })
    const blind = await rules({ allow: permit('blind'), schema: text })
    expect(ask(blind, { params: { ...others, ...command } })).toEqual({ outcome: 'no-policy', rules: [] })
  })

  test('matches the rules of the other files', async () => {
    const params = { rows: 1, ...command }
    expect(ask(await rules({ forbid: forbid('no') }), { params })).toMatchObject({ outcome: 'forbid' })
    expect(ask(await rules({ approve: permit('ask', '@approvers("dba")') }), { params })).toMatchObject({
      outcome: 'approve',
    })
  })

  test('is judged by all rules once the schema declares it', async () => {
    const policy = await rules({
      schema: action(
        'environment: String, params: { "countersign.run": { path: String, args: Set<String>, cwd: String } }',
      ),
      allow: permit(
        'known',
        '',
        'when { context.params["countersign.run"] == { path: "/usr/bin/systemctl", args: ["restart", "web"], cwd: "/" } }',
      ),
    })
    const known = { path: '/usr/bin/systemctl', args: ['restart', 'web'], cwd: '/' }
    expect(ask(policy, { params: { 'countersign.run': known } })).toMatchObject({ outcome: 'allow', rules: ['known'] })
    expect(ask(policy, { params: command })).toMatchObject({ outcome: 'no-policy' })
  })
})

test('rules compare the target if the schema declares it', async () => {
  const policy = await rules({
    schema: schema.replace('environment: String', 'environment: String, target: String'),
    forbid: forbid('no', 'when { context.target like "*/secret/*" }'),
    allow: permit('yes'),
  })
  expect(ask(policy, { target: 'a/secret/b' })).toEqual({ outcome: 'forbid', rules: ['no'] })
  expect(ask(policy, { target: 'a/secrets/b' })).toMatchObject({ outcome: 'allow' })
})

describe('several matches merge to the strictest', () => {
  test('all slots, with the larger quorum for the same groups', async () => {
    const judgement = await merged('@approvers("dba:2, security|oncall")', '@approvers("oncall | security:3, dba")')
    expect(judgement).toMatchObject({
      rules: ['r0', 'r1'],
      slots: [
        { groups: ['dba'], quorum: 2 },
        { groups: ['oncall', 'security'], quorum: 3 },
      ],
    })
  })

  test('a group alone and in a choice are two slots', async () => {
    expect(await merged('@approvers("dba")', '@approvers("dba|security")')).toMatchObject({
      slots: [
        { groups: ['dba'], quorum: 1 },
        { groups: ['dba', 'security'], quorum: 1 },
      ],
    })
  })

  test('the shorter times, and a default counts as stated', async () => {
    const judgement = await merged(
      '@approvers("dba") @expires("P7D") @lapse("PT90S") @grant("PT2M30S")',
      '@approvers("dba") @expires("PT1M") @lapse("P1W")',
    )
    expect(judgement).toMatchObject({ expires: 60, lapse: 90, grant: 150 })
    expect(await merged('@approvers("dba") @expires("P1D")', '@approvers("dba")')).toMatchObject({ expires: 3600 })
  })

  test('what one rule wants to be independent, with the larger quorum', async () => {
    const judgement = await merged('@independent @approvers("dba, security|oncall")', '@approvers("dba:2, oncall")')
    expect(judgement).toMatchObject({
      independent: [
        { groups: ['dba'], quorum: 2 },
        { groups: ['oncall', 'security'], quorum: 1 },
      ],
    })
    expect(await merged('@approvers("dba")', '@approvers("oncall")')).not.toHaveProperty('independent')
  })

  test('the highest tier, and its summary', async () => {
    const [low, high] = ['@tier("low") @summary("lower")', '@tier("high") @summary("higher")']
    expect(await merged(`@approvers("dba") ${low}`, `@approvers("dba") ${high}`)).toMatchObject({
      tier: 'high',
      summary: 'higher',
    })
    expect(await merged('@approvers("dba")', `@approvers("dba") ${low}`)).toMatchObject({
      tier: 'medium',
      summary: 'lower',
    })
  })

  test('the doors that every rule allows, and none if they have none in common', async () => {
    const doors = (...lists: readonly string[]) => merged(...lists.map((list) => `@approvers("dba") ${list}`))
    expect(await doors('@via("teams, console")', '@via("console,cli")')).toMatchObject({ via: ['console'] })
    expect(await doors('@via("teams")', '')).toMatchObject({ via: ['teams'] })
    expect(await doors('@via("teams")', '@via("cli")')).toMatchObject({ via: [] })
    expect(await doors('', '')).not.toHaveProperty('via')
  })

  test('private if one rule is', async () => {
    expect(await merged('@approvers("dba") @private', '@approvers("dba")')).toMatchObject({ private: true })
    expect(await merged('@approvers("dba")', '@approvers("dba")')).not.toHaveProperty('private')
  })

  test('the shorter time after a question, if every rule gives one', async () => {
    const answer = (...rest: readonly string[]) => merged(...rest.map((note) => `@approvers("dba") ${note}`))
    expect(await answer('@answer("PT15M")', '@answer("PT5M")')).toMatchObject({ answer: 300 })
    expect(await answer('@answer("PT15M")', '')).not.toHaveProperty('answer')
  })

  test('the reminders of all rules, the first three in the order of their times', async () => {
    const remind = (...rest: readonly string[]) => merged(...rest.map((note) => `@approvers("dba") ${note}`))
    expect(await remind('@remind("PT15M, -PT10M")', '@remind("PT15M,PT5M")')).toMatchObject({
      remind: [-600, 300, 900],
    })
    expect(await remind('@remind("PT15M, PT5M")', '@remind("PT1M, -PT1H")')).toMatchObject({ remind: [-3600, 60, 300] })
    expect(await remind('', '')).not.toHaveProperty('remind')
  })

  test('later groups of equal slots only where every rule lets them join, at the later time', async () => {
    const slots = async (...notes: readonly string[]) =>
      ((await merged(...notes)) as { readonly slots: readonly Slot[] }).slots
    const [early, late] = [
      '@approvers("dba") @escalate("PT5M: oncall|security")',
      '@approvers("dba:2") @escalate("PT1H: oncall")',
    ]
    expect(await slots(early, late)).toEqual([
      { groups: ['dba'], later: { after: 3600, groups: ['oncall'] }, quorum: 2 },
    ])
    expect(await slots(early, '@approvers("dba")')).toEqual([{ groups: ['dba'], quorum: 1 }])
    expect(await slots('@approvers("dba") @escalate("PT5M: security")', late)).toEqual([{ groups: ['dba'], quorum: 2 }])
    expect(await slots('@approvers("dba, oncall") @escalate("PT5M: oncall")')).toEqual([
      { groups: ['dba'], later: { after: 300, groups: ['oncall'] }, quorum: 1 },
      { groups: ['oncall'], quorum: 1 },
    ])
  })

  test('who may break the glass by every rule, and the shorter time for a review', async () => {
    const glass = (...rest: readonly string[]) => merged(...rest.map((note) => `@approvers("dba") ${note}`))
    const [one, other] = ['@breakglass("oncall|security")', '@breakglass("oncall") @review("PT2H")']
    expect(await glass(one, other)).toMatchObject({ glass: { groups: ['oncall'], review: 7200 } })
    expect(await glass(one)).toMatchObject({ glass: { groups: ['oncall', 'security'], review: 86_400 } })
    expect(await glass('@breakglass("security")', other)).not.toHaveProperty('glass')
    expect(await glass(one, '')).not.toHaveProperty('glass')
  })

  test('a standing approval where every rule lets one be: the shortest, the fewest uses, what all let vary', async () => {
    const session = (...rest: readonly string[]) => merged(...rest.map((note) => `@approvers("dba") ${note}`))
    const [long, short] = [
      '@session("PT8H") @uses("5") @vary("target, rows")',
      '@session("PT4H") @uses("20") @vary("rows")',
    ]
    expect(await session(long)).toMatchObject({ session: { for: 28_800, uses: 5, vary: ['rows', 'target'] } })
    expect(await session(long, short)).toMatchObject({ session: { for: 14_400, uses: 5, vary: ['rows'] } })
    expect(await session('@session("PT8H") @uses("5")', short)).toMatchObject({ session: { vary: [] } })
    expect(await session(long, '')).not.toHaveProperty('session')
    expect(await session(long, '@tier("high")')).not.toHaveProperty('session')
    expect(await session(long, short, '@private')).not.toHaveProperty('session')
  })

  test('what approvers may make smaller is what every rule names', async () => {
    const narrow = (...rest: readonly string[]) => merged(...rest.map((note) => `@approvers("dba") ${note}`))
    expect(await narrow('@narrow("rows")')).toMatchObject({ narrow: ['rows'] })
    expect(await narrow('@narrow("rows")', '@narrow("rows") @private')).toMatchObject({ narrow: ['rows'] })
    expect(await narrow('@narrow("rows")', '')).not.toHaveProperty('narrow')
  })

  test('allow rules: the shorter times, and the first summary', async () => {
    const policy = await rules({
      allow: permit('a', '@lapse("PT2M") @summary("first")') + permit('b', '@grant("PT1M") @summary("second")'),
    })
    expect(ask(policy)).toEqual({ outcome: 'allow', rules: ['a', 'b'], lapse: 120, grant: 60, summary: 'first' })
  })
})

describe('a rule that cannot be evaluated fails closed', () => {
  test('a forbid rule denies', async () => {
    const policy = await rules({ forbid: forbid('no', erring), allow: permit('yes') })
    expect(ask(policy, { params: { rows: 0 } })).toMatchObject({ outcome: 'allow' })
    expect(ask(policy, { params: { rows: 2 } })).toEqual({ outcome: 'forbid', rules: ['no'] })
  })

  test('an approve rule requires its approval, beside those that match', async () => {
    const policy = await rules({
      approve: permit('ask', '@approvers("dba")') + permit('broken', '@approvers("security")', erring),
      allow: permit('yes'),
    })
    expect(ask(policy, { params: { rows: 0 } })).toMatchObject({ rules: ['ask'] })
    expect(ask(policy, { params: { rows: 2 } })).toMatchObject({
      rules: ['ask', 'broken'],
      slots: [{ groups: ['dba'] }, { groups: ['security'] }],
    })
  })

  test('an allow rule does not match', async () => {
    const policy = await rules({ allow: permit('yes', '', erring) })
    expect(ask(policy, { params: { rows: 1 } })).toMatchObject({ outcome: 'allow' })
    expect(ask(policy, { params: { rows: 2 } })).toMatchObject({ outcome: 'no-policy' })
  })
})

describe('a scope', () => {
  test.each([
    ['action', ['job.a', 'job.b', 'plain']],
    ['action == Action::"job.a"', ['job.a']],
    ['action in [Action::"job.a", Action::"plain"]', ['job.a', 'plain']],
    ['action in Action::"jobs"', ['job.a', 'job.b']],
    ['action in Action::"watched"', ['job.b']],
    ['action in [Action::"risky", Action::"plain"]', ['job.b', 'plain']],
  ])('%s covers %j', async (scope, expected) => {
    const policy = await rules({ forbid: forbid('no', '', scope) })
    const forbidden = ['job.a', 'job.b', 'plain', 'jobs', 'watched', 'risky'].filter(
      (action) => ask(policy, { action }).outcome === 'forbid',
    )
    expect(forbidden).toEqual(expected)
  })

  test('names the agent and the target', async () => {
    const policy = await rules({
      forbid: `@id("no") forbid(principal == Agent::"${deployBot}", action, resource == Target::"a \\"b\\" é");`,
      allow: permit('yes'),
    })
    const target = 'a "b" é'
    expect(ask(policy, { target })).toMatchObject({ outcome: 'forbid' })
    expect(ask(policy, { target, agent: otherBot })).toMatchObject({ outcome: 'allow' })
    expect(ask(policy)).toMatchObject({ outcome: 'allow' })
  })
})

test('rules see the principal that the agent names', async () => {
  const policy = await rules({
    allow: permit('yes', '', `when { context has onBehalfOf && context.onBehalfOf == "${person(7)}" }`),
  })
  expect(ask(policy, { onBehalfOf: person(7) })).toMatchObject({ outcome: 'allow' })
  expect(ask(policy)).toMatchObject({ outcome: 'no-policy' })
})

test('rules are named in the order of their file', async () => {
  const ids = Array.from({ length: 12 }, (_, i) => `r${12 - i}`)
  const policy = await rules({ allow: ids.map((id) => permit(id)).join('') })
  expect(ask(policy).rules).toEqual(ids)
})

test('comments and strings may hold what looks like rules', async () => {
  const policy = await rules({
    allow: `// forbid(principal, action, resource); @id("no")\n${permit('yes', '@summary("a; // b \\" c; @d")')}// end;`,
  })
  expect(ask(policy)).toMatchObject({ outcome: 'allow', rules: ['yes'], summary: 'a; // b " c; @d' })
})

const write = (effect: string, name: string, annotations: string, made: [string, string][]) =>
  made.map(([scope, condition], i) => rule(`${name}${i}`, effect, annotations, condition, scope)).join('')

test('judging by preselected rules equals judging by all of them', async () => {
  const scopes = fc.constantFrom(
    'action',
    'action == Action::"job.a"',
    'action in [Action::"plain", Action::"job.b"]',
    'action in Action::"jobs"',
    'action in Action::"watched"',
  )
  const conditions = fc.constantFrom(
    '',
    'when { context.environment == "production" }',
    'unless { context.params.rows > 1 }',
    erring,
  )
  const file = fc.array(fc.tuple(scopes, conditions), { maxLength: 4 })
  const question = fc.record({
    action: fc.constantFrom('job.a', 'job.b', 'plain'),
    environment: fc.constantFrom('production', 'staging'),
    params: fc.record({ rows: fc.integer({ min: 0, max: 3 }) }),
  })

  await fc.assert(
    fc.asyncProperty(file, file, file, fc.array(question, { minLength: 5 }), async (no, maybe, yes, questions) => {
      const texts = {
        forbid: write('forbid', 'no', '', no),
        approve: write('permit', 'maybe', '@approvers("dba")', maybe),
        allow: write('permit', 'yes', '', yes),
      }
      const policy = await rules(texts)
      for (const asked of questions) {
        const forbidden = byCedar(texts.forbid, asked, true)
        const required = byCedar(texts.approve, asked, true)
        const allowed = byCedar(texts.allow, asked, false)
        const expected = [forbidden, required, allowed].find((matching) => matching.length) ?? []
        expect(ask(policy, asked).rules).toEqual(expected)
      }
    }),
    sample(15),
  )
})

/** Asks Cedar about a whole file at once; it names rules by their place. */
function byCedar(
  text: string,
  asked: { action: string; environment: string; params: { rows: number } },
  errorsMatch: boolean,
): string[] {
  const answer = isAuthorized({
    principal: { type: 'Agent', id: deployBot },
    action: { type: 'Action', id: asked.action },
    resource: { type: 'Target', id: 'x' },
    context: { environment: asked.environment, params: asked.params },
    schema,
    policies: { staticPolicies: text },
    entities: [],
  })
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  const { reason, errors } = answer.response.diagnostics
  const places = new Set([...reason, ...(errorsMatch ? errors.map(({ policyId }) => policyId) : [])])
  const ids = [...text.matchAll(/@id\("(\w+)"\)/g)].map(([, id = '']) => id)
  return ids.filter((_id, place) => places.has(`policy${place}`))
}

test('a rule that forbids has its summary', async () => {
  const policy = await rules({ forbid: `@summary("Never")\n${permit('never').replace('permit', 'forbid')}` })
  expect(['never', 'unknown'].map((rule) => policy.summary(rule))).toEqual(['Never', null])
})

describe('why no rule covers an action', () => {
  const why = (policy: Awaited<ReturnType<typeof load>>, action: string, environment = 'prod') =>
    policy.uncovered({ agent: deployBot, at: noon, action: { action, target: 'x', environment, params: { rows: 1 } } })

  test.each([
    ['db.exprot', 'db.export'],
    ['DB_Export', 'db.export'],
    ['restart.service', undefined],
  ])('%s is not declared, and near to it is %s', async (name, near) => {
    expect(why(await load(), name)).toEqual({ why: 'undeclared', ...(near !== undefined && { near }) })
  })

  test('no rule speaks of it', async () => {
    expect(why(await load(), 'db.drop', 'staging')).toEqual({ why: 'no-rules' })
  })

  test('its rules look at facts that differ, and name another environment', async () => {
    expect(why(await load(), 'db.export')).toEqual({
      why: 'unmatched',
      rules: ['large-export-needs-security', 'export-needs-dba'],
      facts: ['environment', 'params.rows', 'target'],
      environments: ['production'],
      hiddenRun: false,
    })
  })

  test('a rule would match, but for the command of the run', async () => {
    const policy = await rules({ allow: permit('blind') })
    const action = { action: 'plain', target: 'x', environment: 'prod' }
    const run = { rows: 1, 'countersign.run': { path: '/bin/sh', args: [], cwd: '/' } }
    const found = policy.uncovered({ agent: deployBot, at: noon, action: { ...action, params: run } })
    expect(found).toMatchObject({ why: 'unmatched', rules: ['blind'], hiddenRun: true })
  })
})
