import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { python } from '../support/python.ts'
import { scratch } from './days.ts'
import { type Members, readFolder, writeFolder } from './forgery.ts'

/** The two verifiers inside every bundle, and bundles of a program that is not ours for them to verify. */

export const evidence = join(import.meta.dirname, '../../evidence')
export const scripts = ['verify.sh', 'verify.py'] as const
export type Script = (typeof scripts)[number]

export interface Answer {
  readonly status: number
  /** How many checks held. */
  readonly held: number
  readonly verified: boolean
  readonly complaint: string
}

/** Runs the bundle's own copy, as somebody does who unpacked it. */
export async function runInside(script: Script, key: string, folder: string): Promise<Answer> {
  const command = script === 'verify.sh' ? 'bash' : (python ?? 'python3')
  return answerOf(await processOf(command, [join(folder, script), key]))
}

/** Runs our own copy. Its Python runs in an interpreter that all runs of a test file share. */
export async function run(script: Script, key: string, folder: string): Promise<Answer> {
  const args = [join(evidence, script), key, folder]
  return answerOf(await (script === 'verify.sh' ? processOf('bash', args) : inPython(args)))
}

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function answerOf({ status, stdout, stderr }: Ended): Answer {
  const lines = stdout.split('\n')
  const held = lines.filter((line) => line.startsWith('ok   ')).length
  const verified = lines.at(-2)?.startsWith('VERIFIED ') ?? false
  return { status, held, verified, complaint: stderr }
}

function processOf(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(command, args, (error, stdout, stderr) => done({ status: error ? Number(error.code) : 0, stdout, stderr }))
  })
}

let interpreter: ReturnType<typeof startInterpreter> | null = null
afterAll(() => interpreter?.end())

function inPython(args: readonly string[]): Promise<Ended> {
  interpreter ??= startInterpreter()
  return interpreter.run(args)
}

function startInterpreter() {
  const child = spawn(python ?? 'python3', [join(import.meta.dirname, 'run_scripts.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    /** Answers come in the order of the calls. */
    async run(args: readonly string[]): Promise<Ended> {
      child.stdin.write(`${JSON.stringify(args)}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error('The interpreter ended.')
      return JSON.parse(value) as Ended
    },
    end: () => child.stdin.end(),
  }
}

/** How many checks hold before each script refuses; `null` where it does not claim to check that. */
export type Held = readonly [sh: number | null, py: number]

/** Bundles in a folder of their own: no records, 1, 7, 20, a key rotation, none, and 300 under the new key. */
export function bundles() {
  if (!python) throw new Error('python3-cryptography is not installed: run npm test, or apt-get install it.')
  const place = scratch()
  const made = join(place.folder, 'made')
  execFileSync(python, [join(import.meta.dirname, 'make_bundle.py'), made, '0', '1', '7', '20', 'r5', '0', '300'])
  const logKey = join(made, 'log.pem')
  const newKey = join(made, 'new.pem')

  /** Both scripts refuse what is in the folder, each in words of its own. */
  async function refusesFolder([sh, py]: Held, folder: string, key = logKey): Promise<void> {
    const bySh = sh === null ? null : await run('verify.sh', key, folder)
    const byPy = await run('verify.py', key, folder)
    // `sha256sum` names the member first.
    const complaint: unknown = expect.stringMatching(/^(?:[^\n]+: FAILED\b.*\n|sha256sum: .*\n)*FAILED: .+\n$/)
    const refusal = { status: 1, verified: false, complaint }
    if (bySh) expect(bySh).toEqual({ ...refusal, held: sh })
    expect(byPy).toEqual({ ...refusal, held: py })
  }

  return {
    ...{ folder: place.folder, clean: place.clean, logKey, newKey, refusesFolder },
    of: (number: number): string => join(made, String(number)),
    /** A copy of the bundle with 20 records. */
    copy(members: Members = readFolder(join(made, '4'))): string {
      const folder = mkdtempSync(join(place.folder, 'copy-'))
      writeFolder(folder, members)
      return folder
    },
    /** Both scripts refuse that bundle once it was tampered with; `secret` is the key's holder's. */
    refuses(held: Held, tamper: (members: Members, secret: string) => void, key = logKey): Promise<void> {
      const members = readFolder(join(made, '4'))
      tamper(members, readFileSync(join(made, 'log.key'), 'utf8'))
      return refusesFolder(held, this.copy(members), key)
    },
  }
}
