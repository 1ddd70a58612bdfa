import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Programs with packages of their own, which the project's lockfile does not have. */
export interface Installed {
  /** A folder of a trial, with a `package.json` and a lockfile. */
  readonly from: string
  /** A folder of build output, so that the other one stays as it is. */
  readonly into: string
  /** The programs, by their names in that folder. */
  readonly sources: readonly string[]
}

/** Copies the programs and installs their packages from the registry. No script of a package runs. */
export async function install({ from, into, sources }: Installed): Promise<void> {
  await mkdir(into, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc', ...sources])
    await cp(join(from, file), join(into, file))
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: into })
}
