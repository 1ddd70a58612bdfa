import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeFinding, exitOfFinding } from '../../src/verdict/finding.ts'
import { parseOptions } from '../../src/cli/options.ts'
import { prove } from '../../src/cli/proof/prove.ts'
import { report } from '../../src/cli/report.ts'
import { failed, type Result } from '../../src/cli/result.ts'
import type { Offline } from '../../src/cli/session.ts'
import { verify } from '../../src/cli/verify.ts'
import { textIn, zipName } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { dates, type Sealed, sealedDays } from '../verify/days.ts'

/** What verify, report and prove say of evidence of which something is missing. They run in this process. */

let days: Sealed
let file: string
let folder: string
let empty: string

beforeAll(async () => {
  days = await sealedDays()
  file = await days.file(day(4))
  folder = mkdtempSync(join(days.place.path, 'days-'))
  for (const date of dates.slice(1)) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  empty = days.place.write('empty.jsonl', '')
})
afterAll(() => days.place.clean())

const ignored = () => undefined
const screen = { say: ignored, warn: ignored, address: ignored, progress: ignored, show: ignored, record: ignored }
const commands = { verify, report, prove }

async function run(
  command: keyof typeof commands,
  ...args: readonly string[]
): Promise<Result & { readonly text: string }> {
  const ended = async () => {
    const offline: Offline = { options: parseOptions([command, ...args, '--key', days.pem]), environment: {}, screen }
    return commands[command](offline, __filename)
  }
  const result = await ended().catch(failed)
  const words = result.lines.map(
    ([label, text]) => `${label}: ${typeof text === 'string' ? text : JSON.stringify(text)}`,
  )
  return { ...result, text: words.join('\n') }
}

describe('with an empty said file', () => {
  test('verify cannot tell why texts are missing', async () => {
    const { exit, text, to, record } = await run('verify', file, '--said', empty)
    expect({ exit, to, record }).toMatchObject({
      ...{ exit: 2, to: 'stderr' },
      record: {
        ...{ exit: 2, ok: false, said: { given: 0, erased: 0, unexplained: 13 } },
        problem: { code: 'unexplained', check: 'said' },
      },
    })
    expect(text).toMatch(
      /^CANNOT TELL: 13 texts are missing, the first “owner” of record 1, .* --chain, or .* --allow-unexplained/,
    )
    expect(text).not.toContain('VERIFIED')
  })

  test('verify --allow-unexplained counts them, and does not say VERIFIED', async () => {
    const { exit, text, record } = await run('verify', file, '--said', empty, '--allow-unexplained')
    expect({ exit, record }).toMatchObject({ exit: 0, record: { ok: true, said: { unexplained: 13 } } })
    expect(text).toMatch(/^HOLDS, WITH TEXTS MISSING THAT NOTHING EXPLAINS: /)
    expect(text).not.toContain('VERIFIED')
  })

  test.each([
    [[], 2],
    [['--allow-unexplained'], 0],
  ])('report %j lists them, and has exit code %d', async (more, exit) => {
    const out = join(days.place.path, `report${exit}.html`)
    const reported = await run('report', file, '--said', empty, '--out', out, ...more)
    expect(reported).toMatchObject({ exit, record: { ok: exit === 0, said: { unexplained: 13 } } })
    const html = readFileSync(out, 'utf8')
    expect(html).toContain('<p class="odd">13 texts are missing')
    expect(html).toContain('reason of record 1: missing, and no record up to this day says that it was erased')
  })

  test('prove discloses nothing, unless that is allowed', async () => {
    const rows = textIn(await days.members(day(4)), 'requests.csv').split('\r\n')
    const [id = ''] = rows.find((row) => row.includes('succeeded'))?.split(',') ?? []
    const out = join(days.place.path, 'proofs')
    const args = [file, id, '--said', empty, '--names', 'reason', '--out', out]
    const refused = await run('prove', ...args)
    expect(refused).toMatchObject({ exit: 2, record: { ok: false, problem: { code: 'unexplained' } } })
    expect(refused.text).toContain('Give the said file of each day')
    const proved = await run('prove', ...args, '--allow-unexplained')
    expect(proved).toMatchObject({ exit: 0, record: { texts: [], missing: [{ index: 1, name: 'reason' }] } })
    expect(proved.text).toContain('not disclosed: reason of log index 1: missing, and no record explains it')
  })
})

test.each(['newer-format', 'cannot-judge', 'unexplained'] as const)(
  '%s is not called broken, and is no pass',
  (code) => {
    expect(exitOfFinding({ code })).toBe(2)
    expect(describeFinding({ code, words: 'why' })[0]?.[0]).not.toBe('BROKEN')
  },
)

test('verify --chain says where the series begins and ends', async () => {
  const { exit, text, record } = await run('verify', '--chain', folder, '--through', '2026-03-08')
  expect({ exit, record }).toMatchObject({
    exit: 0,
    record: { begins: { number: 2, date: '2026-03-05', isFirst: false }, ends: { number: 5, date: '2026-03-08' } },
  })
  expect(text).toContain('begins: with bundle 2 of 2026-03-05; bundles before it are not here: 1 to 1')
  const late = await run('verify', '--chain', folder, '--from', '2026-03-04')
  expect(late).toMatchObject({ exit: 1, record: { ok: false, problem: { code: 'late-start', file: zipName(day(5)) } } })
  expect(late.text).toContain(
    'The series begins with bundle 2 of 2026-03-05, and has to begin with 2026-03-04 at the latest.',
  )
})

test('verify --checkpoint compares kept checkpoints with one bundle', async () => {
  const note = textIn(await days.members(day(4)), 'checkpoint')
  const kept = days.place.write('kept.txt', `4 March is sealed.\n\n${note}`)
  const held = await run('verify', file, '--checkpoint', kept)
  expect(held.exit).toBe(0)
  expect(held.text).toContain('kept: 1 checkpoint, as the log has it here')
  const [origin, size] = note.split('\n')
  const other = days.place.write('other.txt', `${origin}\n${size}\n${'A'.repeat(43)}=\n`)
  const refused = await run('verify', file, '--checkpoint', other)
  expect(refused).toMatchObject({ exit: 1, record: { ok: false, problem: { code: 'another-history' } } })
})

test.each<[string, number, () => readonly string[]]>([
  ['a first day for one bundle', 78, () => [file, '--from', '2026-03-04']],
  ['a last day that does not exist', 78, () => ['--chain', '.', '--through', '2026-02-30']],
  ['days in another order', 78, () => ['--chain', '.', '--from', '2026-03-05', '--through', '2026-03-04']],
  ['a first bundle that nothing can be', 78, () => ['--chain', '.', '--first', '0']],
  ['a file that has no checkpoint', 2, () => [file, '--checkpoint', empty]],
  ['a checkpoint that is not there', 2, () => [file, '--checkpoint', 'none.txt']],
])('verify refuses %s: exit %d', async (_what, exit, args) => {
  expect((await run('verify', ...args())).exit).toBe(exit)
})
