import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
  expect(listed.toSorted()).toEqual([...programs, 'controls', 'properties', 'tests'].toSorted())
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

test('what a trial that runs tests does not know is refused with its help', () => {
  expect(trial('--built', 'tests', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('PATTERN') })
  const { status, stdout, stderr } = trial('--built', 'tests', '--nothing')
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toMatch(/^tests: .*--nothing.*\nnpm run trial -- tests/)
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

describe('of a table of cases', () => {
  const variable = 'COUNTERSIGN_TESTS'
  const cases = ['a1', 'b1', 'a2', 'a3', 'c1'] as const
  const kindOf = (one: string) => one[0]

  function loaded(mode: string): typeof import('./support/whole.ts') {
    const before = process.env[variable] ?? ''
    const modules: typeof import('./support/whole.ts')[] = []
    process.env[variable] = mode
    jest.isolateModules(() => modules.push(jest.requireActual('./support/whole.ts')))
    process.env[variable] = before
    const [module] = modules
    if (!module) throw new Error('It was not loaded.')
    return module
  }

  test('npm test tries the first of each kind, or as many as the table says', () => {
    const { someOf, inWhole } = loaded('')
    expect(someOf(cases, kindOf)).toEqual(['a1', 'b1', 'c1'])
    expect(someOf(cases, kindOf, 2)).toEqual(['a1', 'b1', 'a2', 'c1'])
    expect(someOf(cases)).toEqual(['a1'])
    let isDefined = false
    inWhole(() => (isDefined = true))
    expect(isDefined).toBe(false)
  })

  test('the trial `tests` tries every case', () => {
    const { someOf, inWhole } = loaded('whole')
    expect(someOf(cases, kindOf)).toEqual(cases)
    let isDefined = false
    inWhole(() => (isDefined = true))
    expect(isDefined).toBe(true)
  })

  test('all cases are tried by the trials that run tests', () => {
    for (const name of ['tests', 'controls'])
      expect(readFileSync(join(root, `scripts/${name}.mjs`), 'utf8')).toContain(`${variable}: 'whole'`)
  })
})
