import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { python } from '../support/python.ts'
import { scratch } from './days.ts'
import { type Members, writeFolder } from './forgery.ts'

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

/** Runs our own copy. Its Python runs in processes forked from one that a test file shares. */
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

/** Bundles in a folder of their own: no records, 1, 7, 20, a key rotation, none, and 300 under the new key. */
export function bundles() {
  if (!python) throw new Error('python3-cryptography is not installed: run npm test, or apt-get install it.')
  const place = scratch()
  const made = join(place.folder, 'made')
  execFileSync(python, [join(import.meta.dirname, 'make_bundle.py'), made, '0', '1', '7', '20', 'r5', '0', '300'])
  const logKey = join(made, 'log.pem')
  const newKey = join(made, 'new.pem')

  return {
    ...{ folder: place.folder, clean: place.clean, logKey, newKey },
    of: (number: number): string => join(made, String(number)),
    /** Unpacks a bundle. */
    copy(members: Members): string {
      const folder = mkdtempSync(join(place.folder, 'copy-'))
      writeFolder(folder, members)
      return folder
    },
  }
}
