import { parseArgs } from 'node:util'
import { isHttpsOrigin } from '../config.ts'
import { type Day, parseDay } from '../core/data/day.ts'
import { Problem } from '../core/data/problem.ts'
import { Exit, exits } from '../cli/exit.ts'

export const restoreHelp = `npm run --silent restore -- [options]
puts the newest snapshot of a ledger into empty tables, and proves what was restored

  --list             list the days of which there is a snapshot, and restore nothing
  --check            read all of the snapshot and check it, and restore nothing
  --until DATE       the newest snapshot of this day or before (the newest of all); later events come from chunks
  --from URL         the blobs of another storage account, where the snapshot lies; its evidence is copied first
  --local FOLDER     restore the local stack's data into this new folder instead, to rehearse
  --json             one line of JSON on standard output
  --help             this text

Settings (environment), as the deployment has them
  COUNTERSIGN_ORIGIN, COUNTERSIGN_TENANT_ID    which log and tenant the ledger is of
  COUNTERSIGN_TABLES_URL                       where the tables are made; they have to be empty or absent
  COUNTERSIGN_BLOBS_URL                        where the evidence lies, and the snapshot too unless --from names another
  COUNTERSIGN_LEDGER_KEY                       the Key Vault secret that authenticates rows
  COUNTERSIGN_LOG_KEY                          the Key Vault key that signs the log
With --local: COUNTERSIGN_DATA, the data folder of the stack that is restored (.local); the stack has to be stopped.

You sign in as Azure's tools do (az login, or AZURE_CLIENT_ID and its like). The page docs/operate/backup.md names the
roles, and says what a restore cannot bring back. One that was interrupted is run again with the same options.

Exit codes
   0  restored, and complete; of --list and --check: done
   1  refused: something is missing or is not what was kept, and is named; the tables stay closed
   3  restored, but events or texts are missing, which are listed: the ledger opens for reading only
  69  the storage, or Key Vault, cannot be reached
  70  a fault in this program
  78  usage or configuration

With --json: { "exit", "restored"?: { "at", "events", "requests", "erased", "proved", "textless", "missingTexts", "lost",
  "ends" }, "days"?, "checked"?, "error"?: { "code"?, "words", "file"?, "shard"?, "seq"?, "request"? } }
`

export interface RestoreOptions {
  readonly wants: 'help' | 'list' | 'check' | 'restore'
  readonly json: boolean
  readonly until: Day | null
  /** Without a slash at its end. */
  readonly from: string | null
  readonly local: string | null
}

const known = {
  list: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  until: { type: 'string' },
  from: { type: 'string' },
  local: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** @throws {Exit} 78 that names the option and its rule */
export function parseRestoreOptions(args: readonly string[]): RestoreOptions {
  const { list, check, until, from, local, json, help } = parsed(args)
  if (list && check) usage('--list and --check are two things: give one of them')
  if (from !== undefined && local !== undefined) usage('--from is for a deployment, and --local for the local stack')
  if (from !== undefined && !isHttpsOrigin(from)) usage('--from is an https address without a path or slash at its end')
  if (local === '') usage('--local names a folder')
  return {
    wants: help ? 'help' : list ? 'list' : check ? 'check' : 'restore',
    json,
    until: until === undefined ? null : dayIn(until),
    from: from ?? null,
    local: local ?? null,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: known }).values
  } catch (cause) {
    return usage(cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause))
  }
}

function dayIn(text: string): Day {
  try {
    return parseDay(text)
  } catch (cause) {
    if (cause instanceof Problem) return usage('--until is a day that exists, as 2026-01-31')
    throw cause
  }
}

function usage(sentence: string): never {
  throw new Exit(exits.usage, `${sentence}. See npm run restore -- --help.`)
}
