import { exitOfFinding } from '../../src/verdict/finding.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { type Sealed, sealedDays } from '../verify/days.ts'
import { type Members, resign, rewrite, stated, statementIn, textIn, type Written } from './bundle.ts'
import { canonical, type JsonObject } from '../../src/core/data/json.ts'
import { evidenceBundle } from '../../src/core/data/namespace.ts'
import { day } from './days.ts'
import { writeFolder } from './forgery.ts'
import { run } from './scripts.ts'
import { someOf } from '../support/whole.ts'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'

/** What a later version of this program may have sealed, before the verifiers of this one. */

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

const events = (change: (event: Written) => object) => (members: Members) =>
  rewrite(members, days.key, (all) =>
    all.map((event) => {
      const entries = Object.entries(change(event)).sort(([a], [b]) => (a < b ? -1 : 1))
      return Object.fromEntries(entries) as unknown as Written
    }),
  )

const ofType = (type: string, change: object) =>
  events((event) => (event.type === type ? { ...event, ...change } : event))

const inData = (change: (data: object) => object) =>
  events((event) => {
    if (event.type !== 'decided') return event
    const entries = Object.entries(change(event['data'] as object)).sort(([a], [b]) => (a < b ? -1 : 1))
    return { ...event, data: Object.fromEntries(entries) }
  })

const signed = (members: Members) => resign(members, days.key)
const later = evidenceBundle.replace(/1$/, '2')
/** Signs a manifest of this type, with other members than ours has. */
const ofManifest =
  (type: string, more: JsonObject = {}) =>
  (members: Members) =>
    stated(members, days.key, canonical({ ...statementIn(members), predicateType: type, ...more }))
const withMember = (name: string) => (members: Members) => new Map([...members, [name, Buffer.from('x')]])

/** The program's verdict. */
async function verdictOf(members: Members) {
  const { problem } = await verifyBundle(await days.place.zip(members), { keys: [days.key.spki] })
  return { exit: problem ? exitOfFinding(problem) : 0, words: `${problem?.code ?? ''}: ${problem?.words ?? ''}` }
}

/** Those of both scripts and of the program, in this order. */
async function verdictsOf(members: Members) {
  const folder = mkdtempSync(join(days.place.path, 'day-'))
  writeFolder(folder, members)
  const sh = await run('verify.sh', days.pem, folder)
  const py = await run('verify.py', days.pem, folder)
  const ours = await verdictOf(members)
  return { exits: [sh.status, py.status, ours.exit], words: [sh.complaint, py.complaint, ours.words] }
}

test.each<[string, (members: Members) => Members]>([
  ['as it was sealed', (all) => all],
  [
    'with votes through a door to come, and that say what was proved',
    inData((data) => ({ ...data, via: 'slack', proved: 'c1' })),
  ],
])('all three verifiers accept a day %s', async (_what, change) => {
  const { exits } = await verdictsOf(change(await days.members(day(4))))
  expect(exits).toEqual([0, 0, 0])
})

/** What a case is about: that is its kind. */
const partOf = ([what]: readonly [string, ...(readonly unknown[])]) => /manifest|listed|version|type/.exec(what)?.[0]

const newer: readonly (readonly [string, (members: Members) => Members, RegExp])[] = [
  ['an unknown version of a known type', ofType('succeeded', { v: 2 }), /succeeded.*\b2\b/],
  ['an unknown version with members of its own', ofType('succeeded', { v: 3, zone: 1, data: 1 }), /succeeded.*\b3\b/],
  ['an unknown type', ofType('succeeded', { type: 'wondered' }), /wondered.*\b1\b/],
  ['a listed member that is unknown', (all) => signed(withMember('onward.csv')(all)), /onward\.csv/],
  [
    'a listed member in a folder that is unknown',
    (all) => signed(withMember('reports/a/b.json')(all)),
    /reports\/a\/b/,
  ],
  ['a member of a kind that is unknown', (all) => signed(withMember('keys/log.jwk')(all)), /keys\/log\.jwk/],
  ['a manifest of a later form', ofManifest(later), /evidence-bundle\/v2\b/],
  [
    'a manifest of a later form with members of its own',
    ofManifest(later.replace(/2$/, '12'), { predicate: { days: 2 }, subject: [], zone: 1 }),
    /evidence-bundle\/v12\b/,
  ],
]

test.each(someOf(newer, partOf))('all three verifiers name what is too new: %s', async (_what, change, name) => {
  const { exits, words } = await verdictsOf(change(await days.members(day(4))))
  expect(exits).toEqual([2, 2, 2])
  for (const one of words) {
    expect(one).toMatch(/^newer-format: /)
    expect(one).toMatch(name)
    expect(one).toMatch(/Use a newer (verifier|countersign)/)
  }
})

const broken: readonly (readonly [string, (members: Members) => Members])[] = [
  ['a member that is not listed', withMember('onward.csv')],
  ['a manifest of a foreign type', ofManifest('https://slsa.dev/provenance/v2')],
  ['a manifest of our type in a version that none can have', ofManifest(later.replace(/2$/, '02'))],
  [
    'a manifest that says after its signing that it is of a later form',
    (all) => {
      const name = 'manifest.sigstore.json'
      const manifest = textIn(all, name)
      const signatures = (text: string) => text.slice(text.indexOf('"signatures"'))
      const forged = textIn(ofManifest(later)(all), name)
      return new Map([...all, [name, Buffer.from(forged.replace(signatures(forged), signatures(manifest)))]])
    },
  ],
  ['a listed member with a name that leads elsewhere', (all) => signed(withMember('a b')(all))],
  [
    'an unknown member, and a known one that was changed',
    (all) => withMember('verify.sh')(signed(withMember('onward.csv')(all))),
  ],
  [
    'an unknown event, and a record that was left out behind it',
    (all) => {
      const newer = ofType('requested', { v: 2 })(all)
      const lines = textIn(newer, 'records.jsonl').split(/(?<=\n)/)
      return signed(new Map([...newer, ['records.jsonl', Buffer.from(lines.slice(0, -1).join(''))]]))
    },
  ],
  ['an event without a version', events(({ v: _v, ...event }) => event)],
  ['an event without a type that can be one', ofType('succeeded', { type: 'No type' })],
]

test.each(someOf(broken, partOf))('all three verifiers refuse a broken day: %s', async (_what, change) => {
  const { exits } = await verdictsOf(change(await days.members(day(4))))
  expect(exits).toEqual([1, 1, 1])
})

test.each<[string, (members: Members) => Members, string]>([
  ['an unknown member of a known event', inData((data) => ({ ...data, note: 'x' })), 'unknown member “data.note”'],
  ['an unknown value', inData((data) => ({ ...data, verdict: 'abstain' })), '“data.verdict” has another form'],
])('the program names what is broken: %s', async (_what, change, named) => {
  const { exit, words } = await verdictOf(change(await days.members(day(4))))
  expect(exit).toBe(1)
  expect(words).toContain(named)
})

test("a vote on content other than the request's is refused", async () => {
  const members = await days.members(day(4))
  const other = { content: '0'.repeat(64) }
  const forged = rewrite(members, days.key, (all) =>
    all.map((event) =>
      event.type === 'decided' ? { ...event, data: { ...(event['data'] as object), ...other } } : event,
    ),
  )
  const { problem } = await verifyBundle(await days.place.zip(forged), { keys: [days.key.spki] })
  expect(problem).toMatchObject({ code: 'illegal-event', check: 'rules' })
  expect(problem?.words).toContain('content')
})

test('an event that is too new does not hide a later break in the chain', async () => {
  const members = await days.members(day(4))
  const newer = ofType('requested', { v: 2 })(members)
  const lines = textIn(newer, 'records.jsonl').split(/(?<=\n)/)
  const swapped = signed(new Map([...newer, ['records.jsonl', Buffer.from(lines.toReversed().join(''))]]))
  const { problem } = await verifyBundle(await days.place.zip(swapped), { keys: [days.key.spki] })
  expect(problem).toMatchObject({ code: 'broken-chain' })
})
