import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseOptions } from '../../src/cli/options.ts'
import { failed, type Result } from '../../src/cli/result.ts'
import { verify } from '../../src/cli/verify.ts'
import { type Day, endOf } from '../../src/core/data/day.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import { readWitnessKey, type WitnessKey } from '../../src/core/log/cosignature.ts'
import { parseNote } from '../../src/core/log/note.ts'
import { checkCosigned } from '../../src/verify/cosigned.ts'
import { rewrite, textIn, type Written, zipName, zipOf } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { root } from '../support/root.ts'
import { makeWitness } from '../support/cosigning.ts'
import { dates, type Sealed, sealedDays } from '../verify/days.ts'

/** What verify says of the cosignatures that it is to demand. It runs in this process. */

let days: Sealed
let folder: string
const [one, two] = [makeWitness(), makeWitness('witness.example/w2')]

beforeAll(async () => {
  days = await sealedDays()
})
beforeEach(async () => {
  folder = mkdtempSync(join(days.place.path, 'days-'))
  for (const date of dates) writeFileSync(join(folder, zipName(date)), await days.zip(date))
})
afterAll(() => days.place.clean())

const first = day(4)
const bundle = (date: Day = first) => join(folder, zipName(date))
const nameOf = (date: Day) => `cosignatures-${date}.txt`
const noteOf = async (date: Day) => textIn(await days.members(date), 'checkpoint')
/** Five minutes after the end of a day. */
const timeOf = (date: Day, seconds = 300): Instant => plusSeconds(endOf(date), seconds)
const lineOf = async (date: Day, witness = one, at = timeOf(date)) =>
  witness.line(parseNote(await noteOf(date)).text, Date.parse(at) / 1000)
const put = (date: Day, text: string) => writeFileSync(join(folder, nameOf(date)), text)
const cosign = async (date: Day, ...witnesses: readonly (typeof one)[]) =>
  put(date, `${await noteOf(date)}${(await Promise.all(witnesses.map((each) => lineOf(date, each)))).join('')}`)

const ignored = () => undefined
const screen = { say: ignored, warn: ignored, address: ignored, progress: ignored, show: ignored, record: ignored }

async function run(...args: readonly string[]): Promise<Result & { readonly text: string }> {
  const options = () => parseOptions(['verify', ...args, '--key', days.pem])
  const ended = async () => verify({ options: options(), environment: {}, screen }, __filename)
  const result = await ended().catch(failed)
  return {
    ...result,
    text: result.lines.map(([label, text]) => `${label}: ${JSON.stringify(text)}`.replaceAll('"', '')).join('\n'),
  }
}

const demand = (...witnesses: readonly (typeof one)[]) => witnesses.flatMap(({ key }) => ['--witness', key])

describe('a bundle', () => {
  test('that witnesses cosigned is verified, with who and when', async () => {
    await cosign(first, two, one)
    const { exit, text, record } = await run(bundle(), ...demand(one, two))
    expect({ exit, record }).toMatchObject({
      exit: 0,
      record: {
        ok: true,
        cosigned: [
          { witness: one.name, keyId: one.key.split('+')[1], at: timeOf(first) },
          { witness: two.name, keyId: two.key.split('+')[1], at: timeOf(first) },
        ],
      },
    })
    expect(text).toContain(`cosigned: by ${one.name} at ${timeOf(first)}\ncosigned: by ${two.name} at`)
  })

  test('is verified without them if nobody asks for them', async () => {
    put(first, 'words')
    const { exit, record } = await run(bundle())
    expect({ exit, record }).toMatchObject({ exit: 0, record: { ok: true } })
    expect(record).not.toHaveProperty('cosigned')
  })

  const forged = async (date: Day) => one.line('another text\n', Date.parse(timeOf(date)) / 1000)
  test.each<[string, () => Promise<string | null>, string, RegExp]>([
    ['no file', async () => null, 'not-cosigned', /cosignatures-2026-03-04.txt is not beside the bundle/],
    ['a checkpoint alone', () => noteOf(first), 'not-cosigned', /w1 has not cosigned the checkpoint of 2026-03-04/],
    ['another witness', async () => (await noteOf(first)) + (await lineOf(first, two)), 'not-cosigned', /w1 has not/],
    ['a false line', async () => (await noteOf(first)) + (await forged(first)), 'bad-cosignature', /does not hold/],
    [
      'a true line and a false one',
      async () => (await noteOf(first)) + (await lineOf(first)) + (await forged(first)),
      'bad-cosignature',
      /does not hold/,
    ],
    [
      'another day',
      async () => (await noteOf(day(5))) + (await lineOf(day(5))),
      'bad-cosignature',
      /another checkpoint/,
    ],
    [
      'its own checkpoint, and a cosignature of another',
      async () => (await noteOf(first)) + (await lineOf(day(5))),
      'bad-cosignature',
      /does not hold/,
    ],
    [
      'a time before the day was over',
      async () => (await noteOf(first)) + (await lineOf(first, one, timeOf(first, -601))),
      'bad-cosignature',
      /a time that cannot be/,
    ],
    [
      'a time in the future',
      async () => (await noteOf(first)) + (await lineOf(first, one, '2199-01-01T00:00:00.000Z' as Instant)),
      'bad-cosignature',
      /a time that cannot be/,
    ],
    ['lines without the checkpoint', () => lineOf(first), 'bad-cosignature', /not text, an empty line/],
    ['words', async () => 'Dear auditor\n', 'bad-cosignature', /signed note/],
    ['nothing', async () => '', 'bad-cosignature', /signed note/],
    ['very much', async () => 'x'.repeat(300_000), 'bad-cosignature', /more than 262144 characters/],
  ])('with %s beside it is refused', async (_what, content, code, words) => {
    const text = await content()
    if (text !== null) put(first, text)
    const { exit, to, record, text: said } = await run(bundle(), ...demand(one))
    expect({ exit, to, record }).toMatchObject({
      ...{ exit: 1, to: 'stderr' },
      record: {
        ok: false,
        problem: { code, check: 'checkpoints', member: nameOf(first), message: expect.stringMatching(words) },
      },
    })
    expect(said).toMatch(/^BROKEN: /)
  })

  test('with a file of cosignatures that cannot be read says nothing against it', async () => {
    mkdirSync(join(folder, nameOf(first)))
    expect(await run(bundle(), ...demand(one))).toMatchObject({
      exit: 2,
      text: expect.stringContaining('is not a file'),
    })
  })

  test('that is broken is named first', async () => {
    writeFileSync(bundle(), (await days.zip(first)).subarray(0, 3000))
    expect(await run(bundle(), ...demand(one))).toMatchObject({ exit: 1, record: { problem: { code: 'bad-zip' } } })
  })

  test('that the key’s holder wrote anew holds, and not with the cosignature of the one before', async () => {
    await cosign(first, one)
    const other = (event: Written): Written =>
      event.type === 'requested' ? { ...event, said: { ...Object(event['said']), reason: '0'.repeat(64) } } : event
    const anew = rewrite(await days.members(first), days.key, (events) => events.map(other))
    writeFileSync(bundle(), await zipOf(anew))
    expect(await run(bundle())).toMatchObject({ exit: 0 })
    expect(await run(bundle(), ...demand(one))).toMatchObject({
      exit: 1,
      record: { problem: { code: 'bad-cosignature' } },
    })
    // A note of the new history does not help: the witness has not cosigned it.
    put(first, `${textIn(anew, 'checkpoint')}${await lineOf(first)}`)
    expect(await run(bundle(), ...demand(one))).toMatchObject({
      exit: 1,
      record: { problem: { code: 'bad-cosignature' } },
    })
  })
})

describe('a series', () => {
  beforeEach(async () => {
    for (const date of dates) await cosign(date, one)
  })

  test('that a witness cosigned each day is verified, with the first and the last time', async () => {
    const { exit, text, record } = await run('--chain', folder, ...demand(one))
    expect(exit).toBe(0)
    expect(text).toContain(`cosigned: by ${one.name}, each day, from ${timeOf(first)} to ${timeOf(day(8))}`)
    expect(record['bundles']).toMatchObject(dates.map((date) => ({ cosigned: [{ at: timeOf(date) }] })))
  })

  test('of which one day has no cosignature is refused at that day', async () => {
    rmSync(join(folder, nameOf(day(6))))
    const { exit, record } = await run('--chain', folder, ...demand(one))
    expect({ exit, record }).toMatchObject({
      exit: 1,
      record: { problem: { code: 'not-cosigned', file: zipName(day(6)), member: nameOf(day(6)) } },
    })
  })

  test('needs each of the witnesses, and any key of one that changed it', async () => {
    expect(await run('--chain', folder, ...demand(one, two))).toMatchObject({
      exit: 1,
      record: { problem: { code: 'not-cosigned', file: zipName(first), message: expect.stringContaining(two.name) } },
    })
    const next = makeWitness(one.name)
    for (const date of dates.slice(2)) await cosign(date, next)
    expect(await run('--chain', folder, ...demand(one))).toMatchObject({ exit: 1 })
    expect(await run('--chain', folder, ...demand(one, next))).toMatchObject({ exit: 0 })
  })

  test('that is broken is named first', async () => {
    rmSync(join(folder, zipName(day(6))))
    rmSync(join(folder, nameOf(first)))
    expect(await run('--chain', folder, ...demand(one))).toMatchObject({
      record: { problem: { code: 'broken-series' } },
    })
  })
})

test('an empty log needs no cosignature, since nobody could write it anew', async () => {
  const log = { origin: 'a', to: { size: 0, root: '' } } as never
  const demanded = { keys: [readWitnessKey(one.key) as WitnessKey], now: timeOf(first) }
  expect(await checkCosigned('none.zip', { date: first, sealedAt: timeOf(first), log }, demanded)).toEqual([])
})

test.each([
  ['words', 'on', /is not the key of a witness/],
  ['a file', 'witness.vkey', /is not the key of a witness/],
  ['a key of the log', readFileSync(join(root, 'test/golden/witness/vkey'), 'utf8').trim(), /another type/],
  ['a key that was changed', one.key.replace('w1', 'w9'), /does not fit its own hash/],
])('%s in the place of a key is a mistake of usage', async (_what, key, words) => {
  expect(await run(bundle(), '--witness', key)).toMatchObject({ exit: 78, text: expect.stringMatching(words) })
})
