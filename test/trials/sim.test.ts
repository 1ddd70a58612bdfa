import { spawn } from 'node:child_process'
import { bugs } from '../../trials/sim/bugs.ts'
import { simulate } from '../../trials/sim/simulation.ts'

/** Chosen for the time they take: `npm run trial -- sim` does more, of another seed each time. */
const runs = ['--runs', '4000']
const seed = 20_260_304

/** Milliseconds; only what hangs, and no machine that is busy, needs as many. */
const patience = 900_000

// In a program of its own, where it takes half the time.
test(
  'every invariant holds under crashes, races, and lost, late or repeated calls, and every kind of event occurred',
  async () => {
    const { code, output } = await simulation(...runs)
    if (code !== 0) throw new Error(output)
    expect(output).toContain('4000 runs in')
  },
  patience,
)

test(
  'each seeded bug is found within as many runs',
  async () => {
    const { code, output } = await simulation('--bugs', ...runs)
    expect(bugs.length).toBeGreaterThanOrEqual(8)
    expect(bugs.map(({ name }) => name).filter((name) => !output.includes(`${name}: found in run `))).toEqual([])
    expect(code).toBe(0)
  },
  patience,
)

test('the same seed makes the same runs', async () => {
  const [one, other] = [await simulate({ runs: 60, seed }), await simulate({ runs: 60, seed })]
  expect(one).toMatchObject({ runs: 60, violation: null })
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
