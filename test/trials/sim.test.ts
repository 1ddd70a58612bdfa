import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bug, bugs, quickBugs } from '../../trials/sim/bugs.ts'
import { simulate } from '../../trials/sim/simulation.ts'
import { inWhole, isWhole } from '../support/whole.ts'

/** A sample, chosen for the time that it takes. `npm run trial -- sim` does more, with another seed each time. */
const count = isWhole ? 250 : 100
const runs = ['--runs', String(count)]
const seed = 20_260_305

/** Milliseconds; only a trial that hangs needs as many. */
const patience = 900_000

const root = join(import.meta.dirname, '../..')

// A program of its own takes half the time.
test(
  'after crashes, races, lost and doubled answers, and edits by an insider, every invariant holds',
  async () => {
    const { code, output } = await simulation('--seed', String(seed), ...runs)
    if (code !== 0) throw new Error(output)
    expect(output).toContain(`${count} runs in`)
    for (const what of [
      'crash-after',
      'lost',
      'conflict',
      'succeeded',
      'redeemed beside an insider',
      'evidence-broken',
    ])
      expect(output).toMatch(new RegExp(`${what} [1-9]`))
  },
  patience,
)

inWhole(() => {
  test(
    'each seeded bug of a sample is found within as many runs',
    async () => {
      const { code, output } = await simulation('--bugs', '--quick', ...runs)
      expect(quickBugs.filter((name) => !output.includes(`${name}: found in run `))).toEqual([])
      expect(code).toBe(0)
    },
    patience,
  )
})

test('each seeded bug changes a text that stands once in its file', () => {
  const missing = ({ name, edits }: Bug) =>
    edits.flatMap(({ file, find }) =>
      readFileSync(join(root, file), 'utf8').split(find).length === 2 ? [] : [`${name}: ${find}`],
    )
  expect(bugs.length).toBeGreaterThanOrEqual(25)
  expect(bugs.flatMap(missing)).toEqual([])
  expect(quickBugs.filter((name) => !bugs.some((bug) => bug.name === name))).toEqual([])
})

test('the same seed makes the same runs', async () => {
  const [one, other] = [await simulate({ runs: 25, seed }), await simulate({ runs: 25, seed })]
  expect(one).toMatchObject({ runs: 25, violation: null })
  expect(one.tally.counts()).toEqual(other.tally.counts())
})

function simulation(...options: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((done, fail) => {
    const args = ['scripts/trial.mjs', '--built', 'sim', ...options, '--seed', String(seed)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.once('error', fail)
    child.once('close', (code) => done({ code, output }))
  })
}
