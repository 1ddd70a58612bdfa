import { execFile, execFileSync, spawn } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { ZipFile } from 'yazl'
import { Exit } from '../../src/cli/exit.ts'
import { parseOptions } from '../../src/cli/options.ts'
import type { Screen } from '../../src/cli/screen.ts'
import { verify } from '../../src/cli/verify.ts'
import { findExecutable } from '../../src/cli/executable.ts'
import { openVerifyPage } from '../console/verifyPage.ts'
import { python } from '../support/python.ts'
import { inWhole, isWhole, someOf } from '../support/whole.ts'
import { scratch } from './days.ts'
import { readFolder, writeFolder } from './forgery.ts'
import { evidence } from './scripts.ts'
import { variants } from './variants/table.ts'
import { days, pyChecks, type Secrets, shChecks, type Variant } from './variants/variant.ts'

/**
 * The verifiers against each other: what each says of every variant of a bundle. `npm test` tries the first variant of
 * each kind; the trial `tests` tries all.
 */

const place = scratch()
afterAll(() => place.clean())
const made = join(place.folder, 'made')

/** A variant on the disk. */
interface Case extends Variant {
  readonly folder: string
  readonly pem: string
  readonly zip: string
}

let cases: readonly Case[]

beforeAll(async () => {
  execFileSync(python ?? 'python3', [join(import.meta.dirname, 'make_bundle.py'), made, ...days])
  const secretOf = (name: string) => readFileSync(join(made, `${name}.key`), 'utf8')
  const secrets = { log: secretOf('log'), next: secretOf('new') }
  const chosen = Object.values(variants).flatMap((kind) => someOf(kind))
  cases = await Promise.all(chosen.map((variant) => written(variant, secrets)))
})

async function written(variant: Variant, secrets: Secrets): Promise<Case> {
  const at = mkdtempSync(join(place.folder, 'case-'))
  const folder = join(at, 'day')
  mkdirSync(folder)
  const members = readFolder(join(made, String(variant.day)))
  writeFolder(folder, variant.change(members, secrets) ?? members)
  variant.unpacked?.(folder)
  const pem = join(at, 'key.pem')
  writeFileSync(pem, variant.key?.(secrets) ?? readFileSync(join(made, 'log.pem')))
  const zip = join(at, 'day.zip')
  if (variant.answers[0] !== null) writeFileSync(zip, await zipped(folder))
  return { ...variant, folder, pem, zip }
}

/** Without fields that no bundle has. */
const plain = { compress: false, forceDosTimestamp: true } as const

/** Zips a folder as it is: with links as links, and with empty folders. */
async function zipped(folder: string): Promise<Buffer> {
  const zip = new ZipFile()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    const stat = lstatSync(path)
    if (stat.isSymbolicLink()) zip.addBuffer(Buffer.from(readlinkSync(path)), name, { ...plain, mode: 0o120777 })
    else if (stat.isFile()) zip.addBuffer(readFileSync(path), name, plain)
    else if (readdirSync(path).length === 0) zip.addEmptyDirectory(name, { forceDosTimestamp: true })
  }
  zip.end()
  const pieces: Buffer[] = []
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** How a script ended. */
interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The answer of a script, in the words of the table; anything that no person should read is an answer of its own. */
function answerOf({ status, stdout, stderr }: Run, checks: readonly string[]): string {
  const lines = stdout.split('\n').slice(0, -1)
  const held = lines.filter((line) => line.startsWith('ok   ')).length
  const last = lines.at(-1) ?? ''
  const ends = lines.at(-2)?.startsWith('Not looked at: ') && held === checks.length - (checks === shChecks ? 1 : 0)
  if (status === 0 && ends && last.startsWith('VERIFIED ') && stderr === '') return 'holds'
  if (status === 3 && ends && last.startsWith('HOLDS, WITH A RECORDED TAMPERING ') && stderr === '') return 'tampered'
  if (status === 2 && /^newer-format: .+ Use a newer verifier\.\n$/.test(stderr)) return 'newer'
  if (status === 2 && /^LOG\.pem is .+\.\n$/.test(stderr) && held === 0) return 'unreadable'
  const isForPeople = /^FAILED: [ -~]+\n$/.test(stderr) && !/Traceback|Error\b/.test(stderr)
  return status === 1 && isForPeople && held < checks.length
    ? (checks[held] ?? '')
    : JSON.stringify({ status, stdout, stderr })
}

/** `-` stands for a verdict that the verifier gives because it does not look. */
const meant = (answer: string): string => (answer === '-' ? 'holds' : answer)

/** Finds that each case has the answer of the table, and names those that have another. */
function expectAnswers(found: readonly string[], column: 0 | 1 | 2, tried: readonly Case[] = cases): void {
  const differences = tried.flatMap(({ what, answers }, i) =>
    meant(answers[column] ?? '') === found[i] ? [] : [`${what}: ${found[i]}, not ${answers[column]}`],
  )
  expect(differences).toEqual([])
  expect(found).toHaveLength(tried.length)
}

const silent: Screen = {
  ...{ say: () => undefined, warn: () => undefined, address: () => undefined },
  ...{ progress: () => undefined, show: () => undefined, record: () => undefined },
}

/** What the command says of a case, as it writes it with `--json`; `null` for a file that cannot be read. */
async function recordOfProgram({ zip, pem }: Case): Promise<Recorded | null> {
  const options = parseOptions(['verify', zip, '--key', pem])
  try {
    const { record } = await verify({ options, environment: {}, screen: silent }, '')
    return record as unknown as Recorded
  } catch (cause) {
    if (cause instanceof Exit && cause.status === 2) return null
    throw cause
  }
}

interface Recorded {
  readonly exit: number
  readonly problem?: { readonly code: string; readonly check: string }
}

/** The answer of a program that writes records, in the words of the table. */
function answerOfRecord(record: Recorded | null): string {
  if (record === null) return 'unreadable'
  const { exit, problem } = record
  if (exit === 1) return problem?.check ?? ''
  return { 0: 'holds', 2: problem?.code === 'newer-format' ? 'newer' : '', 3: 'tampered' }[exit] ?? ''
}

/** The cases that have a zip. */
const zips = (): readonly Case[] => cases.filter(({ answers }) => answers[0] !== null)

test('countersign verify', async () => {
  const found: string[] = []
  for (const one of zips()) found.push(answerOfRecord(await recordOfProgram(one)))
  expectAnswers(found, 0, zips())
})

/** Milliseconds for the page: a browser is slow where others use the machine, too. */
const patience = isWhole ? 3_600_000 : 300_000

test(
  'the page, which says all that countersign verify says',
  async () => {
    const opened = await openVerifyPage()
    try {
      const found: unknown[] = []
      const byProgram: unknown[] = []
      for (const one of zips()) {
        const { record = null } = await opened.verify([one.pem, one.zip])
        found.push({ what: one.what, record })
        byProgram.push({ what: one.what, record: await recordOfProgram(one) })
      }
      expect(found).toEqual(byProgram)
      expect(opened.asked).toEqual([])
      expect(opened.said).toEqual([])
    } finally {
      await opened.close()
    }
  },
  patience,
)

/** Runs verify.py on every case, in one process that forks. */
async function byPython(options: readonly string[]): Promise<readonly Run[]> {
  const args = [...options, join(import.meta.dirname, 'run_scripts.py')]
  const script = join(evidence, 'verify.py')
  const child = spawn(python ?? 'python3', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(cases.map(({ pem, folder }) => `${JSON.stringify([script, pem, folder])}\n`).join(''))
  let text = ''
  for await (const piece of child.stdout.setEncoding('utf8')) text += String(piece)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Run)
}

const interpreters: readonly (readonly [string, readonly string[], string])[] = [
  ['with the package cryptography', [], 'the package cryptography'],
  ['with openssl, without that package', ['-S'], '/openssl'],
]

test.each(someOf(interpreters))('verify.py %s', async (_how, options, by) => {
  const runs = await byPython(options)
  const told = runs.filter(({ stdout }) => stdout !== '').map(({ stdout }) => stdout.split('\n')[0])
  expect(told.filter((line) => !line?.startsWith('     signatures are checked by ') || !line.endsWith(by))).toEqual([])
  expectAnswers(
    runs.map((run) => answerOf(run, pyChecks)),
    1,
  )
})

function byShell([file = '', ...args]: readonly string[], { pem, folder }: Case, path?: string): Promise<Run> {
  const env = { ...process.env, ...(path !== undefined && { PATH: path }) }
  return new Promise((done) => {
    execFile(
      file,
      [...args, join(evidence, 'verify.sh'), pem, folder],
      { env, timeout: 60_000 },
      (error, stdout, stderr) =>
        done({ status: error ? (typeof error.code === 'number' ? error.code : null) : 0, stdout, stderr }),
    )
  })
}

/** A folder with the tools of BusyBox, and the two programs that are no part of it. */
function busyBox(): string {
  const busybox = findExecutable('busybox', process.env['PATH'])
  if (busybox === undefined) throw new Error('busybox is not installed: run npm test, or apt-get install it.')
  const folder = mkdtempSync(join(place.folder, 'busybox-'))
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
    symlinkSync(busybox, join(folder, applet))
  for (const tool of ['openssl', 'jq']) symlinkSync(findExecutable(tool, process.env['PATH']) ?? '', join(folder, tool))
  return folder
}

async function answersOfShell(
  shell: readonly string[],
  tried: readonly Case[],
  path?: string,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const one of tried) found.push(answerOf(await byShell(shell, one, path), shChecks))
  return found
}

test('verify.sh with bash', async () => {
  expectAnswers(await answersOfShell(['bash'], cases), 2)
})

inWhole(() => {
  test('verify.sh with BusyBox alone', async () => {
    // A part, since the shell does not matter to most variants.
    const tried = cases.filter((_, i) => i % 3 === 0)
    const path = busyBox()
    expectAnswers(await answersOfShell([join(path, 'sh')], tried, path), 2, tried)
  })

  test('verify.sh with dash', async () => {
    const tried = cases.slice(0, 1)
    expectAnswers(await answersOfShell(['dash'], tried), 2, tried)
  })
})

test('verify.sh names a tool that is missing', async () => {
  const path = busyBox().split(delimiter)[0] ?? ''
  execFileSync('rm', [join(path, 'jq')])
  const [one] = cases
  if (!one) throw new Error('There is no case.')
  expect(await byShell([join(path, 'sh')], one, path)).toEqual({
    status: 2,
    stdout: '',
    stderr: 'jq is not installed.\n',
  })
})

test('there are at least seventy variants, each with a name of its own', () => {
  const all = Object.values(variants).flat()
  expect(all.length).toBeGreaterThanOrEqual(70)
  expect(new Set(all.map(({ what }) => what)).size).toBe(all.length)
})
