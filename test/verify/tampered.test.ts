import type { Instant } from '../../src/core/data/instant.ts'
import { encode64 } from '../../src/core/data/base64.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { dba2 } from '../support/build.ts'
import { type Members, resign, rewrite, signingKey, textIn, type Written } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { type Sealed, sealedDays } from './days.ts'

let days: Sealed
let first: Members
let second: Members

beforeAll(async () => {
  days = await sealedDays()
  first = await days.members(day(4))
  second = await days.members(day(5))
})
afterAll(() => days.place.clean())

async function verdictOf(members: Members, said?: string) {
  const file = await days.place.zip(members)
  return verifyBundle(file, { keys: [days.key.spki], said })
}

const codeOf = async (members: Members): Promise<string> => (await verdictOf(members)).problem?.code ?? 'holds'

const edited = (members: Members, name: string, edit: (text: string) => string): Members =>
  new Map([...members, [name, Buffer.from(edit(textIn(members, name)))]])

/** `requests.csv` as an earlier program wrote it. */
const withoutControls = (members: Members): Members =>
  edited(members, 'requests.csv', (text) => text.replace(/,[^,\n]*\r\n/g, '\r\n'))

const without = (members: Members, name: string): Members => new Map([...members].filter(([one]) => one !== name))

const signed = (members: Members): Members => resign(members, days.key)

test.each<[string, string, (members: Members) => Members]>([
  ['a changed record', 'wrong-digest', (all) => edited(all, 'records.jsonl', (text) => text.replace('"v":1', '"v":2'))],
  [
    'a changed table',
    'wrong-digest',
    (all) => edited(all, 'requests.csv', (text) => text.replace('succeeded', 'failed')),
  ],
  ['a changed script', 'wrong-digest', (all) => edited(all, 'verify.sh', (text) => `${text} `)],
  ['a left out member', 'missing-member', (all) => without(all, 'requests.csv')],
  [
    'a left out policy file',
    'missing-member',
    (all) => without(all, [...all.keys()].find((n) => n.endsWith('rules.json')) ?? ''),
  ],
  ['an added member', 'unlisted-member', (all) => new Map([...all, ['notes.txt', Buffer.from('x')]])],
  [
    'an added policy file',
    'unlisted-member',
    (all) => new Map([...all, [`policy/${'0'.repeat(64)}/a`, Buffer.from('x')]]),
  ],
  ['a changed manifest', 'bad-manifest', (all) => edited(all, 'manifest.sigstore.json', (text) => ` ${text}`)],
  [
    'a changed statement',
    'bad-signature',
    (all) =>
      edited(all, 'manifest.sigstore.json', (text) => {
        const { payload } = (JSON.parse(text) as { dsseEnvelope: { payload: string } }).dsseEnvelope
        const changed = Buffer.from(payload, 'base64').toString().replace('"number":1', '"number":2')
        return text.replace(payload, Buffer.from(changed).toString('base64'))
      }),
  ],
])('without the key: %s is %s', async (_what, code, change) => {
  expect(await codeOf(change(first))).toBe(code)
})

const memberOf = (all: Members, end: string): string => [...all.keys()].find((name) => name.endsWith(end)) ?? ''

const lines = (change: (lines: string[]) => string[]) => (all: Members) =>
  signed(
    edited(all, 'records.jsonl', (text) =>
      change(text.split('\n').slice(0, -1))
        .map((line) => `${line}\n`)
        .join(''),
    ),
  )

test.each<[string, string, (members: Members) => Members]>([
  [
    'a changed record',
    'broken-chain',
    lines(([one = '', ...rest]) => [one.replace(/("at":".{20})\d/, '$17'), ...rest]),
  ],
  [
    'a record in another form',
    'bad-record',
    lines(([one = '', ...rest]) => [one.replace('{"actor"', '{ "actor"'), ...rest]),
  ],
  [
    'unsorted members',
    'bad-record',
    lines(([one = '', ...rest]) => [one.replace(/^\{(.*),"v":1\}$/, '{"v":1,$1}'), ...rest]),
  ],
  ['a record without end', 'bad-record', (all) => signed(edited(all, 'records.jsonl', (text) => text.slice(0, -1)))],
  [
    'a record of many bytes',
    'wrong-digest',
    (all) => signed(edited(all, 'records.jsonl', (text) => `${'x'.repeat(1_000_000)}${text}`)),
  ],
  [
    'a long record',
    'bad-record',
    (all) => signed(edited(all, 'records.jsonl', (text) => `${'x'.repeat(4097)}${text}`)),
  ],
  [
    'bytes that are no text',
    'bad-record',
    (all) =>
      signed(
        new Map([...all, ['records.jsonl', Buffer.concat([Buffer.of(0xff), all.get('records.jsonl') ?? Buffer.of()])]]),
      ),
  ],
  ['a left out record', 'broken-chain', lines((all) => all.slice(0, -1))],
  ['a doubled record', 'broken-chain', lines(([one = '', ...rest]) => [one, one, ...rest])],
  ['swapped records', 'broken-chain', lines((all) => all.toReversed())],
  [
    'another table',
    'wrong-table',
    (all) => signed(edited(all, 'requests.csv', (text) => text.replace('expired', 'cancelled'))),
  ],
  [
    'a table with another row',
    'wrong-table',
    (all) => signed(edited(all, 'exceptions.csv', (text) => `${text}1,,,,,,\r\n`)),
  ],
  [
    'a table with a row less',
    'wrong-table',
    (all) => signed(edited(all, 'requests.csv', (text) => text.replace(/[^\n]*\n$/, ''))),
  ],
  [
    'another metric',
    'wrong-table',
    (all) => signed(edited(all, 'metrics.csv', (text) => text.replace(/(all,,asked),\d+/, '$1,999'))),
  ],
  [
    'a metric too many',
    'wrong-table',
    (all) => signed(edited(all, 'metrics.csv', (text) => `${text}rule,z,asked,1\r\n`)),
  ],
  [
    'controls that no rule names',
    'wrong-table',
    (all) => signed(edited(all, 'requests.csv', (text) => text.replace(/\r\n$/, 'AC-5\r\n'))),
  ],
  ['requests without the column of controls, beside metrics', 'wrong-table', (all) => signed(withoutControls(all))],
  ['other carried records', 'bad-carried', (all) => signed(edited(all, 'carried.jsonl', () => ''))],
  [
    'a carried record without its proof',
    'bad-carried',
    (all) => signed(edited(all, 'carried.jsonl', (text) => text.replace(/"proof":\["[^"]*",?/, '"proof":['))),
  ],
  [
    'a record that is carried in vain',
    'bad-carried',
    (all) => signed(edited(all, 'carried.jsonl', (text) => `${text}${text}`)),
  ],
  [
    'a proof of consistency of another size',
    'bad-consistency',
    (all) => signed(edited(all, 'checkpoint.add', (text) => text.replace(/^old \d+/, 'old 1'))),
  ],
  [
    'a proof of consistency with another hash',
    'bad-consistency',
    (all) =>
      signed(
        edited(all, 'checkpoint.add', (text) =>
          text.replace(/\n[A-Za-z0-9+/]/, '\nA').replace(/\n/, `\n${encode64(Buffer.alloc(32))}\n`),
        ),
      ),
  ],
  [
    'a changed checkpoint',
    'bad-signature',
    (all) => signed(edited(all, 'checkpoint', (text) => text.replace(/\n\d+\n/, '\n99\n'))),
  ],
  [
    'the checkpoint of another day',
    'bad-checkpoint',
    (all) => signed(edited(all, 'checkpoint', () => textIn(all, 'checkpoint.prev'))),
  ],
  [
    'another count',
    'wrong-counts',
    (all) => resign(all, days.key, (old) => ({ ...old, counts: { ...old.counts, requests: old.counts.requests + 1 } })),
  ],
  [
    'a day that was not over',
    'bad-manifest',
    (all) => resign(all, days.key, (old) => ({ ...old, sealedAt: `${old.date}T23:59:59.999Z` as Instant })),
  ],
  [
    'another log size',
    'bad-manifest',
    (all) =>
      resign(all, days.key, (old) => ({
        ...old,
        log: { ...old.log, to: { ...old.log.to, size: old.log.to.size + 1 } },
      })),
  ],
  [
    'a root of nothing',
    'wrong-root',
    (all) =>
      resign(all, days.key, (old) => ({
        ...old,
        log: {
          ...old.log,
          from: { ...old.log.from, frontier: old.log.from.frontier.map(() => encode64(Buffer.alloc(32))) },
        },
      })),
  ],
  [
    'a malformed card',
    'wrong-digest',
    (all) => signed(new Map([...all, [`cards/${sha256('x')}.json`, Buffer.from('y')]])),
  ],
  [
    'a weaker policy under the name of the true one',
    'wrong-digest',
    (all) => signed(edited(all, memberOf(all, 'rules.json'), (text) => `${text} // all of them`)),
  ],
  ['a policy file less', 'missing-member', (all) => signed(without(all, memberOf(all, 'rules.json')))],
  [
    'a policy file more',
    'unlisted-member',
    (all) => signed(new Map([...all, [memberOf(all, 'rules.json').replace('rules', 'others'), Buffer.from('x')]])),
  ],
  ['a version without its list', 'missing-member', (all) => signed(without(all, memberOf(all, 'version.json')))],
  [
    'a version with another list',
    'wrong-digest',
    (all) => signed(edited(all, memberOf(all, 'version.json'), (text) => text.replace('approvers', 'approver'))),
  ],
  [
    'a card that no version has',
    'unlisted-member',
    (all) => signed(new Map([...all, [`cards/${sha256('x')}.json`, Buffer.from('x')]])),
  ],
  [
    'a policy that no record names',
    'unlisted-member',
    (all) => signed(new Map([...all, [`policy/${'0'.repeat(64)}/a`, Buffer.from('x')]])),
  ],
  [
    'a key that signed nothing',
    'wrong-key',
    (all) => signed(new Map([...all, [`keys/${'A'.repeat(43)}.pem`, Buffer.from('x')]])),
  ],
  [
    'no key',
    'wrong-key',
    (all) => signed(without(all, [...all.keys()].find((name) => name.startsWith('keys/')) ?? '')),
  ],
])('signed again with the key: %s is %s', async (_what, code, change) => {
  expect(await codeOf(change(second))).toBe(code)
})

test('a bundle that is made and signed again with the same events holds', async () => {
  expect(await codeOf(signed(second))).toBe('holds')
  expect(await codeOf(rewrite(second, days.key, (events) => events))).toBe('holds')
})

test('a second key that no record names is refused', async () => {
  const { key, pem } = await signingKey()
  const members = new Map([...first, [`keys/${key.kid}.pem`, Buffer.from(pem)]])
  expect(await codeOf(resign(members, [days.key, key]))).toBe('wrong-key')
})

describe('a day that is made again with the key is replayed, so that', () => {
  /** Every vote, and what came of it, in the name of one person. */
  const castBy = (who: string) => (event: Written) => {
    const actor = { id: who, kind: 'person' }
    if ((event['actor'] as { kind: string }).kind !== 'person') return event
    if (event.type === 'approved' || event.type === 'denied') return { ...event, actor }
    const { data } = event as unknown as { data: { facts: object } }
    return event.type === 'decided'
      ? { ...event, actor, data: { ...data, facts: { ...data.facts, accounts: [who] } } }
      : event
  }

  test('a self-approval is found, if nothing else is wrong', async () => {
    const cast = (who: string) => rewrite(first, days.key, (events) => events.map(castBy(who)))
    const records = textIn(first, 'records.jsonl').split('\n')
    const requested = records.find((line) => line.includes('"requested"')) ?? '{}'
    const [excluded = ''] = (JSON.parse(requested) as { data: { excluded: string[] } }).data.excluded
    const { problem } = await verdictOf(cast(excluded))
    const line = records.findIndex((one) => one.includes('"type":"decided"')) + 1
    expect(problem).toMatchObject({ code: 'illegal-event', check: 'rules', member: 'records.jsonl', line })
    // the same by a colleague is allowed: only the tables still name another
    expect(await codeOf(cast(dba2))).toBe('wrong-table')
  })

  test('an approval that was left out is found', async () => {
    const members = rewrite(first, days.key, (events) => events.filter(({ type }) => type !== 'decided'))
    expect(await codeOf(members)).toBe('illegal-event')
  })

  test('an event of another day is found', async () => {
    const later = (event: Written) => ({ ...event, at: '2026-03-06T12:00:00.000Z' })
    expect(await codeOf(rewrite(first, days.key, (events) => events.map(later)))).toBe('bad-record')
  })

  test('an event that is too new is reported as such, if the log holds it', async () => {
    const newer = (event: Written) => (event.type === 'succeeded' ? { ...event, type: 'wondered' } : event)
    expect(await codeOf(rewrite(first, days.key, (events) => events.map(newer)))).toBe('newer-format')
    const cut = rewrite(first, days.key, (events) => events.map(newer))
    expect(
      await codeOf(
        resign(cut, days.key, (old) => ({
          ...old,
          log: { ...old.log, to: { ...old.log.to, root: encode64(Buffer.alloc(32)) } },
        })),
      ),
    ).toBe('bad-checkpoint')
  })
})

describe('the said file', () => {
  const said = async (change: (lines: string[]) => string[]) => {
    const text = await days.said(day(4))
    const changed = change(text.split('\n').slice(0, -1))
    return verdictOf(first, days.place.write('said.jsonl', changed.map((line) => `${line}\n`).join('')))
  }

  test('lacks texts that nothing explains, and says which', async () => {
    const all = (await said((lines) => lines)).said
    expect(all).toMatchObject({ erased: 0, missing: [] })
    const { problem, said: count } = await said((lines) => lines.slice(2))
    expect(problem).toBeUndefined()
    expect(count).toMatchObject({ given: (all?.given ?? 0) - 2, erased: 0, missing: [{ names: ['owner', 'reason'] }] })
    expect((await said(() => [])).said).toMatchObject({ given: 0, erased: 0 })
  })

  test.each<[string, (lines: string[]) => string[]]>([
    ['another text', (lines) => lines.map((line) => line.replace('"text":"', '"text":"not '))],
    ['another salt', (lines) => lines.map((line) => line.replace(/"salt":"../, '"salt":"00'))],
    ['a text of another event', (lines) => lines.map((line) => line.replace(/"index":\d+/, '"index":9999'))],
    ['a doubled line', ([one = '', ...rest]) => [one, one, ...rest]],
    ['another order', (lines) => lines.toReversed()],
    ['another form', ([one = '', ...rest]) => [one.replace('{', '{ '), ...rest]],
    ['a longer line than any', (lines) => [...lines, 'x'.repeat(200_000)]],
    ['no line', () => ['x']],
  ])('is refused with %s', async (_what, change) => {
    const { problem, held } = await said(change)
    expect(problem?.code).toBe('bad-said')
    expect(held).toContain('rules')
  })
})

test('a day of an earlier program holds: it has no metrics.csv, and no column of controls', async () => {
  const older = withoutControls(without(first, 'metrics.csv'))
  expect(textIn(older, 'requests.csv')).toMatch(/^request,.*,unreported\r\n/)
  expect((await verdictOf(signed(older))).problem).toBeUndefined()
  expect(await codeOf(signed(without(first, 'metrics.csv')))).toBe('wrong-table')
})
