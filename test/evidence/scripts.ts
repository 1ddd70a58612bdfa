import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from '../support/python.ts'
import { scratch } from './days.ts'
import { type Members, readFolder, writeFolder } from './forgery.ts'

/** The two verifiers inside every bundle, and bundles of a program that is not ours for them to verify. */

export const evidence = join(import.meta.dirname, '../../evidence')
export const scripts = ['verify.sh', 'verify.py'] as const
type Script = (typeof scripts)[number]

export interface Answer {
  readonly status: number
  /** How many checks held. */
  readonly held: number
  readonly verified: boolean
  readonly complaint: string
}

/** Runs the bundle's own copy, as somebody does who unpacked it. */
export const runInside = (script: Script, key: string, folder: string): Promise<Answer> =>
  answerOf(script, [join(folder, script), key])

export const run = (script: Script, key: string, folder: string): Promise<Answer> =>
  answerOf(script, [join(evidence, script), key, folder])

function answerOf(script: Script, args: readonly string[]): Promise<Answer> {
  const command = script === 'verify.sh' ? 'bash' : (python ?? 'python3')
  return new Promise((done) => {
    execFile(command, args, (error, stdout, stderr) => {
      const lines = stdout.split('\n')
      const held = lines.filter((line) => line.startsWith('ok   ')).length
      const verified = lines.at(-2)?.startsWith('VERIFIED ') ?? false
      done({ status: error ? Number(error.code) : 0, held, verified, complaint: stderr })
    })
  })
}

/** How many checks hold before each script refuses; `null` where it does not claim to check that. */
export type Held = readonly [sh: number | null, py: number]

/** Bundles in a folder of their own: no records, 1, 7, 300, a key rotation, none, and 12 under the new key. */
export function bundles() {
  if (!python) throw new Error('python3-cryptography is not installed: run npm test, or apt-get install it.')
  const place = scratch()
  const made = join(place.folder, 'made')
  execFileSync(python, [join(import.meta.dirname, 'make_bundle.py'), made, '0', '1', '7', '300', 'r5', '0', '12'])
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
    /** A copy of the bundle with 300 records. */
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
