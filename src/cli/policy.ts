import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Exit, exits } from './exit.ts'
import type { Result } from './result.ts'
import type { Service } from './service.ts'
import type { Offline } from './session.ts'

/** What the program beside this one exports. It has Cedar, which is larger than all the rest, and is loaded here alone. */
export interface PolicyProgram {
  /** @param connect gives the service, for a command that needs it */
  readonly policy: (session: Offline, connect: () => Service) => Promise<Result>
}

/** The files that have to lie beside this program. */
const files = ['policy.cjs', 'cedar_wasm_bg.wasm'] as const

/**
 * Works on a policy that need not be in force: checks it, tries an ask, runs its tests, or judges past requests by it.
 *
 * @param script this program's file
 * @throws {Exit} 78 if the program for policies is not installed
 */
export async function policy(session: Offline, script: string, connect: () => Service): Promise<Result> {
  const folder = dirname(script)
  const missing = files.filter((file) => !existsSync(join(folder, file)))
  if (missing.length > 0)
    throw new Exit(exits.usage, `Not installed: ${missing.join(' and ')}. Copy it from dist/ to ${folder}.`)
  const load = createRequire(script)
  const program = load(join(folder, files[0])) as PolicyProgram
  return program.policy(session, connect)
}
