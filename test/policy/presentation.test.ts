import { join } from 'node:path'
import type { Action } from '../../src/core/action/action.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { versionOf } from '../../src/core/record/policyVersion.ts'
import { BadPolicy } from '../../src/policy/flaw.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { readPresentations } from '../../src/policy/presentation.ts'
import { readSchema } from '../../src/policy/schema.ts'
import { flaws, load } from './folder.ts'
import { rowsOf, titleOf } from '../support/english.ts'

const schema = `
entity Agent;
entity Target;
action "job" appliesTo { principal: Agent, resource: Target, context: {
  environment: String,
  params: {
    rows: Long, size?: Long, price: decimal, wait: String, urgent: Bool, tags: Set<String>, "a.b"?: Long,
    a: { b: Long, c?: Long, d: String }, change: { before: String, after: String }, old: Long, new: Long,
  },
} };
action "open" appliesTo { principal: Agent, resource: Target, context: { environment: String } };
action "shadow" appliesTo { principal: Agent, resource: Target, context: { environment: String, params: { target: String } } };
`
const actions = readSchema(schema)

const text = (job: object, name = 'job'): string => JSON.stringify({ version: 1, actions: { [name]: job } }, null, 1)

const read = (content: string) => readPresentations(Buffer.from(content), content, actions)

function flawsOf(content: string): BadPolicy['flaws'] {
  try {
    read(content)
  } catch (error) {
    if (error instanceof BadPolicy) return error.flaws
    throw error
  }
  return []
}

test('a presentation is read into a closed structure without templates', () => {
  const job = {
    title: '{rows} rows of {target}, {a.d} {a.c|none}',
    params: [
      { param: 'rows', label: 'Rows', format: 'number', critical: true },
      { pair: ['old', 'new'], label: 'Quota', format: 'bytes' },
      { param: 'a', order: ['d', 'b'] },
    ],
  }
  expect(read(text(job)).get('job')).toEqual({
    title: [
      ...[{ path: ['rows'], format: 'number' }, { text: ' rows of ' }, { own: 'target' }, { text: ', ' }],
      ...[{ path: ['a', 'd'] }, { text: ' ' }, { path: ['a', 'c'], otherwise: 'none' }],
    ],
    params: [
      { key: 'rows', label: 'Rows', format: 'number', critical: true },
      { key: 'old', label: 'Quota', format: 'bytes', side: 'before' },
      { key: 'new', label: 'Quota', format: 'bytes', side: 'after' },
      { key: 'a', order: ['d', 'b'] },
    ],
  })
})

test('if no params are declared, a title may name any, and each may be absent', () => {
  const open = { title: 'Go {there|nowhere}', params: [{ param: 'what.ever', format: 'pair' }] }
  expect(read(text(open, 'open')).get('open')?.params).toEqual([{ key: 'what.ever', format: 'pair' }])
  expect(flawsOf(text({ title: 'Go {there}' }, 'open'))).toHaveLength(1)
})

test.each([
  ['filter.since', /could be filter\.since or filter › since/],
  ['a b.c', /could be a b\.c or a b › c/],
  ['a\u200b', /is no param/],
])('if no params are declared, {%s} is refused, because it could have another meaning', (name, reason) => {
  expect(flawsOf(text({ title: `Go {${name}|nowhere}` }, 'open'))).toMatchObject([
    { reason: expect.stringMatching(reason) },
  ])
})

test('the command of `countersign run` may be named for any action', () => {
  const job = { title: 'Run {countersign.run.path|nothing}', params: [{ param: 'countersign.run', critical: true }] }
  expect(flawsOf(text(job))).toEqual([])
})

describe('a presentation is refused, with its line and the rule, for', () => {
  test.each<[string, object, number, RegExp]>([
    ['a param that is not declared', { params: [{ param: 'row' }] }, 6, /no param .* but: .*rows/],
    ['one in a title', { title: 'x {row}' }, 5, /\{row\} is no param/],
    ['a nested one that is not declared', { title: 'x {a.e}' }, 5, /\{a\.e\} is no param/],
    ['no name in braces', { title: 'x {}' }, 5, /\{\} is no param/],
    ['a brace too many', { title: 'x {rows}}' }, 5, /brace at character 9/],
    ['a brace that is not closed', { title: 'x {rows' }, 5, /brace at character 3/],
    ['a name in a name', { title: 'x {{rows}}' }, 5, /brace at character 3/],
    ['an optional param without words for its absence', { title: 'x {size}' }, 5, /may be absent: write \{size\|…\}/],
    ['empty words for it', { title: 'x {size|}' }, 5, /may be absent/],
    ['a nested optional one', { title: 'x {a.c}' }, 5, /may be absent/],
    ['a name that can be read in two ways', { title: 'x {a.b|none}' }, 5, /could be/],
    ['words for what is never absent', { title: 'x {target|none}' }, 5, /never absent/],
    ['a title that is too long', { title: 'x'.repeat(201) }, 5, /200 characters/],
    ['an empty title', { title: ' ' }, 5, /1 to 200/],
    ['too many values', { title: '{rows}'.repeat(9) }, 5, /at most 8 values/],
    ['hidden characters in a title', { title: 'x\u202ey' }, 5, /visible/],
    ['what a client would fill in', { title: 'x {a.c|DATE(x)} {' }, 5, /brace/],
    ['spaces at its ends', { title: ' x' }, 5, /spaces/],
    ['hidden characters in a label', { params: [{ param: 'rows', label: 'x\u200by' }] }, 8, /visible/],
    ['a label that is too long', { params: [{ param: 'rows', label: 'x'.repeat(41) }] }, 8, /40/],
    [
      'one label for two',
      {
        params: [
          { param: 'rows', label: 'x' },
          { param: 'tags', label: 'x' },
        ],
      },
      12,
      /another/,
    ],
    ['a param twice', { params: [{ param: 'rows' }, { pair: ['old', 'rows'] }] }, 9, /named twice/],
    ['neither param nor pair', { params: [{ label: 'x' }] }, 6, /either a param or a pair/],
    ['both', { params: [{ param: 'rows', pair: ['old', 'new'] }] }, 6, /either a param or a pair/],
    ['a pair of two types', { params: [{ pair: ['old', 'wait'] }] }, 6, /two types/],
    ['a pair as a list', { params: [{ pair: ['old', 'new'], format: 'list' }] }, 11, /pair/],
    ['a format that there is not', { params: [{ param: 'rows', format: 'money' }] }, 8, /number, bytes/],
    ['a member that there is not', { tittle: 'x' }, 5, /tittle/],
  ])('%s', (_what, job, line, reason) => {
    const found = flawsOf(text(job))
    expect(found).toContainEqual({ file: 'presentation.json', line, reason: expect.stringMatching(reason) })
  })

  const critical = Array.from({ length: 9 }, (_, i) => ({ param: `k${i}`, critical: true }))
  const large = Array.from({ length: 48 }, (_, i) => ({
    param: `k${i}`.padEnd(64, 'k'),
    label: `l${i}`.padEnd(40, 'l'),
  }))
  test.each<[string, string, RegExp]>([
    ['an action that is not declared', text({}, 'jobs'), /no such action/],
    ['a group of actions', text({}, 'toString'), /no such action/],
    ['a placeholder that could be two', text({ title: '{target}' }, 'shadow'), /action's or the param/],
    ['too many critical params', text({ params: critical }, 'open'), /at most 8 are critical/],
    ['more than each request can bear', text({ params: large }, 'open'), /at most 4096/],
    ['another version', '{"version":2,"actions":{}}', /version/],
    ['a member twice', '{"version":1,"actions":{},"actions":{}}', /./],
    ['what is no JSON', '{', /./],
  ])('%s', (_what, content, reason) => {
    expect(flawsOf(content)[0]).toEqual({
      file: 'presentation.json',
      line: expect.any(Number),
      reason: expect.stringMatching(reason),
    })
  })
})

test.each([
  ['number', ['rows', 'price']],
  ['bytes', ['rows']],
  ['duration', ['rows', 'price', 'wait']],
  ['list', ['tags']],
  ['pair', ['change']],
] as const)('the format %s fits its declared types only', (format, fitting) => {
  const fits = (param: string) => flawsOf(text({ params: [{ param, format }] })).length === 0
  const all = ['rows', 'price', 'wait', 'urgent', 'tags', 'a', 'change']
  expect(all.filter(fits)).toEqual(fitting)
})

test('all flaws are reported at once', () => {
  const job = { title: '{no} {neither} {', params: [{ param: 'nor' }, { param: 'wait', format: 'list' }] }
  expect(flawsOf(text(job))).toHaveLength(5)
  expect(flawsOf(text({ x: 1, y: 2, title: 3 }))).toHaveLength(3)
})

describe('the file', () => {
  const own = text({ title: 'Export' }, 'db.export')

  test('belongs to the version, and may be absent', async () => {
    const [without, policy] = [await load(), await load({ 'presentation.json': own })]
    expect(without.presentation('db.export')).toBeNull()
    expect(policy.presentation('db.export')).toEqual({ title: [{ text: 'Export' }], params: [] })
    for (const name of ['db.drop', 'toString']) expect(policy.presentation(name)).toBeNull()
    expect(policy.files().has('presentation.json')).toBe(true)
    expect(policy.version).toBe(versionOf([...policy.files()].map(([name, bytes]) => [name, sha256(bytes)])))
    expect(policy.version).not.toBe(without.version)
  })

  test('stops the start if it is malformed or misspelt', async () => {
    const bad = await flaws({ 'presentation.json': text({}, 'db.exprt') })
    expect(bad).toMatchObject([{ file: 'presentation.json', line: 4 }])
    expect(await flaws({ 'presentations.json': own })).toMatchObject([{ file: 'presentations.json' }])
    expect(await flaws({ 'presentation.json': Uint8Array.of(0xff) })).toMatchObject([{ file: 'presentation.json' }])
  })
})

describe('the example policy', () => {
  const shown = async (action: string, target: string, params: Action['params']) => {
    const policy = await loadPolicy(join(import.meta.dirname, '../../policy'), new Map())
    const asked: Action = { action, target, environment: 'production', params }
    const presentation = policy.presentation(action) ?? undefined
    return [
      titleOf(asked, presentation)
        ?.map((piece) => piece.text)
        .join(''),
      ...rowsOf(asked, presentation, 'line').map(
        ({ label, key, text, side = '' }) => `${label} (${key}): ${side}${text}`,
      ),
    ]
  }

  test('shows an export', async () => {
    const params = { tables: ['accounts', 'users'], rows: 120_000, destination: 's3://finance' }
    expect(await shown('db.export', 'prod/customers', params)).toEqual([
      'Export 120,000 rows of prod/customers',
      'Rows (rows): 120,000',
      'Where to (destination): s3://finance',
      'Tables (tables): accounts, users (2)',
    ])
  })

  test('shows a grant of a role', async () => {
    expect(await shown('iam.role.grant', 'prod/roles/admin', { user: 'deploy-bot', duration: 'PT8H' })).toEqual([
      'Grant prod/roles/admin to deploy-bot',
      'Who gets it (user): deploy-bot',
      'For how long (duration): PT8H (8 h)',
    ])
    expect((await shown('iam.role.grant', 'prod/roles/admin', {}))[0]).toBe('Grant prod/roles/admin to an unnamed user')
  })

  test('shows a release', async () => {
    const params = { from: '4.7.1', to: '4.8.0', services: ['api', 'web'], size: 52_428_800 }
    expect(await shown('deploy.release', 'prod/payments', params)).toEqual([
      'Release 4.8.0 to prod/payments',
      'Version (from): before4.7.1',
      'Version (to): after4.8.0',
      'Services (services): api, web (2)',
      'Size (size): 52,428,800 B (50.0 MiB)',
    ])
  })
})
