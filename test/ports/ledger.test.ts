import { randomUUID } from 'node:crypto'
import { TableLedger } from '../../src/azure/ledger.ts'
import { canonicalAction } from '../../src/core/action/action.ts'
import { digestOf, type ObjectId, sha256 } from '../../src/core/data/id.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import type { Problem } from '../../src/core/data/problem.ts'
import { type ApprovalRequest, due } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import { Conflict, type DuePlace, type Ledger, type Scope } from '../../src/ports/ledger.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import {
  action,
  apply,
  ask,
  bot,
  changeOf,
  dba,
  expire,
  logChange,
  minutes,
  noon,
  oid,
  policyVersion,
  shard,
  submission,
  vote,
} from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

/** An empty ledger, and another instance that works on the same rows. */
interface Pair {
  readonly ledger: Ledger
  readonly other: Ledger
}

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const kinds: readonly (readonly [string, () => Promise<Pair>])[] = [
  [
    'the fake',
    async () => {
      const ledger = new MemoryLedger()
      return { ledger, other: ledger }
    },
  ],
  [
    'tables in memory',
    async () => {
      const [ours, theirs = ours] = await tablesInMemory()
      return { ledger: new TableLedger(ours), other: new TableLedger(theirs) }
    },
  ],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return { ledger: new TableLedger(storage.connect()), other: new TableLedger(storage.connect()) }
    },
  ],
]

const everything = { keep: () => true, limit: 1000 }
const today: Scope = { by: 'time', from: minutes(-600), to: minutes(600) }
const ids = (requests: readonly ApprovalRequest[]) => requests.map(({ id }) => id)

describe.each(kinds)('%s', (_kind, empty) => {
  let ledger: Ledger
  let other: Ledger

  beforeEach(async () => {
    ;({ ledger, other } = await empty())
  })

  describe('a commit', () => {
    test('keeps every field of a request, through all its states', async () => {
      const key = { hash: sha256('key'), body: sha256('body') }
      const asked = await ask(ledger, { onBehalfOf: oid(7), warnings: ['deceptive-text'], reason: 'née \n😀' }, key)
      expect(await other.find(asked.id)).toEqual(asked)
      expect(asked.said).toHaveLength(2)

      const approved = await apply(other, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
      expect(await ledger.find(asked.id)).toEqual(approved)
      expect(approved.status).toBe('approved')

      const redemption = randomUUID()
      const claim = { redemption, digest: asked.digest, grantExpiresAt: minutes(9), at: minutes(2) }
      const redeemed = await apply(ledger, asked.id, (one) => redeem(one, claim), minutes(2))
      expect(await other.find(asked.id)).toEqual(redeemed)

      const output = { sha256: sha256('out'), size: 7 }
      const outcome = { executor: bot, result: 'succeeded', summary: 'Done.', output, at: minutes(3) } as const
      const reported = await apply(ledger, asked.id, (one) => report(one, outcome), minutes(3))
      expect(await other.find(asked.id)).toEqual(reported)
      expect(reported.events.map(({ type }) => type)).toEqual([
        'requested',
        'decided',
        'approved',
        'redeemed',
        'succeeded',
      ])
    })

    test('moves the head and keeps the key and the policy version', async () => {
      const empty = await ledger.load(shard(3), { key: sha256('key') })
      expect(empty).toMatchObject({ request: null, key: null })
      expect(empty.head).toEqual({ seq: 0, hash: '0'.repeat(64), recordedAt: null, policy: null, logKey: null })

      const changed = { type: 'policy-changed', actor: { kind: 'system' }, data: { to: policyVersion } } as const
      await ledger.commit(empty, logChange(empty, [changed], noon, policyVersion))
      const asked = await ask(ledger, { at: minutes(1) }, { hash: sha256('key'), body: sha256('body') })

      const { head, key, request } = await other.load(shard(3), { request: asked.id, key: sha256('key') })
      const hash = asked.events[0]?.hash
      expect(head).toEqual({ seq: 2, hash, recordedAt: minutes(1), policy: policyVersion, logKey: null })
      expect(key).toEqual({ request: asked.id, body: sha256('body') })
      expect(request).toEqual(asked)
      expect(await other.findKey(shard(3), sha256('key'))).toEqual(key)
    })

    test('keeps the events as hashed, with the texts that people wrote', async () => {
      const asked = await ask(ledger)
      const approved = await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
      const events = await other.events(approved)
      expect(events.map(({ seq, hash }) => [seq, hash])).toEqual(approved.events.map(({ seq, hash }) => [seq, hash]))
      expect(events.map(({ text }) => leafHash(text))).toEqual(events.map(({ hash }) => hash))
      expect(events.map(({ text }) => (JSON.parse(text) as { prev: string }).prev)).toEqual([
        '0'.repeat(64),
        ...events.slice(0, -1).map(({ hash }) => hash),
      ])
      expect(events.map(({ said }) => Object.keys(said).sort())).toEqual([['links', 'reason'], ['name', 'reason'], []])
    })

    test('keeps texts of any length', async () => {
      const long = { ...action, params: { text: `${'a'.repeat(29_999)}${'😀'.repeat(30_000)}` } }
      const reason = '😀'.repeat(40_000)
      const asked = await ask(ledger, { action: long, reason })
      const kept = await other.find(asked.id)
      expect(kept?.action && canonicalAction(kept.action)).toBe(canonicalAction(long))
      expect(kept?.said[0]?.text).toBe(reason)
      expect((await other.events(asked))[0]?.said['reason']?.text).toBe(reason)
    })

    test('does not share state with its caller', async () => {
      const asked = await ask(ledger)
      const before = structuredClone(asked)
      Object.assign((await ledger.find(asked.id))?.policy ?? {}, { rules: [] })
      Object.assign((await ledger.load(shard(3), { request: asked.id })).request ?? {}, { decisions: [1] })
      Object.assign(asked, { status: 'denied' })
      expect(await ledger.find(before.id)).toEqual(before)
    })
  })

  describe('a conflict', () => {
    test('happens if either instance moved the head, and nothing is written', async () => {
      const [first, second] = [submission(), submission()]
      const mine = await ledger.load(shard(3), {})
      const theirs = await other.load(shard(3), {})
      await other.commit(theirs, changeOf(theirs, open(first), noon))
      const key = { hash: sha256('key'), body: sha256('body'), request: second.id }
      await expect(ledger.commit(mine, changeOf(mine, open(second), noon, { key }))).rejects.toThrow(Conflict)

      expect((await ledger.load(shard(3), {})).head.seq).toBe(1)
      expect(await ledger.find(second.id)).toBeNull()
      expect(await ledger.findKey(shard(3), key.hash)).toBeNull()
      expect(ids((await ledger.list(today, everything)).requests)).toEqual([first.id])
      expect(await ledger.due(minutes(600), 10)).toEqual([first.id])
    })

    test('happens if the request changed after it was loaded', async () => {
      const asked = await ask(ledger)
      const before = await ledger.load(shard(3), { request: asked.id })
      await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
      const { head, version } = await ledger.load(shard(3), { request: asked.id })
      // As when the request is read just before the change, and the head just after.
      const mixed = { ...(version as object), request: (before.version as { request: unknown }).request }
      const late = changeOf({ ...before, head }, vote(oid(4), 'deny', minutes(2))(asked), minutes(2))
      await expect(ledger.commit({ ...before, head, version: mixed }, late)).rejects.toThrow(Conflict)
      expect((await ledger.find(asked.id))?.status).toBe('approved')
      expect((await ledger.load(shard(3), {})).head).toEqual(head)
    })

    test('happens if the request or the key exists already', async () => {
      const hash = sha256('key')
      const first = await ask(ledger, {}, { hash, body: sha256('a') })

      const again = await ledger.load(shard(3), {})
      await expect(ledger.commit(again, changeOf(again, open(submission({ id: first.id })), noon))).rejects.toThrow(
        Conflict,
      )

      const loaded = await ledger.load(shard(3), {})
      const next = submission()
      const key = { hash, body: sha256('b'), request: next.id }
      await expect(ledger.commit(loaded, changeOf(loaded, open(next), noon, { key }))).rejects.toThrow(Conflict)
      expect(await ledger.findKey(shard(3), hash)).toEqual({ request: first.id, body: sha256('a') })
      expect(await ledger.find(next.id)).toBeNull()
      expect((await ledger.load(shard(3), {})).head.seq).toBe(1)
    })

    test('never breaks the chain: 30 at once, over two instances', async () => {
      const both = [ledger, other]
      const all = await Promise.all(
        Array.from({ length: 30 }, (_, i) => {
          const mine = both[i % 2] ?? ledger
          return i % 3 === 0 ? ask(mine) : mine.inTurn(shard(3), () => ask(mine))
        }),
      )
      expect((await ledger.news(shard(3), null)).seq).toBe(30)
      const events = (await Promise.all(all.map((one) => ledger.events(one)))).flat().sort((a, b) => a.seq - b.seq)
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
      const links = events.map(({ text }) => (JSON.parse(text) as { prev: string }).prev)
      expect(links).toEqual(['0'.repeat(64), ...events.slice(0, -1).map(({ hash }) => hash)])
    })

    test('lets several votes through one at a time, and counts each', async () => {
      const asked = await ask(ledger, { judgement: quorumOf(6) })
      const both = [ledger, other]
      const voters = Array.from({ length: 6 }, (_, i) => oid(20 + i))
      await Promise.all(
        voters.map((voter, i) => apply(both[i % 2] ?? ledger, asked.id, vote(voter, 'approve', noon), noon)),
      )
      const kept = await ledger.find(asked.id)
      expect(kept?.status).toBe('approved')
      expect(kept?.decisions.map(({ approver }) => approver).sort()).toEqual(voters)
    })
  })

  describe('deadlines', () => {
    test('are found when due, earliest first, and follow the request', async () => {
      const early = await ask(ledger, { shard: shard(1), expiresIn: 600 })
      const late = await ask(ledger, { shard: shard(1), expiresIn: 1200 })
      const elsewhere = await ask(ledger, { shard: shard(2), expiresIn: 900 })
      await ask(ledger, { outcome: 'forbid' })
      expect(await other.due(minutes(9), 10)).toEqual([])
      expect(await other.due(due(early) ?? noon, 10)).toEqual([early.id])
      expect([...(await other.due(minutes(600), 10))].sort()).toEqual([early.id, late.id, elsewhere.id].sort())
      expect(await other.due(minutes(600), 1)).toEqual([early.id])

      const approved = await apply(ledger, late.id, vote(dba, 'approve', minutes(1)), minutes(1))
      expect(await other.due(minutes(20), 10)).toEqual([early.id, elsewhere.id])
      expect(await other.due(due(approved) ?? noon, 10)).toContain(late.id)

      await expire(ledger, early)
      expect(await other.due(minutes(20), 10)).toEqual([elsewhere.id])
      await expire(ledger, approved)
      await expire(ledger, elsewhere)
      expect(await other.due(minutes(6000), 10)).toEqual([])
    })

    test('of one shard are read in pages, earliest first, each after the place where the one before ended', async () => {
      const [third, first, second] = await Promise.all(
        [1800, 600, 1200].map((expiresIn) => ask(ledger, { shard: shard(1), expiresIn })),
      )
      await ask(ledger, { shard: shard(2), expiresIn: 600 })
      await ask(ledger, { shard: shard(1), expiresIn: 3600 })
      const read = async (limit: number, after?: DuePlace) => {
        const page = await other.dueIn(shard(1), minutes(30), { limit, ...(after !== undefined && { after }) })
        return { ...page, ids: page.deadlines.map(({ request }) => request) }
      }
      expect(await read(5)).toMatchObject({ ids: [first?.id, second?.id, third?.id] })
      expect(await read(5)).not.toHaveProperty('next')
      const page = await read(2)
      expect(page.ids).toEqual([first?.id, second?.id])
      // What lay before the place is gone meanwhile.
      if (first) await expire(ledger, first)
      expect((await read(2, page.next)).ids).toEqual([third?.id])
      expect((await read(2, page.deadlines[0]?.place)).ids).toEqual([second?.id, third?.id])
      expect(await other.dueIn(shard(1), minutes(5), { limit: 2 })).toEqual({ deadlines: [] })
    })

    test('say which requests wait for people, of each shard those that expire first', async () => {
      const late = await ask(ledger, { shard: shard(1), expiresIn: 1200 })
      const early = await ask(ledger, { shard: shard(1), expiresIn: 600 })
      const elsewhere = await ask(ledger, { shard: shard(2), expiresIn: 900 })
      await ask(ledger, { outcome: 'forbid' })
      expect([...(await other.pending(10))].sort()).toEqual([early.id, late.id, elsewhere.id].sort())
      expect([...(await other.pending(1))].sort()).toEqual([early.id, elsewhere.id].sort())
      await apply(ledger, late.id, vote(dba, 'approve', minutes(1)), minutes(1))
      await expire(ledger, early)
      expect(await other.pending(10)).toEqual([elsewhere.id])
    })

    test('that stay when the status changes still tell what is pending', async () => {
      const judgement = { ...quorumOf(1), lapse: 600 }
      const asked = await ask(ledger, { expiresIn: 600, judgement })
      expect(ids((await other.list({ by: 'pending' }, everything)).requests)).toEqual([asked.id])
      const approved = await apply(ledger, asked.id, vote(dba, 'approve', noon), noon)
      expect(due(approved)).toBe(due(asked))
      expect((await other.list({ by: 'pending' }, everything)).requests).toEqual([])
      expect(await other.due(minutes(60), 10)).toEqual([asked.id])
    })
  })

  describe('a list', () => {
    /** Thirty requests over all shards, a minute apart, oldest first; every third by another agent. */
    async function thirty(): Promise<ApprovalRequest[]> {
      return Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          ask(ledger, {
            shard: shard((i * 7) % 16),
            at: minutes(i),
            agent: i % 3 === 0 ? oid(50) : bot,
            expiresIn: 3600 - i * 120,
          }),
        ),
      )
    }

    /** Reads all pages. */
    async function pages(scope: Scope, limit: number, keep: (request: ApprovalRequest) => boolean = () => true) {
      const read: (readonly ApprovalRequest[])[] = []
      let cursor: string | undefined
      do {
        const page = await other.list(scope, { keep, limit, ...(cursor !== undefined && { cursor }) })
        read.push(page.requests)
        cursor = page.cursor
      } while (cursor !== undefined)
      return read
    }

    test('is newest first over all shards, page after page', async () => {
      const all = await thirty()
      const newestFirst = ids(all).reverse()
      expect(ids((await other.list(today, everything)).requests)).toEqual(newestFirst)
      for (const limit of [1, 7, 30]) {
        const read = await pages(today, limit)
        expect(ids(read.flat())).toEqual(newestFirst)
        expect(read.length).toBe(Math.ceil(30 / limit))
      }
    })

    test('starts with its first moment and ends before its last', async () => {
      const all = await thirty()
      const some = await pages({ by: 'time', from: minutes(5), to: minutes(12) }, 3)
      expect(ids(some.flat())).toEqual(ids(all.slice(5, 12)).reverse())
      expect(ids((await pages({ by: 'agent', id: oid(50), from: minutes(6), to: minutes(12) }, 5)).flat())).toEqual(
        ids([all[9], all[6]].flatMap((one) => one ?? [])),
      )
      expect((await pages({ by: 'time', from: minutes(12), to: minutes(5) }, 3)).flat()).toEqual([])
    })

    test('has the requests of one agent, or of one approver', async () => {
      const all = await thirty()
      const theirs = all.filter(({ agent }) => agent.id === oid(50))
      expect(ids((await pages({ by: 'agent', id: oid(50) }, 4)).flat())).toEqual(ids(theirs).reverse())
      expect((await pages({ by: 'agent', id: oid(51) }, 4)).flat()).toEqual([])

      const decided = all.slice(10, 16)
      for (const one of decided) await apply(ledger, one.id, vote(dba, 'approve', minutes(30)), minutes(30))
      const read = (await pages({ by: 'approver', id: dba }, 4)).flat()
      expect(ids(read)).toEqual(ids(decided).reverse())
      expect(read.every(({ status }) => status === 'approved')).toBe(true)
      expect((await pages({ by: 'approver', id: oid(99) }, 4)).flat()).toEqual([])
    })

    test('has the pending requests, by deadline', async () => {
      const all = await thirty()
      for (const one of all.slice(0, 5)) await apply(ledger, one.id, vote(dba, 'deny', minutes(30)), minutes(30))
      const byDeadline = all.slice(5).sort((a, b) => ((due(a) ?? '') < (due(b) ?? '') ? -1 : 1))
      expect(byDeadline[0]).not.toEqual(all[5])
      expect(ids((await pages({ by: 'pending' }, 6)).flat())).toEqual(ids(byDeadline))
    })

    test('a page that is not the last says how far the ledger was read', async () => {
      const all = await thirty()
      const tenth = all.toReversed()[9]
      expect(await other.list(today, { ...everything, limit: 10 })).toMatchObject({ until: tenth?.createdAt })
      const { requests, until } = await other.list({ by: 'pending' }, { ...everything, limit: 10 })
      expect(until).toBe(due(requests[9] ?? all[0]!))
      expect(await other.list(today, everything)).not.toHaveProperty('until')
    })

    test('keeps the requests that its reader wants', async () => {
      const all = await thirty()
      const keep = ({ agent }: ApprovalRequest) => agent.id === oid(50)
      for (const scope of [today, { by: 'agent', id: oid(50) }, { by: 'pending' }] as const) {
        const read = await pages(scope, 4, keep)
        expect(ids(read.flat()).sort()).toEqual(ids(all.filter(keep)).sort())
        expect(read.slice(0, -1).every(({ length }) => length === 4)).toBe(true)
      }
      expect((await pages(today, 4, () => false)).flat()).toEqual([])
    })

    test('accepts only its own cursors', async () => {
      await thirty()
      const { cursor = '' } = await other.list(today, { ...everything, limit: 3 })
      expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
      const pending = (await other.list({ by: 'pending' }, { ...everything, limit: 3 })).cursor ?? ''
      const forged = (text: string) => Buffer.from(text).toString('base64url')
      const bad = [
        '',
        'x',
        `${cursor}=`,
        `${cursor}AAAA`,
        cursor.slice(0, -2),
        pending,
        forged('time:'),
        forged("time:' or 1 eq 1"),
      ]
      for (const one of [...bad, forged(`time:${'u'.repeat(26)}-07`), forged(`time:${'z'.repeat(26)}-17`)])
        await expect(other.list(today, { ...everything, cursor: one })).rejects.toMatchObject({ code: 'invalid-input' })
      await expect(other.list({ by: 'pending' }, { ...everything, cursor })).rejects.toMatchObject({
        code: 'invalid-input',
      })
      await expect(
        other.list(
          { by: 'pending' },
          { ...everything, cursor: forged(`pending:2026-02-30T12:00:00.000Z-${'0'.repeat(26)}-00`) },
        ),
      ).rejects.toMatchObject({ code: 'invalid-input' } satisfies Partial<Problem>)
    })

    test('is empty in an empty ledger', async () => {
      const scopes: readonly Scope[] = [today, { by: 'pending' }, { by: 'agent', id: "' or 1 eq 1" as ObjectId }]
      for (const scope of scopes) expect(await ledger.list(scope, everything)).toEqual({ requests: [] })
      expect(await ledger.find(submission().id)).toBeNull()
      expect(await ledger.due(minutes(600), 10)).toEqual([])
    })
  })

  describe('the news of a shard', () => {
    test('names the requests with new events, and the newest number', async () => {
      expect(await other.news(shard(3), 0)).toEqual({ seq: 0, requests: [] })
      expect(await other.news(shard(3), null)).toEqual({ seq: 0, requests: [] })
      const first = await ask(ledger)
      const second = await ask(ledger)
      await apply(ledger, first.id, vote(dba, 'approve', noon), noon)
      expect(await other.news(shard(3), 0)).toEqual({ seq: 4, requests: [first.id, second.id] })
      expect(await other.news(shard(3), 2)).toEqual({ seq: 4, requests: [first.id] })
      expect(await other.news(shard(3), 4)).toEqual({ seq: 4, requests: [] })
      expect(await other.news(shard(3), null)).toEqual({ seq: 4, requests: [] })
      expect(await other.news(shard(4), 0)).toEqual({ seq: 0, requests: [] })
    })

    test('counts events without a request', async () => {
      const loaded = await ledger.load(shard(3), {})
      const changed = { type: 'policy-changed', actor: { kind: 'system' }, data: { to: digestOf('b') } } as const
      await ledger.commit(loaded, logChange(loaded, [changed], noon, digestOf('b')))
      expect(await other.news(shard(3), 0)).toEqual({ seq: 1, requests: [] })
    })
  })

  test('work in one shard takes turns, and does not wait for other shards', async () => {
    const order: string[] = []
    let release = () => {}
    const held = ledger.inTurn(shard(1), async () => {
      await new Promise<void>((done) => {
        release = done
      })
      order.push('first')
      throw new Error('a failure')
    })
    const next = ledger.inTurn(shard(1), async () => order.push('second'))
    await ledger.inTurn(shard(2), async () => order.push('elsewhere'))
    release()
    await expect(held).rejects.toThrow('a failure')
    await next
    expect(order).toEqual(['elsewhere', 'first', 'second'])
  })

  test('answers a ping', async () => {
    await expect(ledger.ping()).resolves.toBeUndefined()
  })
})

const quorumOf = (quorum: number) =>
  ({
    outcome: 'approve',
    rules: ['r'],
    slots: [{ groups: ['dba'], quorum }],
    expires: 3600,
    lapse: 3600,
    grant: 300,
    tier: 'low',
  }) as const
