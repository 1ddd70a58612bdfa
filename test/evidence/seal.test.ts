import { createHash } from 'node:crypto'
import { decode64, encode64 } from '../../src/core/data/base64.ts'
import { openCheckpoint, parseAdd } from '../../src/core/log/checkpoint.ts'
import { shards } from '../../src/core/data/id.ts'
import {
  append,
  checkConsistency,
  checkInclusion,
  emptyFrontier,
  type Frontier,
  hashLeaf,
  rootOf,
} from '../../src/core/log/merkle.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { spkiFromPem, spkiOf, thumbprintOf } from '../../src/core/log/signature.ts'
import { verifySignature } from '../../src/verify/ecdsa.ts'
import { abreast } from '../../src/runtime/concurrency.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { dba } from '../support/build.ts'
import { rotated } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { apart, asks, newSigner, votes } from '../support/world.ts'
import { someOf } from '../support/whole.ts'
import {
  around,
  at,
  comparable,
  day,
  history,
  linesIn,
  logKey,
  manifestIn,
  morning,
  origin,
  type Sealer,
  scratch,
  sealer,
  textIn,
  unzipped,
} from './days.ts'

const { folder: spool, left, clean } = scratch()
afterAll(clean)
afterEach(() => expect(left()).toEqual([]))

const days = [4, 5, 6, 7, 8].map(day)

const sealedHistory = async (): Promise<Sealer> => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  expect(await one.run()).toEqual(days)
  return one
}

const bundlesOf = ({ archive }: Pick<Sealer, 'archive'>) => Promise.all(days.map((date) => unzipped(archive, date)))

const hashesOf = (leaves: readonly string[]) => leaves.map((leaf) => hashLeaf(leaf))
const rootIn = (leaves: readonly string[]) =>
  rootOf(hashesOf(leaves).reduce<Frontier>((frontier, hash) => append(frontier, hash), emptyFrontier))

async function publicKey(signer = logKey()) {
  const [key] = await (await signer).keys()
  if (!key) throw new Error('A signer has a key.')
  return { kid: key.kid, spki: spkiOf(key) }
}

test('every event is in exactly one bundle, in the order of the log', async () => {
  const one = await sealedHistory()
  const leaves = (await bundlesOf(one)).map((members) => linesIn(members, 'records.jsonl'))
  const events = leaves.map((lines) =>
    lines.map((line) => JSON.parse(line) as { shard: string; seq: number; at: string }),
  )
  for (const [place, date] of days.entries()) {
    const order = (events[place] ?? []).map(({ shard, seq }) => `${shard} ${String(seq).padStart(12, '0')}`)
    expect(order).toEqual([...order].sort())
    expect((events[place] ?? []).every((event) => event.at.startsWith(date))).toBe(true)
  }
  const all: string[] = []
  for (const shard of shards)
    for await (const page of one.ledger.stream(shard, 0, 1e9)) all.push(...page.map(({ text }) => text))
  expect(all.length).toBeGreaterThan(15)
  expect(leaves.flat().toSorted()).toEqual(all.toSorted())
})

test('the log only grows, each checkpoint follows from the one before, and the counts are right', async () => {
  const one = await sealedHistory()
  const { spki, kid } = await publicKey()
  const bundles = await bundlesOf(one)
  const leaves: string[] = []
  let before = await one.archive.read('checkpoints/0')
  let manifest: Buffer | undefined
  for (const [place, members] of bundles.entries()) {
    const from = openCheckpoint(textIn(members, 'checkpoint.prev'), [spki], verifySignature)
    const to = openCheckpoint(textIn(members, 'checkpoint'), [spki], verifySignature)
    expect(members.get('checkpoint.prev')).toEqual(before)
    expect(from).toMatchObject({ origin, size: leaves.length, root: Buffer.from(rootIn(leaves)) })
    const records = linesIn(members, 'records.jsonl')
    leaves.push(...records)
    expect(to).toMatchObject({ origin, size: leaves.length, root: Buffer.from(rootIn(leaves)) })
    const { proof, from: old, note } = parseAdd(textIn(members, 'checkpoint.add'))
    expect(note).toBe(textIn(members, 'checkpoint'))
    expect(old).toBe(from.size)
    expect(checkConsistency({ from: old, to: to.size, proof, fromRoot: from.root, toRoot: to.root })).toBe(true)

    const stated = manifestIn(members)
    expect(stated).toMatchObject({ number: place + 1, date: days[place], sealedAt: morning, signedBy: [kid] })
    expect(stated.previousManifest).toBe(manifest && createHash('sha256').update(manifest).digest('hex'))
    expect(stated.counts.records).toBe(records.length)
    const rows = (name: string) => textIn(members, name).split('\r\n').length - 2
    expect(stated.counts.requests).toBe(rows('requests.csv'))
    expect(stated.counts.exceptions).toBe(rows('exceptions.csv'))
    expect(stated.counts.carried).toBe(linesIn(members, 'carried.jsonl').length)
    expect(Object.values(stated.counts.types).reduce((sum, count) => sum + count, 0)).toBe(records.length)
    before = members.get('checkpoint') ?? null
    manifest = members.get('manifest.sigstore.json')
  }
  expect(one.archive.published).toBe(Buffer.from(before ?? []).toString('utf8'))
})

test("a bundle's members are in their order", async () => {
  const one = await sealedHistory()
  const { kid, spki } = await publicKey()
  const members = await unzipped(one.archive, day(4))
  const version = [...members.keys()].find((name) => name.startsWith('policy/'))?.split('/')[1] ?? ''
  expect([...members.keys()]).toEqual([
    ...['README.txt', 'verify.sh', 'verify.py', `keys/${kid}.pem`],
    ...['approvers.json', 'rules.json', 'version.json'].map((name) => `policy/${version}/${name}`),
    `cards/${createHash('sha256').update('{}').digest('hex')}.json`,
    ...['checkpoint.prev', 'checkpoint', 'checkpoint.add', 'records.jsonl', 'carried.jsonl', 'requests.csv'],
    ...['exceptions.csv', 'metrics.csv', 'manifest.sigstore.json'],
  ])
  expect(spkiFromPem(textIn(members, `keys/${kid}.pem`))).toEqual(spki)
  const empty = await unzipped(one.archive, day(6))
  expect([...empty.keys()].filter((name) => /^(policy|cards)\//.test(name))).toEqual(
    [...members.keys()].filter((name) => /^(policy|cards)\//.test(name)),
  )
  expect(linesIn(empty, 'records.jsonl')).toEqual([])
})

test('a change of policy that several shards record has one row in each day', async () => {
  const one = await sealedHistory()
  const [to] = [...(await unzipped(one.archive, day(4))).keys()].filter((name) => name.startsWith('policy/'))
  for (const [number, shards] of [
    [4, 4],
    [5, 1],
    [6, 0],
  ] as const) {
    const members = await unzipped(one.archive, day(number))
    expect(manifestIn(members).counts.types['policy-changed'] ?? 0).toBe(shards)
    const rows = textIn(members, 'exceptions.csv')
      .split('\r\n')
      .filter((row) => row.includes(',policy-changed,'))
    expect(rows.map((row) => row.split(',').at(-1))).toEqual(shards === 0 ? [] : [`sha256:${to?.split('/')[1]}`])
  }
})

test('a request that goes on carries its earlier events, each with its proof', async () => {
  const one = await sealedHistory()
  const [first, second] = await bundlesOf(one)
  if (!first || !second) throw new Error('There are two bundles.')
  const before = manifestIn(second).log.from
  const root = decode64(before.root) ?? new Uint8Array()
  const carried = linesIn(second, 'carried.jsonl').map(
    (line) => JSON.parse(line) as { index: number; leaf: string; proof: string[] },
  )
  expect(carried.length).toBeGreaterThanOrEqual(3)
  for (const { index, leaf, proof: texts } of carried) {
    expect(linesIn(first, 'records.jsonl')[index]).toBe(leaf)
    const proof = texts.map((text) => decode64(text) ?? new Uint8Array())
    expect(checkInclusion({ index, size: before.size, leaf: hashLeaf(leaf), proof, root })).toBe(true)
  }
  const states = textIn(second, 'requests.csv')
    .split('\r\n')
    .slice(1, -1)
    .map((row) => row.split(',')[1])
  expect(states.map(String).sort()).toEqual(['expired', 'expired', 'expired', 'lapsed'])
})

test('a run seals the days that have ended, and no others', async () => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  one.clock.set(at(5, '23:59:59.999'))
  expect(await one.run()).toEqual([day(4)])
  expect(await one.run()).toEqual([])
  one.clock.set(at(6, '00:00:00'))
  expect(await one.run()).toEqual([day(5)])
  one.clock.set(morning)
  expect(await one.run()).toEqual([6, 7, 8].map(day))
  expect(one.failures).toEqual([])
})

test('before the first day has ended there is nothing to seal or publish', async () => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  one.clock.set(at(4, '23:00:00'))
  expect(await one.run()).toEqual([])
  expect(one.archive.published).toBeNull()
})

test('a process seals once at a time', async () => {
  const { ledger } = await history()
  const { parts, archive } = await sealer({ ledger, spool })
  const sealed = new Sealing(parts)
  const runs = [sealed.run(), sealed.run()]
  expect(runs[0]).toBe(runs[1])
  expect(await Promise.all(runs)).toEqual([days, days])
  expect(await sealed.run()).toEqual([])
  expect(await archive.find(`bundles/${day(8)}.zip`)).not.toBeNull()
})

test('after a crash before or after any call the next run makes the same bytes', async () => {
  const { ledger } = await history()
  const two = days.slice(0, 2)
  const fresh = async () => {
    const one = await sealer({ ledger, spool })
    one.clock.set(at(6, '00:05:00'))
    return one
  }
  const whole = await fresh()
  const calls: string[] = []
  const counting = around(whole.parts, (name, call) => {
    calls.push(name)
    return call()
  })
  expect(await new Sealing(counting).run()).toEqual(two)
  const wanted = await comparable(whole.archive, two)

  // After a call that only reads is before the next one.
  const reads = /\.(head|first|plan|cut|stream|find|events|keys|sign|read|list)$/
  const crashes = calls.flatMap((name, place) => [{ place }, ...(reads.test(name) ? [] : [{ place, isDone: true }])])
  expect(crashes.length).toBeGreaterThan(200)
  const tried = someOf(crashes, ({ place, isDone }) => `${calls[place]} ${isDone}`, 2)
  await abreast(4, tried, async ({ place, isDone = false }) => {
    const one = await fresh()
    let count = 0
    const crashing = around(one.parts, async (_name, call) => {
      const now = count++
      if (now < place) return call()
      if (now === place && isDone) await call()
      throw new Problem('unavailable', 'The process ends here.')
    })
    await expect(new Sealing(crashing).run()).rejects.toThrow(Problem)
    await one.run()
    expect(await comparable(one.archive, two)).toEqual(wanted)
    expect(await one.seals.announcements(morning, morning)).toEqual(two)
    expect(one.archive.published).toBe(Buffer.from((await one.archive.read(`checkpoints/${two[1]}`)) ?? []).toString())
    expect(one.failures).toEqual([])
  })
})

test('two processes that seal at once make the same days, each once', async () => {
  const { ledger } = await history()
  const wanted = await comparable((await sealedTwin(ledger)).archive, days)
  const seals = new MemorySeals(day(4))
  const archive = new MemoryArchive()
  const slowly = async <T>(_name: string, call: () => Promise<T>): Promise<T> => {
    for (let turns = Math.floor(Math.random() * 3); turns > 0; turns--) await new Promise(setImmediate)
    return call()
  }
  const two = await Promise.all([1, 2].map(() => sealer({ ledger, spool, seals, archive })))
  const written: string[] = []
  const runs = await Promise.all(
    two.map(({ parts }) =>
      new Sealing({
        ...around(parts, async (name, call, [file]) => {
          const result = await slowly(name, call)
          if (name === 'archive.write' && !String(file).startsWith('chunks/')) written.push(JSON.stringify(result))
          return result
        }),
        ledger: apart(ledger),
      }).run(),
    ),
  )
  // Both made the same of a day: then both may say that they sealed it.
  expect([...new Set(runs.flat())].toSorted()).toEqual(days)
  expect(await seals.announcements(morning, morning)).toHaveLength(days.length)
  // A bundle, and two tables beside it.
  expect(new Set(written).size).toBe(3 * days.length)
  expect(await comparable(archive, days)).toEqual(wanted)
  expect(two.flatMap(({ failures }) => failures)).toEqual([])
})

const sealedTwin = async (ledger: Sealer['ledger']): Promise<Sealer> => {
  const one = await sealer({ ledger, spool })
  await one.run()
  return one
}

describe('a new key', () => {
  test('is recorded once, signs together with the old one on that day, and alone after it', async () => {
    const world = await history()
    const { ledger } = world
    const oldKey = await publicKey()
    const one = await sealer({ ledger, spool })
    await one.run()
    const newest = await newSigner()
    const newKey = await publicKey(Promise.resolve(newest))
    const next = { ...one, ledger, spool, signer: rotated(newest, await logKey()) }
    const turned = await sealer(next)
    await Promise.all([turned.run(), (await sealer(next)).run()])
    await turned.run()

    for (const number of [9, 10]) {
      one.clock.set(at(number, '12:00:00'))
      world.clock.set(at(number, '12:00:00'))
      await world.approvals.ask(asks())
      one.clock.set(at(number + 1, '00:05:00'))
      expect(await turned.run()).toEqual([day(number)])
    }
    const [ninth, tenth] = await Promise.all([unzipped(one.archive, day(9)), unzipped(one.archive, day(10))])
    const events = linesIn(ninth, 'records.jsonl').map((line) => JSON.parse(line) as { type: string; data: unknown })
    const { log, counts, signedBy } = manifestIn(ninth)
    expect(events.filter(({ type }) => type === 'key-rotated').map(({ data }) => data)).toEqual([
      { key: encode64(newKey.spki), size: log.from.size },
    ])
    expect(counts.types['key-rotated']).toBe(1)
    expect(signedBy).toEqual([oldKey.kid, newKey.kid])
    for (const { spki } of [oldKey, newKey])
      expect(openCheckpoint(textIn(ninth, 'checkpoint'), [spki], verifySignature).size).toBe(log.to.size)
    const pems = [...ninth.keys()].filter((name) => name.startsWith('keys/'))
    expect(pems).toEqual([oldKey, newKey].map(({ kid }) => `keys/${kid}.pem`).toSorted())
    expect(manifestIn(tenth).signedBy).toEqual([newKey.kid])
    expect(openCheckpoint(textIn(tenth, 'checkpoint'), [newKey.spki], verifySignature).signedBy).toHaveLength(1)
    expect(thumbprintOf(newKey.spki)).toBe(newKey.kid)
    expect(turned.failures).toEqual([])
  })

  test('is recorded neither before the first seal nor while a day waits to be sealed', async () => {
    const { ledger } = await history()
    const signer = rotated(await newSigner(), await logKey())
    const one = await sealer({ ledger, spool, signer })
    one.clock.set(at(4, '23:00:00'))
    await one.run()
    expect((await ledger.load(shards[0]!, {})).head.logKey).toBeNull()
  })
})

test('a passing fault is thrown without an alarm, and sealed days stay sealed', async () => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  const failing = around(one.parts, async (name, call, [file]) => {
    if (name === 'archive.createOrRead' && file === `checkpoints/${day(6)}`)
      throw new Problem('unavailable', 'Not now.')
    return call()
  })
  await expect(new Sealing(failing).run()).rejects.toMatchObject({ code: 'unavailable' })
  expect(await one.seals.alarm()).toBeNull()
  expect((await one.seals.head()).head?.date).toBe(day(5))
  expect(await one.run()).toEqual(days.slice(2))
})

test('a day is sealed after its end, also by a clock that is set back meanwhile', async () => {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  one.clock.set(at(5, '00:00:01'))
  const setBack = around(one.parts, async (name, call) => {
    if (name === 'ledger.cut') one.clock.set(at(4, '23:59:56'))
    return call()
  })
  expect(await new Sealing(setBack).run()).toEqual([day(4)])
  expect(manifestIn(await unzipped(one.archive, day(4)))).toMatchObject({ sealedAt: at(5, '00:00:00') })
  expect(one.failures).toEqual([])
})

test('a commit while a day is sealed belongs to the next day', async () => {
  const world = await history()
  const one = await sealer({ ledger: world.ledger, spool })
  world.clock.set(at(9, '00:02:00'))
  let asked = 0
  const busy = around(one.parts, async (name, call) => {
    if (name.startsWith('ledger.') && asked < 4) {
      asked += 1
      const { request } = await world.approvals.ask(asks())
      // A clock that is behind: its events get the time to which the shard was fenced.
      world.clock.set(at(8, '23:59:58'))
      await world.approvals.decide(request.id, votes(request, dba))
    }
    return call()
  })
  await new Sealing(busy).run()
  one.clock.set(at(10, '00:05:00'))
  await one.run()
  const ninth = linesIn(await unzipped(one.archive, day(9)), 'records.jsonl')
  const eighth = linesIn(await unzipped(one.archive, day(8)), 'records.jsonl')
  expect(ninth.length).toBeGreaterThan(0)
  expect(ninth.every((leaf) => leaf.includes('"at":"2026-03-09'))).toBe(true)
  expect(eighth.every((leaf) => leaf.includes('"at":"2026-03-08'))).toBe(true)
  expect(one.failures).toEqual([])
})
