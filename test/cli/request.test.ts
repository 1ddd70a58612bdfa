import { Exit } from '../../src/cli/exit.ts'
import { parseOptions } from '../../src/cli/options.ts'
import { buildAsking } from '../../src/cli/request.ts'

const needed = { action: 'db.export', target: 'prod/customers', environment: 'production', reason: 'why' }

const asking = (...args: readonly string[]) => buildAsking(parseOptions(['ask', ...flags(needed), ...args]))

const flags = (options: object): readonly string[] =>
  Object.entries(options).map(([name, value]) => `--${name}=${String(value)}`)

const refusal = (run: () => unknown): Exit => {
  try {
    run()
  } catch (cause) {
    if (cause instanceof Exit) return cause
    throw cause
  }
  throw new Error('It was accepted.')
}

test.each([
  ['120000', 120_000],
  ['-1.5', -1.5],
  ['1e3', 1000],
  ['true', true],
  ['false', false],
  ['{"a":[1,{"b":"c"}]}', { a: [1, { b: 'c' }] }],
  ['["accounts"]', ['accounts']],
  [' 5', 5],
  ['null', 'null'],
  ['"quoted"', '"quoted"'],
  ['', ''],
  ['a=b=c', 'a=b=c'],
  ['007', '007'],
  ['1.2.3', '1.2.3'],
  ['+1', '+1'],
  ['0x10', '0x10'],
  ['NaN', 'NaN'],
  ['TRUE', 'TRUE'],
  ['{not json}', '{not json}'],
  ['s3://finance-exports', 's3://finance-exports'],
  ['⟦ü', '⟦ü'],
])('the param %j has the value %j', (text, value) => {
  expect(asking(`--param=key=${text}`).body['params']).toEqual({ key: value })
})

test('a text param stays text, even if it looks like JSON', () => {
  expect(asking('--text', 'version=1.10', '--text', 'flag=true').body['params']).toEqual({
    version: '1.10',
    flag: 'true',
  })
})

test.each([
  ['9007199254740993'],
  ['0.12345678901234567'],
  ['1e999'],
  ['-0'],
  ['{"a":1,"a":2}'],
  ['{"__proto__":1}'],
  ['"\\ud800"', '--param=key=["\\ud800"]'],
])('the ambiguous param %j is refused by name', (text, arg = `--param=key=${text}`) => {
  expect(refusal(() => asking(arg))).toMatchObject({
    status: 78,
    message: expect.stringContaining('--param key') as string,
  })
})

test.each([
  ['--param', ['--param', 'novalue']],
  ['--param', ['--param', '1a=x']],
  ['--param', ['--param', '=x']],
  ['--param', ['--param', '__proto__=x']],
  ['--text', ['--param', 'a=1', '--text', 'a=2']],
  ['/params/a', ['--param', 'a=[null]']],
  ['/params/a/b c', ['--param', 'a={"b c":1}']],
  ['--link', ['--link', 'title=http://example.org']],
  ['--link', ['--link', 'https://example.org']],
  ['--link', Array.from({ length: 6 }, () => '--link=a=https://example.org')],
  ['--expires-in', ['--expires-in', '59']],
  ['--expires-in', ['--expires-in', '604801']],
  ['--expires-in', ['--expires-in', '1e3']],
  ['--on-behalf-of', ['--on-behalf-of', 'somebody']],
  ['--executor', ['--executor', '']],
  ['--idempotency-key', ['--idempotency-key', 'with space']],
  ['--idempotency-key', ['--idempotency-key', 'x'.repeat(256)]],
])('%s is named when it breaks its rule', (name, args) => {
  expect(refusal(() => asking(...args))).toMatchObject({ status: 78, message: expect.stringContaining(name) as string })
})

test.each([
  ['action', 'DB.export'],
  ['action', 'x'.repeat(65)],
  ['environment', 'Production'],
  ['target', ''],
  ['target', 'a\nb'],
  ['target', 'x'.repeat(257)],
  ['reason', ''],
  ['reason', 'a\u001bb'],
  ['reason', 'x'.repeat(1001)],
])('--%s is named when it is %j', (name, value) => {
  const args = ['ask', ...flags({ ...needed, [name]: value })]
  const { status, message } = refusal(() => buildAsking(parseOptions(args)))
  expect({ status, named: message.startsWith(`--${name}:`) }).toEqual({ status: 78, named: true })
})

test('an action over its limits is refused', () => {
  expect(refusal(() => asking(`--text=a=${'x'.repeat(17_000)}`))).toMatchObject({ status: 78 })
})

test('each ask has its own key unless one is given', () => {
  expect(asking().key).not.toBe(asking().key)
  expect(asking('--idempotency-key', 'mine').key).toBe('mine')
})

test('run binds the command under a name that no param may have', () => {
  const command = { path: '/bin/true', args: [], cwd: '/' }
  const options = (...args: readonly string[]) => parseOptions(['run', ...flags(needed), ...args, '--', 'true'])
  expect(buildAsking(options('--param=a=1'), command).action.params).toEqual({ a: 1, command })
  expect(refusal(() => buildAsking(options('--param=command=x'), command))).toMatchObject({ status: 78 })
})
