import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Each trial has a folder here. */
const folder = join(root, 'trials')

function trial(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/trial.mjs', ...args], {
    ...{ cwd: root, encoding: 'utf8' },
  })
  return { status, stdout, stderr }
}

test.each([[[]], [['--help']]])('with %j, every trial is listed with its purpose and time', (args) => {
  const { status, stdout } = trial(...args)
  const listed = stdout.match(/^ {2}\w+ +\d+ min {2}\w.+$/gm)?.map((line) => line.trim().split(' ')[0] ?? '') ?? []
  const programs = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'main.ts')))
  expect(listed.toSorted()).toEqual([...programs, 'controls', 'matrix', 'properties'].toSorted())
  expect(status).toBe(0)
})

test.each(['nothing', 'toString', ''])('an unknown trial is refused: “%s”', (name) => {
  const { status, stdout, stderr } = trial(name)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(`there is no trial “${name}”`)
  expect(stderr).toMatch(/^ {2}races /m)
})

test("options are passed on, and the trial's own help is shown", () => {
  const { status, stdout } = trial('--built', 'races', '--help')
  expect(stdout).toMatch(/^npm run trial -- races \[options\]\nRuns two processes/)
  expect(stdout).toContain('--requests N')
  expect(status).toBe(0)
})

test.each([
  [['--nothing'], '--nothing'],
  [['--requests', '0'], '--requests'],
  [['--requests', '1e3'], '--requests'],
  [['--seed', '-1'], '--seed'],
  [['more'], 'more'],
])('options that a trial does not have are refused with its help: %j', (args, named) => {
  const { status, stdout, stderr } = trial('--built', 'races', ...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(/^races: .*/)
  expect(stderr.split('\n')[0]).toContain(named)
  expect(stderr).toContain('npm run trial -- races [options]')
})
