import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { policyFrom } from '../../src/policy/load.ts'
import { type Action, actionDigest } from '../../src/core/action/action.ts'
import { type Digest, digestOf } from '../../src/core/data/id.ts'
import { canonical, type JsonObject } from '../../src/core/data/json.ts'
import { bundleFiles } from '../../src/core/log/bundleFiles.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import { contentOf } from '../../src/core/request/request.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import type { Finding } from '../../src/verify/finding.ts'
import { action, bot, dba, rosterText } from '../support/build.ts'
import { policyTexts } from '../support/policyTexts.ts'
import { retold, tellingOf, type Told } from '../support/retelling.ts'
import { agent, asks, claims, votes, world } from '../support/world.ts'
import { folder, type Key, type Members, membersOf, signingKey, textIn } from './bundle.ts'
import { at, sealer } from './days.ts'

/** A day on which an approver made a request smaller, which was then approved and redeemed. */
interface NarrowedDay {
  readonly place: ReturnType<typeof folder>
  readonly key: Key
  readonly day: Members
  readonly said: string
  /** The digest of what is left. */
  readonly left: Digest
}

const rule = {
  ...{ id: 'export-dba', file: 'approve.cedar' as const, verbs: ['db.export'] },
  notes: { approvers: 'dba', narrow: 'rows' },
}
const [owned, params] = [rosterText.agents[bot], 'params: { rows: Long, tables: Set<String>, destination: String }']
if (!owned) throw new Error('The agent is registered.')
const agents = { ...rosterText.agents, [bot]: { ...owned, narrowing: true } }
const large: Action = { ...action, params: { ...action.params, rows: 120_000 } }

function policy() {
  const texts = [...policyTexts({ ...rosterText, agents }, [rule])].filter(([name]) => name !== 'rules.json')
  const own = texts.map(([name, text]) => {
    const whole = name === 'schema.cedarschema' ? text.replace('String }', `String, ${params} }`) : text
    return [name, Buffer.from(whole)] as const
  })
  return policyFrom(new Map(own), new Map([['channel.json', Buffer.from('{}')]]))
}

async function narrowedDay(): Promise<NarrowedDay> {
  const place = folder()
  const { key, signer } = await signingKey()
  const made = await world()
  const inForce = policy()
  const here = made.another({ policy: inForce })
  made.clock.set(at(4, '10:00:00'))
  const asking = asks({ agent: agent(bot, { narrowing: true }), action: large })
  const { request } = await here.approvals.ask(asking)
  const edits = { params: { rows: 12_000 } }
  const seen = { via: 'api', digest: request.digest } as const
  const left = await here.approvals.narrow(request.id, { approver: dba, edits, seen })
  const content = contentOf(left) ?? undefined
  const now = { via: 'api', digest: left.digest, ...(content && { content }) } as const
  const approved = await here.approvals.decide(left.id, votes(left, dba, { seen: now }))
  await here.approvals.redeem(left.id, await claims(here, approved, 'first'))

  const one = await sealer({ ledger: made.ledger, spool: place.path, signer })
  for (const [name, bytes] of inForce.files())
    await one.archive.create(`policy/${inForce.version.slice('sha256:'.length)}/${name}`, bytes)
  one.clock.set(at(5, '00:05:00'))
  const [date] = await new Sealing(one.parts).run()
  if (date === undefined) throw new Error('There is one day.')
  const day = await membersOf((await one.archive.read(`bundles/${date}.zip`)) ?? new Uint8Array())
  let said = ''
  for await (const line of await saidOf({ ledger: made.ledger, seals: one.seals, clock: one.clock }, date)) said += line
  return { place, key, day, said, left: left.digest }
}

let real: NarrowedDay
beforeAll(async () => {
  real = await narrowedDay()
})
afterAll(() => real.place.clean())

async function verified(day: Members | undefined, text?: string): Promise<Finding | undefined> {
  const said = join(mkdtempSync(join(real.place.path, 'said-')), 'said.jsonl')
  if (text !== undefined) writeFileSync(said, text)
  const file = await real.place.zip(day ?? new Map())
  return (await verifyBundle(file, { keys: [real.key.spki], ...(text !== undefined && { said }) })).problem
}

test('a day on which a request was made smaller holds, with and without what was written', async () => {
  expect(await verified(real.day)).toBeUndefined()
  expect(await verified(real.day, real.said)).toBeUndefined()
  expect(textIn(real.day, bundleFiles.further.name)).toMatch(/^request,.*,narrowed\r\n[^,]+,.*,1\r\n$/)
})

type Change = (event: Told) => Told

/** Tells the day otherwise, as the holder of the log's key could. */
function lying(change: Change): Members | undefined {
  const { days } = tellingOf([real.day])
  let count = 0
  const others = days.map(({ date, events }) => ({
    date,
    events: events.map((event) => {
      const next = change(event)
      if (next !== event) count += 1
      return next
    }),
  }))
  if (count === 0) throw new Error('Nothing was lied about.')
  return retold([real.day], real.key, { days: others })[0]
}

/** What a liar says that an approver left of the request: other edits, and another digest, in all that names them. */
interface Lie {
  readonly edits?: JsonObject
  readonly digest?: Digest
  /** Whether the vote, the grant and the redemption go on with the true digest. */
  readonly alone?: boolean
}

function told({ edits, digest, alone = false }: Lie) {
  const lines = real.said.split('\n').filter((line) => line !== '')
  const place = lines.findIndex((line) => line.includes('"name":"edits"'))
  const line = JSON.parse(lines[place] ?? '{}') as { readonly salt: string; readonly text: string }
  const text = edits ? canonical(edits) : line.text
  const day = lying((event) => {
    const own =
      event.type === 'narrowed' ? { said: { ...event.said, edits: saidDigest({ salt: line.salt, text }) } } : {}
    const names = event.data?.['digest'] === real.left && !(alone && event.type !== 'narrowed')
    return { ...event, ...own, data: { ...event.data, ...(names && digest && { digest }) } }
  })
  return { day, said: `${lines.with(place, canonical({ ...line, text })).join('\n')}\n` }
}

const ofRows = (rows: number) => ({
  edits: { params: { rows } },
  digest: actionDigest({ ...large, params: { ...large.params, rows } }),
})
const policyProblem = { check: 'policy', code: 'against-policy' }

test('a liar who changes nothing is believed', async () => {
  const { day, said } = told({})
  expect(await verified(day, said)).toBeUndefined()
})

test.each<readonly [string, Lie, RegExp]>([
  ['more rows', ofRows(120_001), /does not make the action smaller/],
  ['all rows, in other words', ofRows(-1), /does not make the action smaller/],
  ['another digest', { digest: digestOf('x') }, /another digest/],
  ['other edits', { edits: { params: { rows: 11_000 } } }, /another digest/],
])('a narrowing to %s, consistent in all that is signed, is found with the said file', async (_what, lie, words) => {
  const { day, said } = told(lie)
  expect(await verified(day)).toBeUndefined()
  const problem = await verified(day, said)
  expect(problem).toMatchObject(policyProblem)
  expect(problem?.words).toMatch(words)
})

test('a redemption of another digest than what is left is found without the said file', async () => {
  const { day } = told({ ...ofRows(12_001), alone: true })
  expect(await verified(day)).toMatchObject({ check: 'rules', code: 'illegal-event' })
})

test('a narrowing of a param that the request does not name is found without the said file', async () => {
  const day = lying((event) =>
    event.type === 'narrowed' ? { ...event, data: { ...event.data, params: ['tables'] } } : event,
  )
  expect(await verified(day)).toMatchObject({ check: 'rules', code: 'illegal-event' })
})

test('edits that are written anew, without the key of the log, are found', async () => {
  const { said } = told(ofRows(120_001))
  expect(await verified(real.day, said)).toMatchObject({ check: 'said' })
})
