import { shardOf, shards, timeOf, sha256 } from '../../src/core/data/id.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import { fileOf } from '../../src/evidence/read/bundles.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import type { MemoryLedger } from '../support/fakes/ledger.ts'
import { at, day, history, logKey, morning, scratch, type Sealer, sealer } from './days.ts'

const { folder: spool, left, clean } = scratch()
afterAll(clean)
afterEach(() => expect(left()).toEqual([]))

const days = [4, 5, 6, 7, 8].map(day)

describe('broken evidence', () => {
  const broken = async (sabotage: (one: Sealer) => Promise<void> | void) => {
    const { ledger } = await history()
    const one = await sealer({ ledger, spool })
    one.clock.set(at(5, '00:00:00'))
    await withoutFuture(one)
    await sabotage(one)
    one.clock.set(morning)
    return one
  }

  /** Runs as if later events were not recorded yet, so that no chunk has them. */
  async function withoutFuture(one: Sealer): Promise<void> {
    const { ledger, clock } = one
    const cut = ledger.cut.bind(ledger)
    ledger.cut = (shard, before) => cut(shard, before < clock.now() ? before : clock.now())
    await one.run()
    ledger.cut = cut
  }

  /** A shard that has events of 5 March and none after it, and their numbers. */
  async function victim({ ledger, seals }: Sealer) {
    const { head } = await seals.head()
    for (const shard of shards) {
      const after = head?.cuts[shard]?.seq ?? 0
      const { seq } = await ledger.cut(shard, at(6, '00:00:00'))
      if (seq > after && (await ledger.cut(shard, morning)).seq === seq) return { shard, first: after + 1, last: seq }
    }
    throw new Error('5 March has events.')
  }

  /** Tampers with the first event of the request that goes on after midnight. */
  async function earlier({ ledger }: Sealer, change: Parameters<MemoryLedger['tamper']>[2]) {
    const { requests } = await ledger.list({ by: 'time', from: at(4, '23:00:00'), to: morning }, { keep, limit: 100 })
    for (const { id, events } of requests)
      if (timeOf(id) < at(5, '00:00:00')) ledger.tamper(shardOf(id), events[0]?.seq ?? 0, change)
  }

  /** The request that was asked for on 4 March, and approved on the day after. */
  async function carriedRequest({ ledger }: Sealer) {
    const { requests } = await ledger.list({ by: 'time', from: at(4, '23:00:00'), to: morning }, { keep, limit: 100 })
    const found = requests.find(({ id, events }) => timeOf(id) < at(5, '00:00:00') && events.length > 2)
    if (!found) throw new Error('A request goes on after midnight.')
    return found
  }

  const keep = () => true
  const reTold = (text: string) => text.replace('"v":1', '"v":1,"w":1')

  const sabotages: readonly (readonly [string, string, (one: Sealer) => Promise<void>])[] = [
    [
      'an event that follows another',
      'broken-chain',
      async (one) => {
        const { shard, first } = await victim(one)
        one.ledger.tamper(shard, first, (leaf) => ({
          ...leaf,
          text: leaf.text.replace(/"prev":"(.)/, (_all, digit) => `"prev":"${digit === '0' ? '1' : '0'}`),
        }))
      },
    ],
    [
      'an event that was written again, with its hash',
      'bad-record',
      async (one) => {
        const { shard, first } = await victim(one)
        one.ledger.tamper(shard, first, (leaf) => {
          const text = reTold(leaf.text)
          return { ...leaf, text, hash: leafHash(text) }
        })
      },
    ],
    [
      'an event with another time, and its hash',
      'bad-record',
      async (one) => {
        const { shard, first } = await victim(one)
        one.ledger.tamper(shard, first, (leaf) => {
          const text = leaf.text.replace('"at":"2026-03-05', '"at":"2026-03-04')
          return { ...leaf, text, hash: leafHash(text) }
        })
      },
    ],
    [
      'an event that is lost',
      'broken-chain',
      async (one) => {
        await one.seals.propose(await planOf(one))
        const { shard, last } = await victim(one)
        one.ledger.tamper(shard, last, null)
      },
    ],
    [
      'an earlier event that was changed',
      'bad-carried',
      async (one) => earlier(one, (leaf) => ({ ...leaf, text: leaf.text.replace('requested', 'requestet') })),
    ],
    ['an earlier event that is lost', 'evidence-broken', async (one) => earlier(one, null)],
    [
      'a carried request that is not there',
      'bad-carried',
      async (one) => {
        one.ledger.find = async () => null
      },
    ],
    [
      'a carried request whose row leaves an event out',
      'evidence-broken',
      async (one) => {
        const request = await carriedRequest(one)
        one.ledger.forge(request.id, { ...request, events: request.events.toSpliced(1, 1) })
      },
    ],
    [
      'a carried request whose row says something else',
      'evidence-broken',
      async (one) => {
        const request = await carriedRequest(one)
        one.ledger.forge(request.id, { ...request, warnings: ['x'] })
      },
    ],
    [
      'a plan that does not continue what is sealed',
      'broken-series',
      async (one) => {
        await one.seals.propose({ ...(await planOf(one)), size: 1 })
      },
    ],
    [
      'a head of another size than the archive has',
      'broken-series',
      async (one) => {
        const read = one.seals.head.bind(one.seals)
        one.seals.head = async () => {
          const { head, version } = await read()
          return { head: head && { ...head, size: head.size + 1 }, version }
        }
      },
    ],
    [
      'a head that names another manifest',
      'broken-series',
      async (one) => {
        const read = one.seals.head.bind(one.seals)
        one.seals.head = async () => {
          const { head, version } = await read()
          return { head: head && { ...head, manifest: sha256('another') }, version }
        }
      },
    ],
    [
      'a tile with other bytes',
      'wrong-root',
      async (one) => {
        const plan = await planOf(one)
        const size = shards.reduce((sum, shard) => sum + (plan.to[shard]?.seq ?? 0), 0)
        await one.archive.create(`tile/0/000.p/${size}`, new Uint8Array(32 * size))
      },
    ],
    [
      'a checkpoint of another log',
      'bad-checkpoint',
      async (one) => {
        const note = (await one.archive.read('checkpoints/2026-03-04')) ?? new Uint8Array()
        await one.archive.create('checkpoints/2026-03-05', note)
      },
    ],
    [
      'a manifest that says something else',
      'bad-manifest',
      async (one) => {
        const manifest = (await one.archive.read('manifests/2026-03-04')) ?? new Uint8Array()
        await one.archive.create('manifests/2026-03-05', manifest)
      },
    ],
  ]

  test.each(sabotages)(
    'stops sealing, is reported once, and nothing is published: %s',
    async (_what, code, sabotage) => {
      const one = await broken(sabotage)
      const { head } = await one.seals.head()
      const { published } = one.archive
      expect(await one.run()).toEqual([])
      expect(await one.run()).toEqual([])
      expect(await one.seals.alarm()).toMatchObject({ date: day(5), code, since: morning })
      expect(one.failures).toHaveLength(1)
      expect((await one.seals.head()).head).toEqual(head)
      expect(await one.archive.find(`bundles/${day(5)}.zip`)).toBeNull()
      expect(one.archive.published).toBe(published)
    },
  )

  const planOf = async (one: Sealer) => {
    const twin = await sealer({ ledger: one.ledger, spool, clock: one.clock })
    one.clock.set(morning)
    await twin.run()
    const plan = await twin.seals.plan(day(5))
    if (!plan) throw new Error('There is a plan.')
    return plan
  }

  test.each(['first', 'last'] as const)(
    'no longer stops sealing once the %s event of a shard is repaired, and the alarm ends',
    async (which) => {
      const one = await broken(() => {})
      const { shard, [which]: seq } = await victim(one)
      let text = ''
      one.ledger.tamper(shard, seq, (leaf) => {
        text = leaf.text
        return { ...leaf, text: reTold(text) }
      })
      expect(await one.run()).toEqual([])
      expect(await one.seals.alarm()).not.toBeNull()
      one.ledger.tamper(shard, seq, (leaf) => ({ ...leaf, text }))
      expect(await one.run()).toEqual(days.slice(1))
      expect(await one.seals.alarm()).toBeNull()
    },
  )

  test("is found by the next day's event, if an event was changed after its seal", async () => {
    const world = await history()
    const one = await sealer({ ledger: world.ledger, spool })
    const { shard, seq } = await newestWithSuccessor(one)
    one.ledger.tamper(shard, seq, (leaf) => ({ ...leaf, text: leaf.text.replace('sha256:', 'sha256:0') }))
    one.clock.set(at(5, '00:05:00'))
    expect(await one.run()).toEqual([])
    expect(await one.seals.alarm()).toMatchObject({ date: day(4), code: 'broken-chain' })
    expect(await one.seals.plan(day(4))).toBeNull()
  })

  /** The last event of 4 March in a shard that has later ones. */
  async function newestWithSuccessor({ ledger }: Sealer) {
    for (const shard of shards) {
      const { seq } = await ledger.cut(shard, at(5, '00:00:00'))
      if (seq > 0 && (await ledger.cut(shard, morning)).seq > seq) return { shard, seq }
    }
    throw new Error('A request of 4 March goes on.')
  }

  test('includes a policy whose files are missing in the archive', async () => {
    const { ledger } = await history()
    const one = await sealer({ ledger, spool })
    const archive = new MemoryArchive()
    expect(await new Sealing({ ...one.parts, archive }).run()).toEqual([])
    expect(await one.seals.alarm()).toMatchObject({ date: day(4), code: 'missing-member' })
    expect(archive.published).toBeNull()
  })

  test.each<[string, (name: string) => string | null]>([
    ['is changed', (name) => (name.endsWith('rules.json') ? 'permit(principal, action, resource); // all' : '')],
    ['is missing', (name) => (name.endsWith('rules.json') ? null : '')],
  ])('includes a policy of which a file in the archive %s', async (_what, change) => {
    const { ledger } = await history()
    const one = await sealer({ ledger, spool })
    const archive = new MemoryArchive()
    for (const { name } of await one.archive.list('policy/')) {
      const text = change(name)
      if (text !== null) await archive.create(name, text ? Buffer.from(text) : await fileOf(one.archive, name))
    }
    expect(await new Sealing({ ...one.parts, archive }).run()).toEqual([])
    expect(await one.seals.alarm()).toMatchObject({ date: day(4), code: 'wrong-digest' })
    expect(archive.published).toBeNull()
  })

  test('includes a signature over something else, of which nothing is kept', async () => {
    const { ledger } = await history()
    const one = await sealer({ ledger, spool })
    const signer = await logKey()
    const wrong = { ...signer, sign: (_digest: Uint8Array, kid?: string) => signer.sign(new Uint8Array(32), kid) }
    expect(await new Sealing({ ...one.parts, signer: wrong }).run()).toEqual([])
    expect(await one.seals.alarm()).toMatchObject({ code: 'bad-signature' })
    expect(await one.archive.list('checkpoints/')).toEqual([])
  })
})

describe('a head of the log of an earlier time', () => {
  const put = async (back: number | null) => {
    const { ledger } = await history()
    const one = await sealer({ ledger, spool })
    const heads: Awaited<ReturnType<typeof one.seals.head>>['head'][] = []
    for (const number of [4, 5, 6]) {
      one.clock.set(at(number + 1, '00:05:00'))
      expect(await one.run()).toEqual([day(number)])
      heads.push((await one.seals.head()).head)
    }
    const older = back === null ? null : (heads[back] ?? null)
    one.seals.head = async () => ({ head: older, version: null })
    return one
  }

  test.each([
    ['the one before the last two days', 0],
    ['none at all', null],
  ])('stops the seal, since the archive has a later manifest: %s', async (_which, back) => {
    const one = await put(back)
    expect(await one.run()).toEqual([])
    expect(await one.seals.alarm()).toMatchObject({ code: 'broken-series' })
    expect((await one.seals.alarm())?.words).toContain(`The archive has the manifest of ${day(6)}`)
  })

  test.each(['2026-03-09', 'x'])('is not proven by a file that the log did not sign: manifests/%s', async (name) => {
    const { ledger } = await history()
    const one = await sealer({ ledger, spool })
    one.clock.set(at(5, '00:05:00'))
    await one.archive.create(`manifests/${name}`, Buffer.from('{"dsseEnvelope":{}}'))
    expect(await one.run()).toEqual([day(4)])
    expect(one.failures).toMatchObject([{ details: { broken: { shard: 'manifests', row: `manifests/${name}` } } }])
  })
})

test.each<[string, (one: Sealer) => Promise<void> | void, object]>([
  [
    'an event that is gone',
    ({ ledger }) => ledger.tamper('00' as never, 1, null),
    { shard: '00', row: 'event-000000000001', check: 'chain' },
  ],
  [
    'an event that the rules do not give',
    async ({ ledger }) => {
      const [first] = (
        await ledger.list({ by: 'time', from: at(4, '00:00:00'), to: morning }, { keep: () => true, limit: 1 })
      ).requests
      expect(first).toBeDefined()
      ledger.tamper('00' as never, 3, (leaf) => ({
        ...leaf,
        text: leaf.text.replace('"verdict":"approve"', '"verdict":"deny"'),
      }))
    },
    { shard: '00', check: expect.stringMatching(/chain|rules/) as unknown },
  ],
])('the alarm names the row: %s', async (_what, sabotage, broken) => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  await sabotage(one)
  expect(await one.run()).toEqual([])
  expect(await one.seals.alarm()).toMatchObject({ broken })
  expect(one.failures).toMatchObject([{ code: 'evidence-broken', details: { broken } }])
})
