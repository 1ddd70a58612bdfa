import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  ['1000', 1000],
  ['0.1', 0.1],
  ['true', true],
  ['false', false],
  ['{"a":[1,{"b":"c"}]}', { a: [1, { b: 'c' }] }],
  ['["accounts"]', ['accounts']],
  ['[1, 2.50]', [1, 2.5]],
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

test.each([
  ...['1.10', '1.0', '12e4567', '1e3', '1E3', '1e-07', ' 5', '5 ', 'true ', '-0', '0.0', '100000000000000000000'],
  ...['9007199254740993', '0.123456789012345678', '3.14159265358979323846'],
])('%j is not changed in silence: the refusal names --text', (text) => {
  const { status, message } = refusal(() => asking(`--param=key=${text}`))
  expect({ status, message }).toEqual({ status: 78, message: expect.stringContaining(`--text key=${text}`) as string })
  expect(asking(`--text=key=${text}`).body['params']).toEqual({ key: text })
})

test('a text param stays text, even if it looks like JSON', () => {
  expect(asking('--text', 'version=1.10', '--text', 'flag=true').body['params']).toEqual({
    version: '1.10',
    flag: 'true',
  })
})

test.each([
  ['[9007199254740993]'],
  ['[0.123456789012345678]'],
  ['[1e999]'],
  ['[-0]'],
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
  ['--param', ['--param', '=x']],
  ['--param', ['--param', '__proto__=x']],
  ['--text', ['--param', 'a=1', '--text', 'a=2']],
  ['/params/a/b', ['--param', 'a={"b\\u200b":1}']],
  ['--param', ['--param', 'countersign.run=x']],
  ['--text', ['--text', 'countersign.note=x']],
  ['--link', ['--link', 'title=http://example.org']],
  ['--link', ['--link', 'https://example.org']],
  ['--link', Array.from({ length: 6 }, () => '--link=a=https://example.org')],
  ['--expires-in', ['--expires-in', '59']],
  ['--expires-in', ['--expires-in', '604801']],
  ['--expires-in', ['--expires-in', '1e3']],
  ['--idempotency-key', ['--idempotency-key', 'with space']],
  ['--idempotency-key', ['--idempotency-key', 'x'.repeat(256)]],
])('%s is named when it breaks its rule', (name, args) => {
  expect(refusal(() => asking(...args))).toMatchObject({ status: 78, message: expect.stringContaining(name) as string })
})

test.each([
  ['action', 'db export'],
  ['action', 'x'.repeat(129)],
  ['environment', 'Production'],
  ['target', ''],
  ['target', 'a\nb'],
  ['target', 'x'.repeat(513)],
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
  const { action } = buildAsking(options('--param=a=1', '--text=command=x'), command)
  expect(action.params).toEqual({ a: 1, command: 'x', 'countersign.run': command })
  expect(refusal(() => buildAsking(options('--param=countersign.run=x'), command))).toMatchObject({ status: 78 })
})

describe('params from files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'params-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const params = (...args: readonly string[]) => asking(...args).body['params']

  test('--param KEY=@FILE is the text of the file, exactly', () => {
    expect(params(`--param=plan=@${file('plan', '{"a":1}\r\n\tü')}`)).toEqual({ plan: '{"a":1}\r\n\tü' })
    expect(params('--text=user=@alice')).toEqual({ user: '@alice' })
  })

  test('--params FILE has params by name, beside those of other options', () => {
    const given = file('params.json', '{"First Name":"Ana","tag":null,"labels":{"a/b":1}}')
    expect(params('--params', given, '--param=rows=1')).toEqual({
      ...{ 'First Name': 'Ana', tag: null, labels: { 'a/b': 1 } },
      rows: 1,
    })
  })

  test('a sign - alone is a value: standard input', () => {
    expect(parseOptions(['ask', ...flags(needed), '--params', '-']).many('params')).toEqual(['-'])
    expect(refusal(() => parseOptions(['ask', ...flags(needed), '--params', '-x']))).toMatchObject({ status: 78 })
  })

  test('--digest KEY=@FILE is the digest and size of a file of any size', () => {
    const content = Buffer.alloc(200_000, 'x')
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(params(`--digest=dump=@${file('dump', content)}`)).toEqual({ dump: { sha256, size: 200_000 } })
  })

  test.each<[string, readonly string[], RegExp]>([
    ['a file that is not there', ['--param=a=@/no/such/file'], /--param a: .*ENOENT.*--text/],
    ['a file that is no text', [`--param=a=@${file('binary', Buffer.of(0xff, 0xfe))}`], /--param a: .*UTF-8.*--digest/],
    ['a file that is too large', [`--param=a=@${file('large', 'x'.repeat(70_000))}`], /70000 bytes.*--digest/],
    ['params that are no object', ['--params', file('array', '[1]')], /--params: .*object/],
    ['params that are no JSON', ['--params', file('broken', '{')], /--params: /],
    ['a kept key', ['--params', file('kept', '{"countersign.run":1}')], /--params: .*countersign/],
    ['a key given twice', ['--params', file('twice', '{"a":1}'), '--param=a=1'], /given twice/],
    ['a digest of no file', ['--digest=a=b'], /--digest a: .*KEY=@FILE/],
    ['a digest of a folder', [`--digest=a=@${folder}`], /--digest a: .*EISDIR/],
  ])('%s is refused by the name of the option', (_what, args, words) => {
    expect(refusal(() => asking(...args))).toMatchObject({
      status: 78,
      message: expect.stringMatching(words) as string,
    })
  })
})
