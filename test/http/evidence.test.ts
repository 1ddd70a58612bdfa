import { randomBytes, verify } from 'node:crypto'
import { openCheckpoint } from '../../src/core/log/checkpoint.ts'
import { readWitnessKey, type WitnessKey } from '../../src/core/log/cosignature.ts'
import { bounds } from '../../src/core/data/bound.ts'
import { type Day, dayBefore, nextDay } from '../../src/core/data/day.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import { digestOf, type Hex, sha256, type Shard, shardOf, shards } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import { parseProof } from '../../src/core/log/logProof.ts'
import { authenticatedCopy, formatCopy, type TableCopy, tablePath } from '../../src/core/log/tableCopy.ts'
import { checkInclusion, hashLeaf } from '../../src/core/log/merkle.ts'
import { parseNote } from '../../src/core/log/note.ts'
import { derOf } from '../../src/core/log/signature.ts'
import { formatBundle, type Manifest, statementOf } from '../../src/core/log/statement.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { evidenceOperations } from '../../src/contract/evidenceOperations.ts'
import type { Operation } from '../../src/contract/operation.ts'
import type { KeptEvent } from '../../src/ports/ledger.ts'
import { keepOpen } from '../../src/evidence/seal/openRequests.ts'
import { after, bot, dba, noon, oid, owner, ownerAlias, tool } from '../support/build.ts'
import { makeWitness } from '../support/cosigning.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { bundleText, logKey, origin, sealDay } from '../evidence/sealed.ts'
import { asks, votes } from '../support/world.ts'
import { first, secondEraser, type Served, served, type Wanted } from './served.ts'

const second = nextDay(first)
const third = nextDay(second)

const aHold = '01kjw2xm00abcdefghjkmnpqrt'

const witness = makeWitness()
const witnessKey = readWitnessKey(witness.key) as WitnessKey

let here: Served
/** Denied on the first day; and one that was asked for then and denied after midnight. */
let request: ApprovalRequest
let late: ApprovalRequest
let leaves: readonly KeptEvent[]

/** On the day after the given time of day. */
const onSecond = (seconds: number): Instant => plusSeconds(noon, 86_400 + seconds)

beforeEach(async () => {
  here = await served(undefined, undefined, { cosigners: [{ keys: [witnessKey] }] })
  const links = [{ title: 'FIN-881', url: 'https://a.example/1' }]
  request = (await here.approvals.ask(asks({ reason: 'Because.', links }))).request
  here.clock.set(after(60))
  request = await here.approvals.decide(request.id, votes(request, dba, { verdict: 'deny', reason: 'Not today.' }))
  here.clock.set(after(12 * 3600 - 60))
  late = (await here.approvals.ask(asks())).request
  here.clock.set(plusSeconds(noon, 12 * 3600 + 60))
  await here.approvals.decide(late.id, votes(late, dba, { verdict: 'deny' }))
  leaves = await sealDay(here, first)
})

const date = { date: first }
const range = `?from=${first}&to=${first}`

describe('every operation of evidence', () => {
  const wanted: Readonly<Record<keyof typeof evidenceOperations, () => Wanted>> = {
    proof: () => ({ params: { id: request.id } }),
    bundles: () => ({}),
    metrics: () => ({ query: range }),
    exceptions: () => ({ query: range }),
    bundle: () => ({ params: date }),
    cosignatures: () => ({ params: date }),
    said: () => ({ params: date }),
    erasures: () => ({ body: { request: request.id, names: ['reason'], why: 'Because.' } }),
    repairs: () => ({ body: { shard: '07', why: 'A drill.' } }),
    hold: () => ({ body: { scope: { request: request.id }, why: 'Case 4711' } }),
    holds: () => ({}),
    release: () => ({ params: { hold: aHold }, body: { why: 'Closed.' } }),
    checkpoint: () => ({}),
  }
  const names = Object.keys(evidenceOperations) as readonly (keyof typeof evidenceOperations)[]
  test.each(names)('refuses unknown query parameters: %s', async (name) => {
    const { caller }: Operation = evidenceOperations[name]
    const who = (caller.kind === 'person' && [caller.role ?? []].flat()[0]) || null
    const { query, ...more } = wanted[name]()
    const { status, json } = await here.call(name, who, {
      ...more,
      query: query === undefined ? '?colour=red' : `${query}&colour=red`,
    })
    expect({ status, json }).toMatchObject({ status: 400, json: { code: 'invalid-input', pointer: '/colour' } })
  })
})

describe('bundles', () => {
  test('are listed, oldest first, with the facts that identify each', async () => {
    await sealDay(here, second)
    const { json } = await here.call('bundles', 'Evidence.Read')
    const bytes = bundleText(first).length
    const size = leaves.length
    expect(json.bundles).toMatchObject([
      { date: first, number: 1, from: 0, to: size, records: size, bytes, sha256: sha256(bundleText(first)) },
      { date: second, number: 2, from: size, to: size + 2, records: 2, bytes, sha256: sha256(bundleText(second)) },
    ])
    const { head } = await here.seals.head()
    expect(json.bundles[1].root).toBe(head?.root)
    expect(json.bundles[0].root).not.toBe(head?.root)
  })

  describe('with what is missing', () => {
    /** A manifest as the seal leaves it, but for what a list does not read. */
    const manifestOf = (
      number: number,
      counts: Pick<Manifest['counts'], 'requests' | 'exceptions'>,
      previousManifest?: Hex,
    ): Uint8Array => {
      const root = Buffer.alloc(32).toString('base64')
      const log = { origin, from: { size: 0, root, frontier: [] }, to: { size: 0, root } }
      const cuts = Object.fromEntries(shards.map((shard) => [shard, { from: 0, to: 0, head: '0'.repeat(64) as Hex }]))
      const all = { records: 0, carried: 0, types: {}, ...counts }
      const day = { number, date: first, sealedAt: noon, log, shards: cuts, counts: all, tool: 'test' }
      const statement = statementOf([], { ...day, ...(previousManifest && { previousManifest }) })
      return Buffer.from(formatBundle(statement, [{ kid: 'k'.repeat(43), der: derOf(Buffer.alloc(64, 1)) }]))
    }
    const days = [manifestOf(1, { requests: 3, exceptions: 1 })]
    days.push(manifestOf(2, { requests: 5, exceptions: 0 }, sha256(days[0] ?? '')))

    /** Two sealed days, with these manifests, and a head that names the true one of the second. */
    async function listWith(manifests: readonly (Uint8Array | undefined)[]) {
      await sealDay(here, second)
      const { head } = await here.seals.head()
      if (head === null) throw new Error('Nothing is sealed.')
      Object.assign(here.seals, { head: async () => ({ head: { ...head, manifest: sha256(days[1] ?? '') } }) })
      for (const [i, bytes] of manifests.entries())
        if (bytes) await here.archive.create(`manifests/${i === 0 ? first : second}`, bytes)
      const { json } = await here.call('bundles', 'Evidence.Read')
      const counts = json.bundles.map(({ date, requests, exceptions }: Record<string, unknown>) => [
        date,
        requests,
        exceptions,
      ])
      return { counts, missing: json.missing as unknown }
    }
    const gone = (...dates: readonly Day[]) => dates.map((date) => ({ date, what: 'manifest' }))

    test('nothing: then each day has its counts', async () => {
      expect(await listWith(days)).toEqual({
        counts: [
          [first, 3, 1],
          [second, 5, 0],
        ],
        missing: [],
      })
    })

    test.each<[string, readonly (Uint8Array | undefined)[], readonly unknown[], readonly object[]]>([
      ['the older manifest', [undefined, days[1]], [[first], [second, 5, 0]], gone(first)],
      ['the newer manifest, which would name the older', [days[0]], [[first], [second]], gone(first, second)],
      [
        'a manifest that is replaced',
        [manifestOf(1, { requests: 3, exceptions: 0 }), days[1]],
        [[first], [second, 5, 0]],
        gone(first),
      ],
      ['a manifest that is none', [Buffer.from('{}'), days[1]], [[first], [second, 5, 0]], gone(first)],
    ])('%s: then no counts are shown that nobody vouches for', async (_what, manifests, counts, missing) => {
      const found = await listWith(manifests)
      expect(found.counts.map((day: unknown[]) => day.filter((one) => one !== undefined))).toEqual(counts)
      expect(found.missing).toEqual(missing)
    })

    test('a bundle and a checkpoint: the other days are listed all the same', async () => {
      const { archive } = here
      const [read, list] = [archive.read.bind(archive), archive.list.bind(archive)]
      const isGone = (name: string): boolean => [`bundles/${first}.zip`, `checkpoints/${first}`].includes(name)
      Object.assign(archive, {
        read: async (name: string) => (isGone(name) ? null : read(name)),
        list: async (prefix: string) => (await list(prefix)).filter(({ name }) => !isGone(name)),
      })
      const found = await listWith(days)
      expect(found).toEqual({
        counts: [[second, 5, 0]],
        missing: ['bundle', 'checkpoint'].map((what) => ({ date: first, what })),
      })
    })

    test('the seals of days that ended more than two hours ago', async () => {
      const third = nextDay(second)
      here.clock.set(plusSeconds(noon, (1.5 + 1) * 86_400 + 2 * 3600 - 1))
      const missing = async () => (await here.call('bundles', 'Evidence.Read')).json.missing
      const seals = (list: readonly { what: string }[]) => list.filter(({ what }) => what === 'seal')
      expect(seals(await missing())).toEqual([{ date: second, what: 'seal' }])
      here.clock.set(plusSeconds(noon, (1.5 + 1) * 86_400 + 2 * 3600))
      expect(seals(await missing())).toEqual([second, third].map((date) => ({ date, what: 'seal' })))
    })
  })

  test('that are planned but not sealed are not listed', async () => {
    const plan = await here.seals.plan(first)
    if (plan) await here.seals.propose({ ...plan, date: second, number: 2 })
    expect((await here.call('bundles', 'Evidence.Read')).json.bundles).toHaveLength(1)
    expect((await here.call('bundle', 'Evidence.Export', { params: { date: second } })).status).toBe(404)
  })

  test('are an empty list before the first seal', async () => {
    const empty = await served()
    expect((await empty.call('bundles', 'Evidence.Read')).json).toEqual({ bundles: [], missing: [] })
    expect((await empty.call('checkpoint', null)).json.code).toBe('not-found')
    const { json } = await empty.call('bundle', 'Evidence.Export', { params: date })
    expect(json).toMatchObject({ code: 'not-found' })
    expect(json.detail).toContain(`${second}T00:00:00.000Z`)
  })
})

/** Lays a table beside a bundle, as the seal does, or with another note. */
async function lay(file: string, content: string, said: Partial<TableCopy> = {}): Promise<void> {
  const { origin: log, sign } = await macsFor(testOrigin).rows()
  const copy = { file, sha256: sha256(content), ...said }
  const note = () => formatCopy(copy, sign(authenticatedCopy(log, copy)))
  await here.archive.write(
    file,
    (async function* () {
      yield Buffer.from(content)
    })(),
    'text/csv',
    note,
  )
}

describe('tables of sealed days', () => {
  const read = (name: 'metrics' | 'exceptions', query: string) => here.call(name, 'Evidence.Read', { query })
  const metrics = `by,of,metric,value\r\nall,,edition,1\r\napprover,${dba},look-p50,41512\r\n`

  test('are answered by day, and of days without one it is told why', async () => {
    await sealDay(here, second)
    await lay(tablePath(first, 'metrics'), metrics)
    await lay(
      tablePath(first, 'exceptions'),
      `index,at,request,kind,actor,action,detail\r\n7,${noon},${request.id},unseen,${dba},'-x,approve\r\n,${noon},,late-seal,system,,late\r\n`,
    )
    const days = [
      { date: dayBefore(first), missing: 'before-log' },
      {
        date: first,
        rows: [
          { by: 'all', metric: 'edition', value: 1 },
          { by: 'approver', of: dba, metric: 'look-p50', value: 41_512 },
        ],
      },
      { date: second, missing: 'no-table' },
      { date: third, missing: 'not-sealed' },
    ]
    const names = { [dba]: `Person ${dba.slice(-2)}` }
    expect((await read('metrics', `?from=${dayBefore(first)}&to=${third}`)).json).toEqual({ days, names })
    const exceptions = (await read('exceptions', range)).json
    expect(exceptions.names).toEqual(names)
    expect(exceptions.days).toEqual([
      {
        date: first,
        rows: [
          { index: 7, at: noon, request: request.id, kind: 'unseen', actor: dba, action: '-x', detail: 'approve' },
          { at: noon, kind: 'late-seal', actor: 'system', detail: 'late' },
        ],
      },
    ])
  })

  test.each<[string, string, string]>([
    ['no days', '', '/from'],
    ['no last day', `?from=${first}`, '/to'],
    ['a time', `?from=${noon}&to=${first}`, '/from'],
    ['a day that the calendar does not have', `?from=2026-02-30&to=${first}`, '/from'],
    ['a last day before the first', `?from=${second}&to=${first}`, '/to'],
    ['32 days', '?from=2026-03-01&to=2026-04-01', '/to'],
  ])('are not answered for %s', async (_what, query, pointer) => {
    const { status, json } = await read('metrics', query)
    expect({ status, json }).toMatchObject({ status: 400, json: { code: 'invalid-input', pointer } })
  })

  test('are answered for 31 days', async () => {
    expect((await read('metrics', '?from=2026-03-01&to=2026-03-31')).json.days).toHaveLength(31)
  })

  test('that are too large together are not answered', async () => {
    await lay(tablePath(first, 'metrics'), 'x'.repeat(bounds.tables.bytes + 1))
    expect(await read('metrics', range)).toMatchObject({ status: 413, json: { code: 'too-large' } })
  })

  const foreign: readonly (readonly [string, () => Promise<void>])[] = [
    ['without a note', () => here.archive.create(tablePath(first, 'metrics'), Buffer.from(metrics))],
    [
      'with another content than its note says',
      () => lay(tablePath(first, 'metrics'), metrics, { sha256: sha256('') }),
    ],
    [
      'that was copied from another day',
      () => lay(tablePath(first, 'metrics'), metrics, { file: tablePath(second, 'metrics') }),
    ],
  ]
  test.each(foreign)('that the service did not write are evidence that is broken: one %s', async (_what, put) => {
    await put()
    expect(await read('metrics', range)).toMatchObject({ status: 503, json: { code: 'evidence-broken' } })
  })
})

const bundle = (headers: Record<string, string> = {}) =>
  here.call('bundle', 'Evidence.Export', { params: date, headers })

describe('a bundle', () => {
  const text = bundleText(first)
  const tag = `"${sha256(text)}"`

  test('is sent whole, as a download', async () => {
    const answer = await bundle()
    expect(answer.status).toBe(200)
    expect(answer.text).toBe(text)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="countersign-evidence-${first}.zip"`,
      'content-length': String(text.length),
      'accept-ranges': 'bytes',
      etag: tag,
    })
  })

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=100000-', 100_000, text.length - 1],
    ['bytes=-5', text.length - 5, text.length - 1],
    [`bytes=-${text.length * 2}`, 0, text.length - 1],
    [`bytes=${text.length - 1}-${text.length + 9}`, text.length - 1, text.length - 1],
  ])('is sent in part: %s', async (range, from, to) => {
    for (const headers of [{ range }, { range, 'if-range': tag }]) {
      const answer = await bundle(headers)
      expect(answer.status).toBe(206)
      expect(answer.text).toBe(text.slice(from, to + 1))
      expect(answer.headers.get('content-range')).toBe(`bytes ${from}-${to}/${text.length}`)
      expect(answer.headers.get('content-length')).toBe(String(to + 1 - from))
      expect(answer.headers.get('etag')).toBe(tag)
    }
  })

  test.each([`bytes=${text.length}-`, `bytes=${text.length}-${text.length + 1}`, 'bytes=-0'])(
    'has no part for the range: %s',
    async (range) => {
      const answer = await bundle({ range })
      expect(answer.status).toBe(416)
      expect(answer.text).toBe('')
      expect(answer.headers.get('content-range')).toBe(`bytes */${text.length}`)
    },
  )

  test.each(['bytes=0-1,4-5', 'bytes=5-4', 'bytes=-', 'bytes=a-b', 'lines=0-1', 'bytes=0x1-2', ''])(
    'is sent whole if the range is malformed: %s',
    async (range) => {
      expect(await bundle({ range })).toMatchObject({ status: 200, text })
    },
  )

  test.each(['"other"', `W/${tag}`, 'Wed, 04 Mar 2026 12:00:00 GMT'])(
    'is sent whole if the range is meant for other bytes: %s',
    async (other) => {
      expect(await bundle({ range: 'bytes=0-1', 'if-range': other })).toMatchObject({ status: 200, text })
    },
  )

  test.each([tag, `W/${tag}`, `"a", ${tag}`, '*'])('is not sent again to a client that has it: %s', async (value) => {
    const answer = await bundle({ 'if-none-match': value, range: 'bytes=0-1' })
    expect(answer).toMatchObject({ status: 304, text: '' })
    expect(answer.headers.get('etag')).toBe(tag)
  })

  test('is sent to a client that has another', async () => {
    expect(await bundle({ 'if-none-match': '"a", "b"' })).toMatchObject({ status: 200, text })
  })
})

describe.each(['bundle', 'said', 'cosignatures'] as const)('the date of a %s', (name) => {
  beforeEach(async () => {
    await here.archive.create(`cosignatures/${first}/00000000`, Buffer.from('— a AAAAAAA=\n'))
  })
  const of = (day: string) => here.call(name, 'Evidence.Export', { params: { date: day } })

  test.each(['2026-02-30', '2026-2-3', 'today', '2026-03-04T00:00', '..%2f..', '', "' or 1 eq 1", '2026-13-01'])(
    'must be in the calendar, unlike %s',
    async (day) => {
      expect((await of(day)).json).toMatchObject({ status: 400, code: 'invalid-input', pointer: '/date' })
    },
  )

  test('must not be before the first day', async () => {
    const { json } = await of('2026-03-03')
    expect(json).toMatchObject({ status: 404, code: 'not-found' })
    expect(json.detail).toContain(first)
  })

  test('gets the time of its seal if the day is not over', async () => {
    const { json } = await of(second)
    expect(json).toMatchObject({ status: 404, code: 'not-found' })
    expect(json.detail).toContain(`${third}T00:00:00.000Z`)
  })

  test('gets the time of the next run if the day is over', async () => {
    here.clock.set(`${third}T03:04:59.999Z` as Instant)
    expect((await of(second)).json.detail).toContain(`${third}T03:05:00.000Z`)
    here.clock.set(`${third}T03:05:00.000Z` as Instant)
    expect((await of(second)).json.detail).toContain(`${third}T03:10:00.000Z`)
  })

  test('gets the day at which sealing stopped, but not the reason', async () => {
    const words = 'Event 7 is missing.'
    await here.seals.raise({ date: second, code: 'broken-chain', words, since: noon })
    const { json } = await of(third)
    expect(json).toMatchObject({ status: 404, code: 'not-found' })
    expect(json.detail).toContain(`stopped at ${second}`)
    expect(json.detail).not.toContain(words)
    expect((await of(first)).status).toBe(200)
  })
})

describe('the said file', () => {
  const said = async (day: Day = first) => {
    const answer = await here.call('said', 'Evidence.Export', { params: { date: day } })
    const lines = answer.text.split('\n').slice(0, -1)
    return { answer, lines: lines.map((line) => JSON.parse(line) as Record<string, string>) }
  }

  test('has a line for each text in log order, which digests in the leaves cover', async () => {
    const { answer, lines } = await said()
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/jsonl',
      'content-disposition': `attachment; filename="said-${first}.jsonl"`,
      'cache-control': 'no-store',
    })
    const expected = leaves.flatMap(({ text }, index) => {
      const { type, said: names = {} } = JSON.parse(text)
      return [...Object.keys(names).sort(), ...(type === 'requested' ? ['action'] : [])].map((name) => [index, name])
    })
    expect(lines.map(({ index, name }) => [index, name])).toEqual(expected)
    expect(expected).toHaveLength(9)
    for (const { index, name = '', salt = '', text = '' } of lines) {
      const { data, said: digests } = JSON.parse(leaves[Number(index)]?.text ?? '')
      if (name === 'action') expect(digestOf(text)).toBe(data.digest)
      else expect(saidDigest({ salt, text })).toBe(digests[name])
    }
  })

  test('goes on at a log index, if a download was broken off', async () => {
    const all = (await said()).answer.text.split('\n').slice(0, -1)
    const at = (from: number | string) =>
      here.call('said', 'Evidence.Export', { params: { date: first }, query: `?from=${from}` })
    for (const index of new Set(all.map((line) => Number(JSON.parse(line).index)))) {
      const rest = all.filter((line) => Number(JSON.parse(line).index) >= index)
      expect((await at(index)).text).toBe(rest.map((line) => `${line}\n`).join(''))
    }
    expect(await at(leaves.length)).toMatchObject({ status: 200, text: '' })
    for (const from of [leaves.length + 1, '-1', '01', '1.5', 'x', ''])
      expect((await at(from)).json).toMatchObject({ status: 400, code: 'invalid-input', pointer: '/from' })
  })

  test('is not what somebody else wrote: the file breaks off there', async () => {
    const row = (await here.ledger.find(request.id)) as ApprovalRequest
    const action = row.action && { ...row.action, target: 'prod/postgres/salaries' }
    here.ledger.forge(request.id, { ...row, action })
    // What was sent before it breaks off may be nothing: then it is a problem.
    const attempt = () =>
      here.call('said', 'Evidence.Export', { params: date }).then(
        ({ json }) => String(json.code),
        (cause: unknown) => String(cause),
      )
    expect(await attempt()).toMatch(/evidence-broken|ended early/)
    here.ledger.forge(request.id, row)
    const seq = request.events[1]?.seq ?? 0
    here.ledger.tamper(shardOf(request.id), seq, (leaf) => {
      const { reason } = leaf.said
      return { ...leaf, said: { ...leaf.said, reason: { salt: reason?.salt ?? '', text: 'Gladly.' } } }
    })
    expect(await attempt()).toMatch(/evidence-broken|ended early/)
  })

  test('counts on from day to day', async () => {
    const all = await sealDay(here, second)
    const decided = all.findIndex(({ text }) => text.includes('"decided"') && text.includes(late.id))
    const { lines } = await said(second)
    expect(decided).toBeGreaterThanOrEqual(leaves.length)
    expect(lines.map(({ index, name }) => [index, name])).toEqual([
      [decided, 'name'],
      [decided, 'reason'],
    ])
  })

  test('has no line for an erased text, and a later day has its erasure', async () => {
    here.clock.set(onSecond(60))
    const before = (await said()).lines
    const body = { request: request.id, names: ['reason', 'action'], why: 'A secret.' }
    await here.call('erasures', 'Evidence.Erase', { body })
    expect((await said()).lines).toEqual(before)
    const { json } = await here.call('erasures', secondEraser, { body: { ...body, why: 'Yes, it is.' } })
    expect(json).toEqual({
      request: request.id,
      erased: [
        { event: request.events[0]?.hash, names: ['action', 'reason'] },
        { event: request.events[1]?.hash, names: ['reason'] },
      ],
    })
    const mine = new Set(request.events.map(({ hash }) => leaves.findIndex((leaf) => leaf.hash === hash)))
    const gone = ({ index, name }: Record<string, unknown>) =>
      mine.has(Number(index)) && ['reason', 'action'].includes(String(name))
    expect((await said()).lines).toEqual(before.filter((line) => !gone(line)))
    await sealDay(here, second)
    const whys = (await said(second)).lines.filter(({ name }) => name === 'why')
    expect(whys.map(({ text }) => text)).toEqual(['A secret.', 'Yes, it is.', 'Yes, it is.'])
  })

  test('is not sent as complete if an event is missing', async () => {
    const plan = await here.seals.plan(first)
    const shard = request.id.slice(27)
    const longer = { ...plan, to: { ...plan?.to, [shard]: { seq: 99, hash: '0'.repeat(64) } } }
    Object.assign(here.seals, { plan: async () => longer })
    expect((await here.call('said', 'Evidence.Export', { params: date })).status).toBe(500)
  })
})

describe('a download', () => {
  const exported = async () => {
    const { head } = await here.ledger.load(shards[0] as Shard, {})
    const found: string[] = []
    for await (const page of here.ledger.stream(shards[0] as Shard, 0, head.seq))
      for (const { text } of page) {
        const { type, actor, data } = JSON.parse(text)
        if (type === 'exported') found.push([actor.id, data.file, data.date, data.client].join(' '))
      }
    return found
  }
  const mine = (file: string) => `${oid(62)} ${file} ${first} ${tool}`
  const of = (name: 'bundle' | 'said', headers: Record<string, string> = {}) =>
    here.call(name, 'Evidence.Export', { params: date, headers })

  test('of a bundle or of a said file is recorded', async () => {
    await of('bundle')
    await of('said')
    await of('bundle', { range: 'bytes=0-1' })
    expect(await exported()).toEqual([mine('bundle'), mine('said')])
  })

  test('of a part is recorded, too', async () => {
    await of('bundle', { range: 'bytes=0-1' })
    expect(await exported()).toEqual([mine('bundle')])
  })

  test('in which nothing is sent is not recorded', async () => {
    await of('bundle', { 'if-none-match': `"${sha256(bundleText(first))}"` })
    await of('bundle', { range: `bytes=${bundleText(first).length}-` })
    await here.call('bundle', 'Evidence.Export', { params: { date: second } })
    await here.call('said', 'Evidence.Export', { params: { date: second } })
    await here.call('bundle', 'Evidence.Read', { params: date })
    expect(await exported()).toEqual([])
  })

  test.each(['bundle', 'said'] as const)('of a %s that cannot be recorded sends nothing', async (name) => {
    const away = new Problem('unavailable', 'The ledger’s storage cannot be reached.', { retryAfter: 2 })
    Object.assign(here.ledger, { commit: () => Promise.reject(away) })
    const opened = jest.spyOn(here.archive, 'open')
    expect(await of(name)).toMatchObject({ status: 503, json: { code: 'unavailable' } })
    expect(opened).not.toHaveBeenCalled()
  })
})

describe('a hold', () => {
  const why = 'Case 4711'
  const hold = (scope: object, more: object = {}) =>
    here.call('hold', 'Evidence.Hold', { body: { scope, why, ...more } })

  test('keeps the texts of a request until it is released', async () => {
    const { status, json } = await hold({ request: request.id })
    const held = { by: oid(66), why }
    expect({ status, json }).toMatchObject({ status: 201, json: { scope: { request: request.id }, held } })
    const erased = await here.call('erasures', 'Evidence.Erase', {
      body: { request: request.id, names: ['reason'], why },
    })
    expect({ status: erased.status, json: erased.json }).toMatchObject({
      status: 409,
      json: { code: 'on-hold', hold: json.hold },
    })
    expect(erased.json.detail).toContain('Evidence.Hold')
    for (const who of ['Evidence.Hold', 'Evidence.Read'])
      expect((await here.call('holds', who)).json.holds).toEqual([json])
    const params = { hold: json.hold }
    const released = await here.call('release', 'Evidence.Hold', { params, body: { why: 'Closed.' } })
    expect(released.json).toMatchObject({ ...json, released: { by: oid(66), why: 'Closed.' } })
    expect((await here.call('holds', 'Evidence.Read')).json).toEqual({ holds: [], names: {} })
    const all = await here.call('holds', 'Evidence.Read', { query: '?released=true' })
    expect(all.json.holds).toEqual([released.json])
  })

  test('of an agent is listed with its name', async () => {
    await hold({ agent: bot })
    expect((await here.call('holds', 'Evidence.Hold')).json.names).toEqual({ [bot]: `agent-${bot.slice(-4)}` })
  })

  test.each([
    ['of nothing', {}, '/scope'],
    ['of two things', { request: aHold, agent: dba }, '/scope'],
    ['of a period without an end', { from: '2026-01-01' }, '/scope'],
    ['of a period that ends before it begins', { from: '2026-02-01', to: '2026-01-31' }, '/scope'],
    ['of a day that is none', { from: '2026-02-30', to: '2026-03-01' }, '/scope/from'],
    ['of an agent that is no GUID', { agent: 'bot' }, '/scope/agent'],
    ['of something else', { person: dba }, '/scope/person'],
  ])('%s is refused', async (_, scope, pointer) => {
    expect((await hold(scope)).json).toMatchObject({ code: 'invalid-input', pointer })
  })

  test('needs a reason, a request that there is, and a hold to be released', async () => {
    expect((await hold({ agent: dba }, { why: '' })).json).toMatchObject({ code: 'invalid-input', pointer: '/why' })
    expect((await hold({ request: 'x' })).json.code).toBe('not-found')
    for (const one of [aHold, 'x']) {
      const wanted = { params: { hold: one }, body: { why } }
      expect((await here.call('release', 'Evidence.Hold', wanted)).json.code).toBe('not-found')
    }
  })
})

describe('an erasure', () => {
  const erase = (body: unknown) => here.call('erasures', 'Evidence.Erase', { body })
  const why = 'A secret.'

  test.each([
    ['no request', () => ({ names: ['reason'], why }), '/request'],
    ['no names', () => ({ request: request.id, why }), '/names'],
    ['an empty list', () => ({ request: request.id, names: [], why }), '/names'],
    ['a name twice', () => ({ request: request.id, names: ['reason', 'reason'], why }), '/names'],
    ['an unknown name', () => ({ request: request.id, names: ['reason', 'why'], why }), '/names/1'],
    ['no reason', () => ({ request: request.id, names: ['reason'] }), '/why'],
    ['an empty reason', () => ({ request: request.id, names: ['reason'], why: '' }), '/why'],
    ['a reason of 501 characters', () => ({ request: request.id, names: ['reason'], why: 'x'.repeat(501) }), '/why'],
    ['a control character', () => ({ request: request.id, names: ['reason'], why: 'a\u0007' }), '/why'],
    ['an unknown field', () => ({ request: request.id, names: ['reason'], why, force: true }), '/force'],
  ])('with %s is refused, naming the field', async (_what, body, pointer) => {
    expect((await erase(body())).json).toMatchObject({ status: 400, code: 'invalid-input', pointer })
  })

  test('of an open request is refused', async () => {
    const open = (await here.approvals.ask(asks())).request
    expect((await erase({ request: open.id, names: ['reason'], why })).json).toMatchObject({
      status: 409,
      code: 'still-open',
    })
  })

  test.each(['nonsense', '01kjw2xm00abcdefghjkmnpqrs-07'])('of an unknown request finds none: %s', async (id) => {
    expect((await erase({ request: id, names: ['reason'], why })).json).toMatchObject({
      status: 404,
      code: 'not-found',
    })
  })

  test('waits for another person, and says how long', async () => {
    const body = { request: request.id, names: ['name'], why }
    const first = await erase(body)
    const waits = { askedBy: oid(63), names: ['name'], until: plusSeconds(here.clock.now(), 7 * 86_400) }
    expect(first).toMatchObject({ status: 202, json: { request: request.id, erased: [], waits } })
    here.clock.set(plusSeconds(here.clock.now(), 60))
    expect(await erase(body)).toMatchObject({ status: 202, json: first.json })
    expect((await here.ledger.find(request.id))?.said).toEqual(expect.arrayContaining([...request.said]))
  })

  test('gets the same answer when there is nothing left', async () => {
    const body = { request: request.id, names: ['name'], why }
    await erase(body)
    const second = await here.call('erasures', secondEraser, { body })
    expect(second).toMatchObject({ status: 200, json: { erased: [{ names: ['name'] }] } })
    expect(second.json).not.toHaveProperty('waits')
    for (const who of ['Evidence.Erase', secondEraser])
      expect(await here.call('erasures', who, { body })).toMatchObject({
        ...{ status: 200, json: { request: request.id, erased: [] } },
      })
  })
})

describe('a repair', () => {
  const why = 'A key had leaked.'
  const repair = (body: unknown, who = 'Evidence.Erase') => here.call('repairs', who, { body })

  beforeEach(async () => {
    await keepOpen({ archive: here.archive, macs: macsFor(testOrigin), random: randomBytes }, first, [late.id])
  })

  test.each(['Evidence.Read', 'Evidence.Export', 'no role', 'approver', 'agent'])('is not for %s', async (who) => {
    expect((await repair({ shard: '07', why }, who)).json).toMatchObject({ status: 403, code: 'not-permitted' })
  })

  test.each([
    ['no shard', { why }, '/shard'],
    ['a shard that there is not', { shard: '10', why }, '/shard'],
    ['no reason', { shard: '07' }, '/why'],
    ['an empty reason', { shard: '07', why: '' }, '/why'],
    ['a reason of 501 characters', { shard: '07', why: 'x'.repeat(501) }, '/why'],
    ['a hundred and one requests', { shard: '07', why, requests: Array(101).fill('x') }, '/requests'],
    ['what nobody knows', { shard: '07', why, force: true }, '/force'],
  ])('with %s is refused, naming the field', async (_what, body, pointer) => {
    expect((await repair(body)).json).toMatchObject({ status: 400, code: 'invalid-input', pointer })
  })

  test('of what is no request finds none', async () => {
    expect((await repair({ shard: '07', why, requests: ['nonsense'] })).json).toMatchObject({ code: 'not-found' })
  })

  test('of a shard that holds does nothing, and says so', async () => {
    expect((await repair({ shard: '07', why })).json).toEqual({ shard: '07', requests: [] })
  })

  test('takes out what was changed at the end, and tells what it did', async () => {
    const { request } = await here.approvals.ask(asks())
    const shard = shardOf(request.id)
    const seq = request.events[0]?.seq ?? 0
    here.ledger.tamper(shard, seq, (leaf) => ({ ...leaf, text: leaf.text.replace('"db.export"', '"db.report"') }))
    const { status, json } = await repair({ shard, why })
    expect({ status, json }).toMatchObject({
      status: 200,
      json: { shard, chain: { check: 'mac', moved: 1 }, requests: [{ request: request.id, done: 'removed' }] },
    })
  })

  test('that would leave out a sealed event is refused, and says how to put it back', async () => {
    const [first] = request.events
    const shard = shardOf(request.id)
    here.ledger.tamper(shard, first?.seq ?? 0, null)
    const { json } = await repair({ shard, why, requests: [request.id] })
    expect(json).toMatchObject({ status: 409, code: 'not-repairable' })
    expect(json.detail).toContain(`SHA-256(00 ‖ leaf) is ${first?.hash}`)
  })
})

const open = (note: string) =>
  openCheckpoint(note, [logKey], (spki, bytes, der) =>
    verify('sha256', bytes, { key: Buffer.from(spki), format: 'der', type: 'spki' }, der),
  )

describe('proofs', () => {
  const prove = async (id: string) => (await here.call('proof', 'Evidence.Read', { params: { id } })).json

  function check(texts: readonly string[]): readonly KeptEvent[] {
    return texts.map((text) => {
      const { index, extra = new Uint8Array(), proof, checkpoint } = parseProof(text)
      const { size, root } = open(checkpoint)
      expect(size).toBe(leaves.length)
      expect(checkInclusion({ index, size, leaf: hashLeaf(extra), proof, root })).toBe(true)
      expect(Buffer.from(extra).toString('utf8')).toBe(leaves[index]?.text)
      return leaves[index] as KeptEvent
    })
  }

  test('hold for every event of a sealed request', async () => {
    const { proofs, unsealed } = await prove(request.id)
    expect(unsealed).toEqual([])
    const proven = check(proofs.map(({ text }: { text: string }) => text))
    expect(proven.map(({ hash }) => hash)).toEqual(request.events.map(({ hash }) => hash))
    expect(proofs.map(({ seq }: { seq: number }) => seq)).toEqual(request.events.map(({ seq }) => seq))
  })

  test('exist for the first day of a request that went on, and then against the newest checkpoint', async () => {
    const events = (await here.ledger.find(late.id))?.events ?? []
    const before = await prove(late.id)
    expect(before.unsealed).toEqual(events.slice(1).map(({ seq }) => seq))
    expect(check(before.proofs.map(({ text }: { text: string }) => text))).toHaveLength(1)
    leaves = await sealDay(here, second)
    const { proofs, unsealed } = await prove(late.id)
    expect(unsealed).toEqual([])
    const proven = check(proofs.map(({ text }: { text: string }) => text))
    expect(proven.map(({ hash }) => hash)).toEqual(events.map(({ hash }) => hash))
  })

  test('hold after an erasure', async () => {
    for (const who of ['Evidence.Erase', secondEraser])
      await here.call('erasures', who, { body: { request: request.id, names: ['reason'], why: 'So.' } })
    expect(check((await prove(request.id)).proofs.map(({ text }: { text: string }) => text))).not.toEqual([])
  })

  test('do not exist before the first seal, or for an unknown request', async () => {
    const empty = await served()
    const asked = (await empty.approvals.ask(asks())).request
    const { json } = await empty.call('proof', 'Evidence.Read', { params: { id: asked.id } })
    expect(json).toEqual({ proofs: [], unsealed: asked.events.map(({ seq }) => seq) })
    expect(await prove('nonsense')).toMatchObject({ code: 'not-found' })
  })

  test('are not sent if the archive contradicts them', async () => {
    const read = here.archive.read.bind(here.archive)
    Object.assign(here.archive, {
      read: async (name: string) => (name.startsWith('tile/') ? Buffer.alloc(32 * leaves.length) : read(name)),
    })
    expect((await here.call('proof', 'Evidence.Read', { params: { id: request.id } })).status).toBe(500)
  })
})

const eventsOf = async (id: string) =>
  (await here.call('events', 'Evidence.Read', { params: { id }, headers: { accept: 'application/json' } })).json

test('events have their log index and their bundle once they are sealed', async () => {
  const json = await eventsOf(late.id)
  const sealed = { date: first, number: 1 }
  expect(json.events.map(({ sealed }: { sealed?: object }) => sealed)).toEqual([sealed, undefined, undefined])
  expect(json.events.map(({ index }: { index?: number }) => index)).toEqual([
    leaves.findIndex(({ hash }) => hash === late.events[0]?.hash),
    undefined,
    undefined,
  ])
})

describe('the people of events', () => {
  test('have the names that were recorded with votes, and the others those that the directory has now', async () => {
    here.directory.add(dba, { name: 'Married Name' })
    here.directory.add(owner, { name: 'Olga Owner' })
    here.directory.remove(ownerAlias)
    expect((await eventsOf(request.id)).people).toEqual({ [dba]: 'Person 11', [owner]: 'Olga Owner' })
  })

  test('are told without the directory as far as names were recorded', async () => {
    here.directory.down = true
    expect((await eventsOf(request.id)).people).toEqual({ [dba]: 'Person 11' })
  })

  test.each([
    ['name', { [owner]: 'Person 31', [ownerAlias]: 'Person 32' }],
    ['owner', { [dba]: 'Person 11' }],
  ])('have no name at all once the recorded %s was erased', async (name, left) => {
    here.clock.set(onSecond(60))
    const body = { request: request.id, names: [name], why: 'They ask for it.' }
    for (const who of ['Evidence.Erase', secondEraser]) await here.call('erasures', who, { body })
    expect((await eventsOf(request.id)).people).toEqual(left)
  })
})

describe('the cosigned checkpoint of a day', () => {
  const kept = async () => Buffer.from((await here.archive.read(`checkpoints/${first}`)) ?? []).toString()
  const keep = (name: string, lines: string) => here.archive.create(`cosignatures/${first}/${name}`, Buffer.from(lines))
  const seconds = () => Date.parse(here.clock.now()) / 1000
  const line = async (time = seconds()) => witness.line(parseNote(await kept()).text, time)
  const of = (headers: Record<string, string> = {}, who = 'Evidence.Read') =>
    here.call('cosignatures', who, { params: date, headers })
  const id = witness.key.split('+')[1] ?? ''

  beforeEach(() => here.clock.set(`${second}T00:05:00.000Z` as Instant))

  test('is a note with all cosignatures, for readers and for those who export', async () => {
    const [ours, strange] = [await line(), '— stranger.example/w2 AAAAAAA=\n']
    await keep('00000000', strange)
    await keep(id, ours)
    for (const who of ['Evidence.Read', 'Evidence.Export']) {
      const answer = await of({}, who)
      expect(answer).toMatchObject({ status: 200, text: `${await kept()}${ours}${strange}` })
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'content-disposition': `attachment; filename="cosignatures-${first}.txt"`,
        'content-length': String(Buffer.byteLength(answer.text)),
        etag: `"${sha256(answer.text)}"`,
      })
    }
    expect((await of({}, 'approver')).status).toBe(403)
  })

  test('is sent in part, and not again to a client that has it', async () => {
    await keep(id, await line())
    const { text, headers } = await of()
    const tag = headers.get('etag') ?? ''
    expect(await of({ 'if-none-match': tag })).toMatchObject({ status: 304, text: '' })
    expect(await of({ range: 'bytes=10-19' })).toMatchObject({ status: 206, text: text.slice(10, 20) })
  })

  test('is not there before a witness has cosigned, and its reading is no export', async () => {
    const { json } = await of()
    expect(json).toMatchObject({ status: 404, code: 'not-found' })
    expect(json.detail).toContain('without a cosignature')
    await keep(id, await line())
    const events = async () =>
      (await Promise.all(shards.map((shard) => here.ledger.load(shard, {})))).map((loaded) => loaded.head.seq)
    const before = await events()
    await of({}, 'Evidence.Export')
    expect(await events()).toEqual(before)
  })

  test('has no line of a known witness that does not hold, whoever left it there', async () => {
    const [ours, old] = [await line(), await line(0)]
    await keep(id, witness.line('another text\n', seconds()))
    await keep(`${id}.00`, 'words\n')
    await keep(`${id}.01`, '\n\n')
    await keep(`${id}.02`, old)
    await keep(`${id}.03`, ours)
    await keep('00000001', ours)
    await keep('00000002', 'x'.repeat(20_000))
    expect((await of()).text).toBe(`${await kept()}${ours}`)
  })

  test('has room for those of the known witnesses, however many others there are', async () => {
    const ours = await line()
    for (let number = 0; number < 40; number++)
      await keep(`0000${String(number).padStart(4, '0')}`, `— s${number} AAAAAAA=\n`)
    await keep(id, ours)
    const { text } = await of()
    expect(parseNote(text).signatures).toHaveLength(32)
    expect(text).toContain(ours)
  })
})

test('the newest checkpoint is for anyone, to the byte', async () => {
  const answer = await here.call('checkpoint', null)
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(answer.text).toBe(Buffer.from((await here.archive.read(`checkpoints/${first}`)) ?? []).toString())
  expect(open(answer.text)).toMatchObject({ origin, size: leaves.length })
})

test("the API's document has each of these routes, its path parameter, and every status", async () => {
  const { json } = await here.call('openapi', null)
  for (const { path, method, answers } of Object.values<Operation>(evidenceOperations)) {
    const operation = json.paths[`/${path}`][method.toLowerCase()]
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(Object.keys(answers)))
    for (const [status, content] of Object.entries(answers))
      expect(Object.keys(operation.responses[status].content ?? {})).toEqual(Object.keys(content))
    const inPath = operation.parameters.filter((one: { in: string }) => one.in === 'path')
    expect(inPath.map(({ name }: { name: string }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
  }
  expect(Object.keys(json.paths['/api/evidence/erasures'].post.responses)).toContain('409')
})
