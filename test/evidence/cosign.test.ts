import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { append, emptyFrontier, type Frontier, hashLeaf, rootOf } from '../../src/core/log/merkle.ts'
import { cosign } from '../../src/evidence/seal/cosign.ts'
import { cosigningState } from '../../src/evidence/seal/cosigningState.ts'
import type { Cosigner } from '../../src/ports/cosigner.ts'
import { faultOf } from '../../src/runtime/log.ts'
import type { WitnessDouble, WitnessFault } from '../support/witnessDouble.ts'
import { clientOf, copyOf, cosigningParts, witnessOf } from './cosigning.ts'
import {
  around,
  at,
  day,
  history,
  linesIn,
  morning,
  origin,
  scratch,
  type Sealer,
  sealer,
  textIn,
  unzipped,
} from './days.ts'

const { folder: spool, clean } = scratch()
const shelf = scratch()
const days = [4, 5].map(day)
let one: Sealer
let witness: WitnessDouble
let cosigner: Cosigner

let sealed: Sealer

beforeAll(async () => {
  sealed = await sealer({ ledger: (await history()).ledger, spool })
  sealed.clock.set(at(6, '00:05:00'))
  await sealed.run()
})
beforeEach(async () => {
  one = await copyOf(sealed)
  witness = await witnessOf(one)
  cosigner = clientOf(witness)
})
afterEach(() => witness.close())
afterAll(() => {
  clean()
  shelf.clean()
})

const run = (cosigners: readonly Cosigner[] = [cosigner]) => cosign(cosigningParts(one, cosigners))
const state = (cosigners: readonly Cosigner[] = [cosigner]) => cosigningState(cosigningParts(one, cosigners))
const id = (of: WitnessDouble = witness) => of.key.split('+')[1] ?? ''
const pathOf = (number: number, of?: WitnessDouble) => `cosignatures/${day(number)}/${id(of)}`
const fileOf = async (name: string) => Buffer.from((await one.archive.read(name)) ?? []).toString()
const kept = async () => (await one.archive.list('cosignatures/')).map(({ name }) => name)
const noteOf = (number: number) => fileOf(`checkpoints/${day(number)}`)
const sizeOf = async (number: number) => Number((await noteOf(number)).split('\n')[1])
const logged = () => one.failures.map((cause) => faultOf(cause).error)
/** The first lines of what the witness was sent: the sizes from which it was asked. */
const asked = () => witness.received.map(({ body }) => body.split('\n')[0])

/** The log's leaves as the bundles have them. */
async function rootAt(size: number): Promise<Buffer> {
  const leaves: string[] = []
  for (const date of days) leaves.push(...linesIn(await unzipped(one.archive, date), 'records.jsonl'))
  const frontier = leaves.slice(0, size).reduce<Frontier>((log, leaf) => append(log, hashLeaf(leaf)), emptyFrontier)
  return Buffer.from(rootOf(frontier))
}

/** Asks python and openssl, which have no code of ours, for the time of a cosignature that holds; a complaint otherwise. */
function checkedElsewhere(note: string, key: string): string {
  const file = join(shelf.folder, `${sha256(note)}.txt`)
  writeFileSync(file, note)
  const { stdout, stderr } = spawnSync('python3', [join(__dirname, 'check_cosignature.py'), file, key], {
    encoding: 'utf8',
  })
  return stdout.trim() || stderr
}

test('each sealed day is cosigned once, by exactly the bytes of its checkpoint.add, and kept beside the bundle', async () => {
  expect(await run()).toEqual([pathOf(4), pathOf(5)])
  const adds = await Promise.all(days.map(async (date) => textIn(await unzipped(one.archive, date), 'checkpoint.add')))
  expect(witness.received.map(({ body }) => body)).toEqual(adds)
  const second = Date.parse(one.clock.now()) / 1000
  for (const number of [4, 5]) {
    const note = await noteOf(number)
    const lines = await fileOf(pathOf(number))
    expect(lines).toBe(witness.sign(note, second))
    expect(checkedElsewhere(`${note}${lines}`, witness.key)).toBe(`cosigned at ${second}`)
  }
  expect(await run()).toEqual([])
  expect(witness.received).toHaveLength(2)
  expect(one.failures).toEqual([])
  expect(await state()).toEqual({ state: 'ok', uncosigned: [] })
})

test('the cosignature of another witness program is checked elsewhere with the same result', () => {
  const golden = (name: string) => readFileSync(join(__dirname, '../golden/witness', name), 'utf8')
  expect(checkedElsewhere(golden('cosigned'), golden('witness.vkey').trim())).toBe('cosigned at 1795899942')
  expect(checkedElsewhere(golden('cosigned').replace('27', '28'), golden('witness.vkey').trim())).toContain(
    'does not hold',
  )
})

test('without a witness nothing is asked, and health says so', async () => {
  expect(await run([])).toEqual([])
  expect(await state([])).toEqual({ state: 'off', uncosigned: [] })
})

test('before the first seal nothing is asked; an empty log has nothing to cosign', async () => {
  one = await sealer({ ledger: one.ledger, spool, clock: one.clock })
  expect(await run()).toEqual([])
  expect(await state()).toEqual({ state: 'ok', uncosigned: [] })
})

const text = (status: number, body = '', type = 'text/plain'): WitnessFault => ({
  ...{ status, body, headers: { 'content-type': type } },
})
/** A line of the witness that is of another text. */
const forged = () => witness.sign('another text\n\n')

/** Changes the lines of its next answer that has some. */
const answered = (change: (lines: string) => string): WitnessFault => {
  const changing: WitnessFault = (own) => {
    if (typeof own === 'object' && own.status === 200) return { ...own, body: change(String(own.body)) }
    witness.fault(changing)
    return own
  }
  return changing
}

describe('a witness that does not cosign holds up its days and nothing else, and is asked again', () => {
  test.each<[string, WitnessFault, string]>([
    ['that it does not know the log', text(404), 'unknown-log'],
    ['that it does not trust the key', text(403), 'unknown-key'],
    ['that the body is malformed', text(400), 'malformed'],
    ['that the proof does not hold', text(422), 'fork'],
    ['that it is busy', text(429), 'throttled'],
    ['that it has a fault', text(500), 'no-answer'],
    ['that it is down', text(503), 'no-answer'],
    ['another address', { status: 307, headers: { location: 'http://169.254.169.254/' } }, 'unexpected'],
    ['that it is a teapot', text(418), 'unexpected'],
    ['nothing', 'reset', 'no-answer'],
    ['a conflict without a size', text(409, 'conflict\n'), 'unexpected'],
    ['a conflict with a size of another type', text(409, '3\n'), 'unexpected'],
    ['a conflict with no number', text(409, 'three\n', 'text/x.tlog.size'), 'unexpected'],
    ['a conflict with the size it was asked with', text(409, '0\n', 'text/x.tlog.size'), 'unexpected'],
    ['a longer log than there is', text(409, '9007199254740991\n', 'text/x.tlog.size'), 'stale-size'],
    ['a page', text(200, '<!doctype html>', 'text/html'), 'bad-cosignature'],
    ['no lines', text(200, ''), 'bad-cosignature'],
    ['lines without end', text(200, '— a AAAAAAA=\n'.repeat(5000)), 'unexpected'],
    ['the line of a stranger', answered((line) => line.replace('w1', 'w2')), 'bad-cosignature'],
    ['a line that does not hold', answered(() => forged()), 'bad-cosignature'],
    ['its line and a false one', answered((line) => line + forged()), 'bad-cosignature'],
  ])('after %s', async (_what, fault, code) => {
    witness.fault(fault)
    expect(await run()).toEqual([])
    const since = one.clock.now()
    const found = { witness: 'witness.example/w1', fault: code, date: day(4), since }
    const refused = ['fork', 'stale-size'].includes(code) ? 'refused' : 'failing'
    expect(await state()).toEqual({ state: refused, uncosigned: [found] })
    // Later days are not asked for, so that days stay in order.
    expect(witness.received).toHaveLength(1)

    one.clock.set(plusSeconds(since, 300))
    witness.fault(fault)
    expect(await run()).toEqual([])
    expect(await state()).toMatchObject({ uncosigned: [{ fault: code, since }] })
    expect(logged()).toEqual([`CheckpointNotCosigned ${code}-${day(4)}-${id()}`])
    expect(await kept()).toEqual([])

    expect(await run()).toEqual([pathOf(4), pathOf(5)])
    expect(await state()).toEqual({ state: 'ok', uncosigned: [] })
    expect(logged()).toHaveLength(1)
  })

  test('in time', async () => {
    witness.fault('hang')
    expect(await run([clientOf(witness, 50)])).toEqual([])
    expect(logged()).toEqual([`CheckpointNotCosigned no-answer-${day(4)}-${id()}`])
  })

  test('a time in the future, or before the day was over', async () => {
    for (const time of [Date.parse(one.clock.now()) / 1000 + 601, Date.parse(at(4, '23:00:00')) / 1000]) {
      witness.fault({ status: 200, body: witness.sign(await noteOf(4), time) })
      expect(await run()).toEqual([])
    }
    expect(logged()).toEqual([`CheckpointNotCosigned bad-cosignature-${day(4)}-${id()}`])
  })

  test('while the seal goes on', async () => {
    await witness.close()
    expect(await run()).toEqual([])
    one.clock.set(morning)
    expect(await one.run()).toEqual([6, 7, 8].map(day))
    expect(await one.seals.alarm()).toBeNull()
  })
})

test('a fault of a later day is reported by that day, once the earlier one is cosigned', async () => {
  witness.fault((own) => own, text(503))
  expect(await run()).toEqual([pathOf(4)])
  expect(await state()).toMatchObject({ state: 'failing', uncosigned: [{ fault: 'no-answer', date: day(5) }] })
  expect(logged()).toEqual([`CheckpointNotCosigned no-answer-${day(5)}-${id()}`])
})

describe('a witness that has another size', () => {
  test('is asked with a proof from there, whichever it is', async () => {
    const to = await sizeOf(4)
    expect(to).toBeGreaterThan(4)
    for (let size = 1; size <= to; size++) {
      witness.believe(origin, { size, root: await rootAt(size) })
      const state = await one.seals.cosigning(id())
      await one.seals.keepCosigning(id(), { through: null })
      await run()
      expect({ size, state: await one.seals.cosigning(id()) }).toEqual({ size, state: { through: day(5) } })
      expect(state?.fault).toBeUndefined()
    }
    expect(asked().slice(0, 3)).toEqual(['old 0', 'old 1', `old ${to}`])
    expect(one.failures).toEqual([])
  })

  test('of a log that forked is named, also if it has as many events', async () => {
    const other = Buffer.alloc(32, 1)
    for (const size of [2, await sizeOf(4)]) {
      witness.believe(origin, { size, root: other })
      await one.seals.keepCosigning(id(), { through: null })
      expect(await run()).toEqual([])
      expect(await state()).toMatchObject({ state: 'refused', uncosigned: [{ fault: 'fork', date: day(4) }] })
    }
    expect(new Set(logged())).toEqual(new Set([`CheckpointNotCosigned fork-${day(4)}-${id()}`]))
    expect(await kept()).toEqual([])
  })

  test('that changes with each question is asked three times, and then with the next run', async () => {
    const size = (of: number) => text(409, `${of}\n`, 'text/x.tlog.size')
    witness.fault(size(1), size(2), size(3))
    expect(await run()).toEqual([])
    expect(asked()).toEqual(['old 0', 'old 1', 'old 2'])
    expect(logged()).toEqual([`CheckpointNotCosigned stale-size-${day(4)}-${id()}`])
  })

  test('of a later day cosigns that day; earlier ones stay without, and no alarm is raised', async () => {
    await run()
    await one.seals.keepCosigning(id(), { through: null })
    one.clock.set(at(8, '00:05:00'))
    await one.run()
    expect(await run()).toEqual([pathOf(5), pathOf(6), pathOf(7)])
    expect(await state()).toEqual({ state: 'ok', uncosigned: [] })
    expect(one.failures).toEqual([])
  })
})

test('a witness that has cosigned, and whose answer was lost, cosigns the same day again', async () => {
  witness.fault(() => 'reset')
  expect(await run()).toEqual([])
  expect(witness.cosigned.get(origin)?.size).toBe(await sizeOf(4))
  expect(await run()).toEqual([pathOf(4), pathOf(5)])
  const size = await sizeOf(4)
  expect(asked()).toEqual(['old 0', 'old 0', `old ${size}`, `old ${size}`])
  expect(witness.received[2]?.body).toBe(`old ${size}\n\n${await noteOf(4)}`)
})

test('a process that ends before or after any call leaves days that the next one finishes, each with one file', async () => {
  const ended = new Set<string>()
  for (let isWhole = false; !isWhole; ) {
    isWhole = true
    let isOver = false
    const over = () => {
      isOver = true
      isWhole = false
      return new Problem('unavailable', 'The process ends here.')
    }
    const first = (end: string, call: string) => !ended.has(`${end} ${call}`) && ended.add(`${end} ${call}`)
    const wrapped = around(one.parts, async (name, call, args) => {
      const words = [name, ...args.filter((arg) => typeof arg === 'string' && arg.length < 100)].join(' ')
      if (isOver || first('before', words)) throw over()
      const answer = await call()
      if (first('after', words)) throw over()
      return answer
    })
    const add: Cosigner['add'] = async (body) => {
      const size = body.split('\n')[0] ?? ''
      if (isOver || first('before', `add ${size}`)) throw over()
      const answer = await cosigner.add(body)
      if (first('after', `add ${size}`)) throw over()
      return answer
    }
    one.clock.set(plusSeconds(one.clock.now(), 1))
    await cosign({ ...cosigningParts({ parts: wrapped }, [{ ...cosigner, add }]), failed: () => undefined })
  }
  expect(ended.size).toBeGreaterThan(20)
  expect(await kept()).toEqual([pathOf(4), pathOf(5)])
  for (const number of [4, 5])
    expect(checkedElsewhere(`${await noteOf(number)}${await fileOf(pathOf(number))}`, witness.key)).toMatch(
      /^cosigned at/,
    )
  expect(await one.seals.cosigning(id())).toEqual({ through: day(5) })
})

test('two processes at once keep one file for each day', async () => {
  await Promise.all([run(), run()])
  expect(await kept()).toEqual([pathOf(4), pathOf(5)])
  await run()
  expect(await state()).toEqual({ state: 'ok', uncosigned: [] })
})

test('of two witnesses, one that is down does not keep the other from cosigning', async () => {
  const second = await witnessOf(one, 'witness.example/w2')
  try {
    await witness.close()
    const both = [cosigner, clientOf(second)]
    expect(await run(both)).toEqual([pathOf(4, second), pathOf(5, second)])
    expect(await state(both)).toMatchObject({ state: 'failing', uncosigned: [{ witness: 'witness.example/w1' }] })
  } finally {
    await second.close()
  }
})

test('a witness that changes its key cosigns with either', async () => {
  const [next] = cosigner.keys
  const old = clientOf(await witnessOf(one).then(async (other) => (await other.close(), other)))
  const both: Cosigner = { ...cosigner, keys: [old.keys[0], next] }
  expect(await run([both])).toEqual([pathOf(4), pathOf(5)])
})

test('a file of that name that no witness signed is reported, and the cosignature is kept beside it', async () => {
  await one.archive.create(pathOf(4), Buffer.from('— witness.example/w1 AAAAAAA=\n'))
  const [beside = ''] = await run()
  expect(beside).toMatch(new RegExp(`^${pathOf(4)}\\.[0-9a-f]{16}$`))
  expect(checkedElsewhere(`${await noteOf(4)}${await fileOf(beside)}`, witness.key)).toMatch(/^cosigned at/)
  expect(one.failures).toMatchObject([{ details: { broken: { shard: 'cosignatures', row: pathOf(4), check: 'mac' } } }])
})

test('the cosignature of another process counts, though it is of another second', async () => {
  const earlier = witness.sign(await noteOf(4), Date.parse(one.clock.now()) / 1000 - 60)
  await one.archive.create(pathOf(4), Buffer.from(earlier))
  expect(await run()).toEqual([pathOf(4), pathOf(5)])
  expect(await fileOf(pathOf(4))).toBe(earlier)
  expect(one.failures).toEqual([])
})

test('an archive that is away is reported, and a row that was changed tells nothing', async () => {
  const gone = new Problem('unavailable', 'The archive is away.')
  const away = { ...one.parts.archive, read: () => Promise.reject(gone) } as typeof one.parts.archive
  expect(await cosign({ ...cosigningParts(one, [cosigner]), archive: away })).toEqual([])
  expect(one.failures).toEqual([gone])
  const broken = new Problem('evidence-broken', 'The row was changed.')
  const seals = new Proxy(one.seals, {
    get: (target, name) =>
      name === 'cosigning' ? () => Promise.reject(broken) : Reflect.get(target, name).bind(target),
  })
  expect(await cosign({ ...cosigningParts(one, [cosigner]), seals })).toEqual([pathOf(4), pathOf(5)])
  expect(one.failures).toEqual([gone, broken])
  expect(await cosigningState({ ...cosigningParts(one, [cosigner]), seals })).toEqual({
    state: 'failing',
    uncosigned: [{ witness: 'witness.example/w1', fault: 'unknown' }],
  })
})

test('a day that no run has had cosigned two hours after its end is late', async () => {
  expect(await state()).toMatchObject({ state: 'ok' })
  one.clock.set(at(6, '02:00:01'))
  expect(await state()).toEqual({ state: 'failing', uncosigned: [{ witness: 'witness.example/w1', fault: 'late' }] })
})
