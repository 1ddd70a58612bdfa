import fc from 'fast-check'
import { foldedTarget } from '../../src/core/action/target.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { readTargetPattern } from '../../src/policy/targetPattern.ts'
import { noon, problem } from '../support/build.ts'
import { unicode } from '../support/chance.ts'
import { ask, deployBot, flaws, load, ruleFiles, schema } from './folder.ts'

const withTarget = schema.replace('environment: String', 'environment: String, target: String')
const compared = 'permit(principal, action, resource) when { context.target like "staging/*" };'
const filesWith = (condition: string, effect = 'permit') =>
  ruleFiles({ schema: withTarget, [effect === 'permit' ? 'allow' : 'forbid']: `@id("r") ${effect}${condition}` })
const policyWith = (condition: string, effect = 'permit') => load(filesWith(condition, effect))

describe('an action whose rules compare targets', () => {
  test.each([
    ['staging/../prod/db', 'segment 2, "..", is a dot segment'],
    ['staging/./db', 'segment 2, ".", is a dot segment'],
    ['..', 'segment 1, "..", is a dot segment'],
    ['staging\\..\\prod', 'segment 1, "staging\\..\\prod", is a dot segment'],
    ['staging/%2e%2E/prod', 'segment 2, "%2e%2e", is a dot segment'],
    ['staging/.%252e/prod', 'segment 2, ".%252e", is a dot segment'],
    ['staging/x%2f..%5cprod', 'segment 2, "x%2f..%5cprod", is a dot segment'],
    ['staging/\uff0e\u2024/prod', 'segment 2, "..", is a dot segment'],
    ['staging//db', 'segment 2, "", is empty'],
    ['/staging/db', 'segment 1, "", is empty'],
    ['staging/', 'segment 2, "", is empty'],
    ['s3://bucket//key', 'segment 2, "", is empty'],
    ['s3://', 'segment 1, "", is empty'],
    ['x://y://z', 'segment 2, "", is empty'],
    ['staging/pr\u043ed', 'segment 2, "pr\u043ed", has a word of several scripts (Latin, Cyrillic)'],
    ['s\u03bf/db', 'segment 1, "s\u03bf", has a word of several scripts (Latin, Greek)'],
  ])('refuses %s and names the segment', async (target, expected) => {
    const policy = await policyWith(compared.slice(6))
    const found = problem(() => ask(policy, { target }))
    expect(found).toMatchObject({ code: 'invalid-input', details: { pointer: '/target' } })
    expect(found.message).toContain(expected)
    expect(problem(() => policy.forbids(question(target)))).toMatchObject({ code: 'invalid-input' })
  })

  test.each([
    'C:\\Program Files\\App\\app.exe',
    '\\\\server\\share\\file',
    'arn:aws:s3:::My-Bucket/Key.txt',
    'arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/Fn',
    '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/Prod/providers/Microsoft.Web/sites/App',
    'https://api.example.com/v1/users?since=..',
    'octo-org/Octo.Repo',
    'host.name..example/x...y',
    'prod/\u043e\u0442\u0447\u0451\u0442',
    'prod/\u30b5\u30fc\u30d0\u30fcA',
    'a b',
  ])('takes %s', async (target) => {
    expect(ask(await policyWith(compared.slice(6)), { target }).outcome).toBe('no-policy')
  })

  const question = (target: string) => ({
    agent: deployBot,
    at: noon,
    action: { action: 'plain', target, environment: 'production', params: { rows: 1 } },
  })

  test.each([
    ['(principal, action, resource) when { context.target like "prod/*" };', 'PROD/db'],
    ['(principal, action, resource) when { context.target == "prod/db" };', '\uff50rod/DB'],
    ['(principal, action, resource) when { ["prod/db"].contains(context.target) };', 'Prod/Db'],
    ['(principal, action, resource == Target::"prod/db");', 'Prod/Db'],
    ['(principal, action, resource) when { resource == Target::"prod/db" };', 'PROD/db'],
    ['(principal, action, resource) when { context.target like "*kelvin*" };', '\u212aelvin'],
  ])('%s matches %s', async (rule, target) => {
    expect(ask(await policyWith(rule, 'forbid'), { target }).outcome).toBe('forbid')
  })

  test.each([
    ['(principal, action, resource) when { [resource].contains(Target::"a") };', true],
    ['(principal, action, resource in Target::"a");', true],
    ['(principal, action, resource is Target);', false],
    ['(principal, action, resource) when { context.target == context.environment };', true],
    ['(principal, action, resource) unless { {a: context.target} == {a: "x"} };', true],
    ['(principal, action, resource) when { context.environment == "x" };', false],
    ['(principal, action, resource) when { context.params.rows > 1 };', false],
    ['(principal, action, resource) when { context has onBehalfOf };', false],
    ['(principal, action == Action::"job.a", resource) when { context.target == "x" };', false],
  ])('is told by its rules: %s compares: %s', async (rule, compares) => {
    const policy = await policyWith(rule)
    const outcome = () => ask(policy, { target: 'a/../b' })
    if (compares) expect(problem(outcome).code).toBe('invalid-input')
    else expect(outcome).not.toThrow()
  })
})

test.each([
  ['context.target like "Prod/*"', 'prod/'],
  ['context.target like "*/DB"', '/db'],
  ['context.target == "Prod/db"', 'prod/db'],
  ['"Prod/db" != context.target', 'prod/db'],
  ['["a", "B"].contains(context.target)', 'b'],
  ['context.target == "cafe\u0301"', 'caf\u00e9'],
  ['resource == Target::"Prod"', 'prod'],
  ['[Target::"a", Target::"B"].contains(resource)', 'b'],
])('a rule that compares what no target is, is refused: %s', async (condition, folded) => {
  const rule = `(principal, action, resource)\nwhen { ${condition} };`
  expect(await flaws(filesWith(rule, 'forbid'))).toMatchObject([
    { file: 'forbid.cedar', line: 1, rule: 'r', reason: expect.stringContaining(`write "${folded}"`) },
  ])
})

describe('a pattern of the schema', () => {
  const files = (pattern: string) =>
    ruleFiles({
      allow: '@id("r") permit(principal, action, resource);',
      schema: schema.replace('action "plain"', `\n@target("${pattern}")\naction "plain"`),
    })

  const patterned = (pattern: string) => load(files(pattern))

  test('refuses targets of another form, and says which', async () => {
    const policy = await patterned('^(staging|test)/[a-z0-9-]+$')
    expect(ask(policy, { target: 'Staging/web-1' }).outcome).toBe('allow')
    for (const target of ['prod/web', 'staging/web/1', 'xstaging/web', 'staging/web_1', 'staging/..']) {
      const found = problem(() => ask(policy, { target }))
      expect(found).toMatchObject({ code: 'invalid-input', details: { pointer: '/target' } })
    }
    expect(problem(() => ask(policy, { target: 'prod/web' })).message).toContain('^(staging|test)/[a-z0-9-]+$')
    expect(ask(policy, { action: 'job.a', target: 'prod/../web' }).outcome).toBe('allow')
  })

  test('may begin with a slash', async () => {
    const policy = await patterned('^/srv(/[a-z.]+)+$')
    expect(ask(policy, { target: '/srv/app/x' }).outcome).toBe('allow')
    expect(problem(() => ask(policy, { target: '/srv/../etc' })).message).toContain('segment 2')
  })

  test.each([
    ['staging/.*', 'begins with ^ and ends with $'],
    ['^staging', 'begins with ^ and ends with $'],
    ['', 'begins with ^ and ends with $'],
    ['^Staging$', '"S" matches none'],
    ['^[A-Z]+$', '"A" matches none'],
    ['^a(b$', 'character 3: this group has no end'],
    ['^a)$', 'character 3: ")" has no beginning'],
    ['^a[b$', 'character 3: this class has no end'],
    ['^*a$', 'nothing stands before "*"'],
    ['^a**$', '"*" follows a quantifier'],
    ['^a{2$', 'a number of times is written as'],
    ['^a{5,2}$', 'the numbers of times rise'],
    ['^a{300}$', 'the numbers of times rise'],
    ['^(?:a)$', 'groups are written as (…)'],
    ['^(?=a)$', 'groups are written as (…)'],
    ['^\\\\d+$', '\\d has no meaning here'],
    ['^(a)\\\\1$', '\\1 has no meaning here'],
    ['^a^b$', 'write \\^'],
    ['^[z-a]$', 'the range z-a is empty'],
    ['^((a{200}){200}){200}$', 'repeats too much'],
    [`^${'a'.repeat(511)}$`, 'at most 512 characters'],
  ])('is refused with its line: %s', async (pattern, reason) => {
    const [flaw] = await flaws(files(pattern))
    expect(flaw).toMatchObject({ file: 'schema.cedarschema', line: 10, reason: expect.stringContaining(reason) })
  })

  test('takes no longer for a target made to make it slow', () => {
    const { matches } = pattern('^(a|a|aa|[a-z]+)*((a*)*)*b$')
    expect(matches('a'.repeat(512))).toBe(false)
    expect(matches(`${'a'.repeat(511)}b`)).toBe(true)
  })

  const refuse = (reason: string): never => {
    throw new Error(reason)
  }
  const pattern = (source: string) => readTargetPattern(source, refuse)

  const atom = fc.constantFrom('a', 'b', '/', '.', '[ab]', '[^a]', '[a-c-]', '\\.', '\\[')
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}|${b}|)`),
      fc.tuple(tie('tree'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}')).map(([a, n]) => `(${a})${n}`),
    ),
  }))

  test("means what JavaScript's own expressions mean", () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '/', '.', '[', '-'), { maxLength: 8 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(tree, text, (source, target) => {
        expect(pattern(`^${source}$`).matches(target)).toBe(new RegExp(`^(?:${source})$`, 'u').test(target))
      }),
    )
  })
})

test('a folded target stays as it is when it is folded again', () => {
  fc.assert(
    fc.property(unicode(), (text) => {
      expect(foldedTarget(foldedTarget(text))).toBe(foldedTarget(text))
    }),
  )
  for (let code = 0; code < 0x30000; code++)
    if (code < 0xd800 || code > 0xdfff) {
      const folded = foldedTarget(String.fromCodePoint(code))
      if (foldedTarget(folded) !== folded) throw new Problem('invalid-input', `U+${code.toString(16)}`)
    }
})
