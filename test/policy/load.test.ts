import { policyFrom } from '../../src/policy/load.ts'
import { rosterText, ruleTexts } from '../support/build.ts'
import { policyTexts } from '../support/policyTexts.ts'
import { coversAgent, readRuleList } from '../../src/core/policy/ruleList.ts'
import { sizes } from '../../src/core/policy/sizes.ts'
import { ask, approvers, type Changes, flaws, load, ruleFiles, schema } from './folder.ts'

const everything = 'permit(principal, action, resource)'
const approve = (annotations: string) => ({ 'approve.cedar': `\n@id("r")\n${annotations}\n${everything};` })
const cedarschema = (context: string, rest = '') =>
  `entity Agent;\nentity Target;\n${rest}\naction "a" appliesTo { principal: Agent, resource: Target, context: ${context} };`

const at = (file: string, line: number, rule?: string) => ({ file, line, ...(rule && { rule }) })

test('the example policy loads', async () => {
  const policy = await load()
  expect([...policy.files().keys()].sort()).toEqual(
    ['allow.cedar', 'approve.cedar', 'approvers.json', 'forbid.cedar', 'rules.json', 'schema.cedarschema'].sort(),
  )
})

describe('rules.json', () => {
  const listed = async (changes: Changes = {}) => {
    const bytes = (await load(changes)).files().get('rules.json') ?? new Uint8Array()
    return { bytes, list: readRuleList(bytes) }
  }

  test('lists each rule as Cedar reads it, in the order of the files', async () => {
    const { list } = await listed()
    expect(list?.verbs).toEqual(['db.drop', 'db.export', 'deploy.release', 'iam.role.grant', 'service.restart'])
    expect(list?.rules.map(({ file, id, verbs }) => `${file} ${id} ${verbs.join(' ')}`)).toEqual([
      'forbid.cedar never-drop-production db.drop',
      'approve.cedar large-export-needs-security db.export',
      'approve.cedar export-needs-dba db.export',
      'approve.cedar role-needs-security iam.role.grant',
      'approve.cedar release-needs-one deploy.release',
      'allow.cedar restart-in-staging service.restart',
    ])
    expect(list?.rules[3]).toEqual({
      id: 'role-needs-security',
      file: 'approve.cedar',
      effect: 'permit',
      annotations: {
        ...{ id: 'role-needs-security', approvers: 'security', tier: 'high', expires: 'PT30M', lapse: 'PT15M' },
        ...{ summary: 'Grant a role', controls: 'AC-2, AC-6(1), CC6.3' },
      },
      scope: {
        principal: { op: 'All' },
        action: { op: '==', entity: { type: 'Action', id: 'iam.role.grant' } },
        resource: { op: 'All' },
      },
      verbs: ['iam.role.grant'],
    })
  })

  test('says which declared actions a group, a list or no action covers', async () => {
    const scopes = ['action in Action::"watched"', 'action in [Action::"jobs", Action::"plain"]', 'action']
    const forbid = scopes.map((scope, i) => `@id("r${i}")\nforbid(principal, ${scope}, resource);\n`).join('')
    const { list } = await listed(ruleFiles({ forbid }))
    expect(list?.rules.map(({ verbs }) => verbs)).toEqual([['job.b'], list?.verbs, ['job.a', 'job.b', 'plain']])
  })

  test('tells which agents a scope covers', async () => {
    const [bot, other] = ['b0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002'] as const
    const scopes = ['principal', `principal == Agent::"${bot}"`, `principal in Agent::"${bot}"`, 'principal is Agent']
    const text = [...scopes, `principal is Agent in Agent::"${bot}"`]
      .map((scope, i) => `@id("r${i}")\nforbid(${scope}, action == Action::"db.drop", resource);\n`)
      .join('')
    const { list } = await listed({ 'forbid.cedar': text })
    const covered = list?.rules.slice(0, 5).map((rule) => [bot, other].map((id) => coversAgent(rule, id)))
    expect(covered).toEqual([
      [true, true],
      [true, false],
      [true, false],
      [true, true],
      [true, false],
    ])
  })

  test('of the policy of other tests is what Cedar makes of its files', () => {
    const texts = policyTexts(rosterText, ruleTexts)
    const own = [...texts]
      .filter(([name]) => name !== 'rules.json')
      .map(([name, text]) => [name, Buffer.from(text)] as const)
    const found = policyFrom(new Map(own), new Map()).files().get('rules.json')
    expect(Buffer.from(found ?? []).toString()).toBe(texts.get('rules.json'))
  })

  test('is read only as it was written', async () => {
    const { bytes } = await listed()
    const text = Buffer.from(bytes).toString()
    const changes = [`${text} `, text.replace('rules/v1', 'rules/v2'), text.replace('"permit"', '"allow"'), '[]', '']
    expect(changes.map((changed) => readRuleList(Buffer.from(changed)))).toEqual(changes.map(() => null))
    expect(readRuleList(Buffer.from(text))).not.toBeNull()
  })
})

describe('a policy is refused, with file, line and rule, for', () => {
  const r = at('approve.cedar', 3, 'r')
  test.each<[string, Changes, object]>([
    ['a missing file', { 'forbid.cedar': null }, { file: 'forbid.cedar' }],
    ['an unknown file that would not be read', { 'aprove.cedar': '' }, { file: 'aprove.cedar' }],
    ...['forbid.cedar', 'schema.cedarschema', 'approvers.json'].map((file): [string, Changes, object] => [
      `a file of ${sizes.file + 1} bytes`,
      { [file]: new Uint8Array(sizes.file + 1) },
      { file, reason: `the file has more than ${sizes.file} bytes` },
    ]),
    ['bad UTF-8', { 'allow.cedar': Uint8Array.of(0xff) }, { file: 'allow.cedar' }],
    ['a line that ends for some readers only', { 'allow.cedar': '// é\n// x\rpermit' }, at('allow.cedar', 2)],
    ['a control character', { 'approvers.json': `{"version":\u00001}` }, at('approvers.json', 1)],
    ['a syntax error', { 'allow.cedar': '// é\n\npermit(principal' }, at('allow.cedar', 3)],
    ['a rule without id', { 'allow.cedar': `\n\n${everything};` }, at('allow.cedar', 3)],
    ['an id of 33 characters', { 'allow.cedar': `@id("${'x'.repeat(33)}") ${everything};` }, at('allow.cedar', 1)],
    [
      'an id twice',
      { 'allow.cedar': `\n@id("export-needs-dba") ${everything};` },
      at('allow.cedar', 2, 'export-needs-dba'),
    ],
    ['permit in forbid.cedar', { 'forbid.cedar': `@id("x")\n${everything};` }, at('forbid.cedar', 1, 'x')],
    ['forbid in approve.cedar', { 'approve.cedar': `@id("x") forbid(principal, action, resource);` }, { rule: 'x' }],
    ['forbid in allow.cedar', { 'allow.cedar': `@id("x") forbid(principal, action, resource);` }, { rule: 'x' }],
    [
      'a template',
      { 'allow.cedar': '\n@id("t") permit(principal == ?principal, action, resource);' },
      at('allow.cedar', 2),
    ],
    [
      'an action that is not declared',
      { 'allow.cedar': '\n@id("x") permit(principal, action == Action::"db.exprt", resource);' },
      at('allow.cedar', 2, 'x'),
    ],
    [
      'a param that is not declared',
      {
        'forbid.cedar':
          '@id("x")\nforbid(principal, action == Action::"db.export", resource)\nwhen { context.params.row > 1 };',
      },
      at('forbid.cedar', 3, 'x'),
    ],
    [
      'an optional param read without "has"',
      {
        'forbid.cedar':
          '@id("x")\nforbid(principal, action == Action::"db.export", resource)\n\nwhen { context.params.destination == "é" };',
      },
      at('forbid.cedar', 4, 'x'),
    ],
    [
      'a comparison across types',
      { 'forbid.cedar': '@id("x") forbid(principal, action, resource)\nwhen { context.environment == 1 };' },
      at('forbid.cedar', 2, 'x'),
    ],
    [
      'a rule that can never match',
      { 'forbid.cedar': '\n@id("x") forbid(principal, action, resource) when { false };' },
      at('forbid.cedar', 2, 'x'),
    ],
    [
      'a text that deceives the eye',
      { 'forbid.cedar': '@id("x") forbid(principal, action, resource) when { context.environment == "a\u202e" };' },
      { rule: 'x' },
    ],
    [
      'an agent that is not registered',
      { 'forbid.cedar': '\n@id("x") forbid(principal == Agent::"deploy-bot", action, resource);' },
      at('forbid.cedar', 2, 'x'),
    ],
    [
      'one in a condition',
      {
        'forbid.cedar':
          '@id("x") forbid(principal, action, resource) when { [Agent::"deploy-bot"].contains(principal) };',
      },
      { rule: 'x' },
    ],

    ['a misspelt annotation', approve('@approver("dba")'), r],
    ['no approvers', approve(''), at('approve.cedar', 2, 'r')],
    [
      'approvers in allow.cedar',
      { 'allow.cedar': `@id("x")\n@approvers("dba")\n${everything};` },
      at('allow.cedar', 2, 'x'),
    ],
    [
      'times in forbid.cedar',
      { 'forbid.cedar': `@id("x")\n@lapse("PT1H")\nforbid(principal, action, resource);` },
      at('forbid.cedar', 2, 'x'),
    ],
    ...['@command("none")', '@command("")', '@command'].map((annotation): [string, Changes, object] => [
      `a command but any: ${annotation}`,
      { 'allow.cedar': `@id("x")\n${annotation}\n${everything};` },
      at('allow.cedar', 2, 'x'),
    ]),
    ['a command in approve.cedar', approve('@approvers("dba")\n@command("any")'), at('approve.cedar', 4, 'r')],
    [
      'a command in forbid.cedar',
      { 'forbid.cedar': `@id("x")\n@command("any")\nforbid(principal, action, resource);` },
      at('forbid.cedar', 2, 'x'),
    ],
    ['independence with a value', approve('@approvers("dba")\n@independent("dba")'), at('approve.cedar', 4, 'r')],
    [
      'independence in allow.cedar',
      { 'allow.cedar': `@id("x")\n@independent\n${everything};` },
      at('allow.cedar', 2, 'x'),
    ],
    ['a group that does not exist', approve('@approvers("dba, dbas")'), r],
    ['empty approvers', approve('@approvers("")'), r],
    ['approvers without a text', approve('@approvers'), r],
    ['an empty slot', approve('@approvers("dba,")'), r],
    ['an empty group', approve('@approvers("dba|")'), r],
    ['no people', approve('@approvers("dba:0")'), r],
    ['half a person', approve('@approvers("dba:1.5")'), r],
    ['a colon alone', approve('@approvers("dba:")'), r],
    ['a crowd', approve('@approvers("dba:21")'), r],
    ['a quorum inside a choice', approve('@approvers("dba:2|security")'), r],
    ['a group twice in a slot', approve('@approvers("dba|dba")'), r],
    ['a slot twice in a rule', approve('@approvers("dba|security, security|dba:2")'), r],
    ['5 groups in a slot', approve('@approvers("dba|security|a|b|c")'), r],
    ['a time in words', approve('@approvers("dba") @expires("1 hour")'), r],
    ['a time that says nothing', approve('@approvers("dba") @expires("PT")'), r],
    ['half a time', approve('@approvers("dba") @expires("P1DT")'), r],
    ['months', approve('@approvers("dba") @expires("P1M")'), r],
    ['59 seconds', approve('@approvers("dba") @expires("PT59S")'), r],
    ['over 7 days', approve('@approvers("dba") @expires("P7DT1S")'), r],
    ['a grant over 5 minutes', approve('@approvers("dba") @grant("PT5M1S")'), r],
    ['an unknown tier', approve('@approvers("dba") @tier("High")'), r],
    ['a door in capitals', approve('@approvers("dba") @via("Teams")'), r],
    ['no door', approve('@approvers("dba") @via("")'), r],
    ['a door twice', approve('@approvers("dba") @via("teams, teams")'), r],
    ['no door that approves its tier', approve('@approvers("dba") @tier("high") @via("slack")'), r],
    ['5 doors', approve('@approvers("dba") @via("aa,bb,cc,dd,ee")'), r],
    ['an answer within 59 seconds', approve('@approvers("dba") @answer("PT59S")'), r],
    ['4 reminders', approve('@approvers("dba") @remind("PT1M, PT2M, PT3M, PT4M")'), r],
    ['a reminder twice', approve('@approvers("dba") @remind("PT1H, PT60M")'), r],
    ['a reminder in words', approve('@approvers("dba") @remind("- PT")'), r],
    ['no reminder', approve('@approvers("dba") @remind("")'), r],
    ['an escalation without groups', approve('@approvers("dba") @escalate("PT30M")'), r],
    ['an escalation without a time', approve('@approvers("dba") @escalate("security")'), r],
    ['an escalation to a group that does not exist', approve('@approvers("dba") @escalate("PT30M: dbas")'), r],
    ['an escalation to who may approve anyway', approve('@approvers("dba") @escalate("PT30M: dba")'), r],
    ['two escalations', approve('@approvers("dba") @escalate("PT30M: security: dba")'), r],
    ['a glass without groups', approve('@approvers("dba") @breakglass("")'), r],
    ['a glass for a group that does not exist', approve('@approvers("dba") @breakglass("dbas")'), r],
    ['a group twice for a glass', approve('@approvers("dba") @breakglass("security|security")'), r],
    ['a review without a glass', approve('@approvers("dba") @review("PT1H")'), r],
    ['a review within half an hour', approve('@approvers("dba") @breakglass("security") @review("PT30M")'), r],
    ['a review within 8 days', approve('@approvers("dba") @breakglass("security") @review("P8D")'), r],
    ['a standing approval without a number of uses', approve('@approvers("dba") @session("PT4H")'), r],
    ['uses without a standing approval', approve('@approvers("dba") @uses("3")'), r],
    ['what may vary without a standing approval', approve('@approvers("dba") @vary("target")'), r],
    ['a standing approval for 59 seconds', approve('@approvers("dba") @session("PT59S") @uses("3")'), r],
    ['a standing approval for more than a day', approve('@approvers("dba") @session("PT24H1S") @uses("3")'), r],
    ['no use', approve('@approvers("dba") @session("PT4H") @uses("0")'), r],
    ['201 uses', approve('@approvers("dba") @session("PT4H") @uses("201")'), r],
    ['uses in words', approve('@approvers("dba") @session("PT4H") @uses("ten")'), r],
    ['a standing approval of tier high', approve('@approvers("dba") @tier("high") @session("PT4H") @uses("3")'), r],
    ['nothing that varies', approve('@approvers("dba") @session("PT4H") @uses("3") @vary("")'), r],
    ['something twice that varies', approve('@approvers("dba") @session("PT4H") @uses("3") @vary("rows, rows")'), r],
    [
      '9 params that vary',
      approve('@approvers("dba") @session("PT4H") @uses("3") @vary("a, b, c, d, e, f, g, h, i")'),
      r,
    ],
    ['a misspelt param that varies', approve('@approvers("dba") @session("PT4H") @uses("3") @vary("row")'), r],
    ['a kept param that varies', approve('@approvers("dba") @session("PT4H") @uses("3") @vary("countersign.run")'), r],
    ['nothing to make smaller', approve('@approvers("dba") @narrow("")'), r],
    ['something twice to make smaller', approve('@approvers("dba") @narrow("rows, rows")'), r],
    ['9 params to make smaller', approve('@approvers("dba") @narrow("a, b, c, d, e, f, g, h, i")'), r],
    ['a misspelt param to make smaller', approve('@approvers("dba")\n@narrow("row")'), at('approve.cedar', 4, 'r')],
    ['a truth to make smaller', approve('@approvers("dba")\n@narrow("urgent")'), at('approve.cedar', 4, 'r')],
    ['the target to make smaller', approve('@approvers("dba") @narrow("target")'), r],
    ['a kept param to make smaller', approve('@approvers("dba") @narrow("countersign.run")'), r],
    ['a param to make smaller that no event can name', approve('@approvers("dba") @narrow("größe")'), r],
    ['a misspelt @narrow', approve('@approvers("dba") @narow("rows")'), r],
    [
      '@narrow in allow.cedar',
      { 'allow.cedar': `@id("x")\n@narrow("rows")\n${everything};` },
      at('allow.cedar', 2, 'x'),
    ],
    ['a misspelt @session', approve('@approvers("dba") @sesion("PT4H") @uses("3")'), r],
    ['a value of @private', approve('@approvers("dba") @private("no")'), r],
    ['a summary of two lines', approve('@approvers("dba") @summary("a\\nb")'), r],
    ['an empty summary', approve('@approvers("dba") @summary(" ")'), r],
    ['a summary of 201 characters', approve(`@approvers("dba") @summary("${'é'.repeat(201)}")`), r],
    [
      '25 controls',
      approve(`@approvers("dba") @controls("${Array.from({ length: 25 }, (_, i) => `AC-${i}`).join()}")`),
      r,
    ],
    ['controls that are no list', approve('@approvers("dba") @controls("AC-6(9); CC6.1")'), r],

    ['a schema with a syntax error', { 'schema.cedarschema': 'entity Agent;\n\nentity;' }, at('schema.cedarschema', 3)],
    [
      'a type that does not exist',
      { 'schema.cedarschema': cedarschema('{ environment: Text }') },
      at('schema.cedarschema', 4),
    ],
    [
      'a type that shadows',
      { 'schema.cedarschema': cedarschema('{ environment: __cedar::String }', 'type decimal = Long;') },
      at('schema.cedarschema', 3),
    ],
    ['no Agent', { 'schema.cedarschema': 'entity Target;' }, at('schema.cedarschema', 1)],
    [
      'attributes of Target',
      { 'schema.cedarschema': `entity Agent;\nentity Target { owner: String };` },
      at('schema.cedarschema', 2),
    ],
    [
      'parents of Agent',
      { 'schema.cedarschema': `entity Agent in [Target];\nentity Target;` },
      at('schema.cedarschema', 1),
    ],
    [
      'another principal',
      {
        'schema.cedarschema':
          'entity Agent, Target, User;\n\naction "a" appliesTo { principal: [Agent, User], resource: Target };',
      },
      at('schema.cedarschema', 3),
    ],
    [
      'another resource',
      { 'schema.cedarschema': 'entity Agent, Target;\naction "a" appliesTo { principal: Agent, resource: Agent };' },
      at('schema.cedarschema', 2),
    ],
    ['no environment', { 'schema.cedarschema': cedarschema('{}') }, at('schema.cedarschema', 4)],
    [
      'an optional environment',
      { 'schema.cedarschema': cedarschema('{ environment?: String }') },
      at('schema.cedarschema', 4),
    ],
    [
      'an optional target',
      { 'schema.cedarschema': cedarschema('{ environment: String, target?: String }') },
      at('schema.cedarschema', 4),
    ],
    [
      'a target that is no text',
      { 'schema.cedarschema': cedarschema('{ environment: String, target: Long }') },
      at('schema.cedarschema', 4),
    ],
    [
      'a required onBehalfOf',
      { 'schema.cedarschema': cedarschema('{ environment: String, onBehalfOf: String }') },
      at('schema.cedarschema', 4),
    ],
    [
      'context that nothing fills',
      { 'schema.cedarschema': cedarschema('{ environment: String, ip?: String }') },
      at('schema.cedarschema', 4),
    ],
    [
      'params that are no record',
      { 'schema.cedarschema': cedarschema('{ environment: String, params: String }') },
      at('schema.cedarschema', 4),
    ],
    [
      'params that are entities',
      { 'schema.cedarschema': cedarschema('{ environment: String, params: { by: Agent } }') },
      at('schema.cedarschema', 4),
    ],
    [
      'params that are addresses',
      { 'schema.cedarschema': cedarschema('{ environment: String, params: { from: ipaddr } }') },
      at('schema.cedarschema', 4),
    ],
    [
      'params that cannot be given',
      { 'schema.cedarschema': cedarschema('{ environment: String, params: { "a\u{200b}": Long } }') },
      at('schema.cedarschema', 4),
    ],
    [
      'actions in a namespace',
      {
        'schema.cedarschema': `${cedarschema('{ environment: String }')}\nnamespace N { entity E; action x appliesTo { principal: E, resource: E }; }`,
      },
      { file: 'schema.cedarschema' },
    ],
  ])('%s', async (_what, changes, expected) => {
    const found = await flaws(
      'schema.cedarschema' in changes
        ? { 'forbid.cedar': '', 'approve.cedar': '', 'allow.cedar': '', ...changes }
        : changes,
    )
    expect(found[0]).toMatchObject(expected)
  })

  test.each([
    ['12 rules of one action over all files', 12, []],
    ['13 rules', 13, [{ file: 'forbid.cedar', line: 13, rule: 'r12' }]],
  ])('more than 12 rules of an action: %s', async (_what, count, expected) => {
    const texts = Array.from({ length: count }, (_, i) => `@id("r${i}") forbid(principal, action, resource);`)
    expect(await flaws({ 'forbid.cedar': texts.join('\n'), 'approve.cedar': '', 'allow.cedar': '' })).toMatchObject(
      expected,
    )
  })

  test.each([
    ['10 slots', 10, []],
    ['11 slots', 11, [{ file: 'approve.cedar', line: 2, rule: 'b' }]],
  ])('more than 10 slots after a merge: %s', async (_what, count, expected) => {
    const names = Array.from({ length: count }, (_, i) => `g${i}`)
    const groups = Object.fromEntries(
      names.map((name) => [name, { entraGroup: 'd0000000-0000-4000-8000-000000000001' }]),
    )
    const text = `@id("a") @approvers("${names.slice(0, 6).join()}") ${everything};\n@id("b") @approvers("${names.slice(5).join()}") ${everything};`
    expect(
      await flaws({
        'forbid.cedar': '',
        'approve.cedar': text,
        'allow.cedar': '',
        'schema.cedarschema': schema,
        'approvers.json': approvers({ groups }),
      }),
    ).toMatchObject(expected)
  })
})

test('an error of the validator names its subject', async () => {
  const [flaw] = await flaws({
    'forbid.cedar': '@id("x") forbid(principal, action, resource) when { context.rows > 1 };',
  })
  expect(flaw?.reason).toContain('rows')
})

/** A file of the example policy, with something added. */
const longer = async (name: string, add: string) =>
  `${new TextDecoder().decode((await load()).files().get(name))}${add}`

describe('the version', () => {
  const card = new Map([['request.json', Uint8Array.of(1)]])

  test('is the same for the same bytes', async () => {
    expect((await load()).version).toBe((await load()).version)
    expect((await load()).version).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  test.each([
    ['forbid.cedar', '\n'],
    ['approve.cedar', '// more'],
    ['allow.cedar', ' '],
    ['schema.cedarschema', '\n'],
    ['approvers.json', '\n'],
  ])('changes with any byte of %s', async (name, add) => {
    expect((await load({ [name]: await longer(name, add) })).version).not.toBe((await load()).version)
  })

  test.each([
    ['a card', new Map(card)],
    ['another byte in it', new Map([['request.json', Uint8Array.of(2)]])],
    ['another name', new Map([['requests.json', Uint8Array.of(1)]])],
  ])('changes with the card templates: %s', async (what, cards) => {
    const before = await load({}, what === 'a card' ? new Map() : card)
    expect((await load({}, cards)).version).not.toBe(before.version)
  })

  test('covers the card templates by name', async () => {
    expect((await load({}, card)).files().get('cards/request.json')).toEqual(Uint8Array.of(1))
  })
})

test('two policies in one process do not mix', async () => {
  const [first, second] = [await load(), await load({ 'allow.cedar': '', 'forbid.cedar': '' })]
  const restart = { action: 'service.restart', target: 'web-1', environment: 'staging', params: {} }
  expect([ask(first, restart).outcome, ask(second, restart).outcome]).toEqual(['allow', 'no-policy'])
})
