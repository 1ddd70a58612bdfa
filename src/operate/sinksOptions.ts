import { parseArgs } from 'node:util'
import { Exit, exits } from '../cli/exit.ts'
import { type Shard, shards } from '../core/data/id.ts'
import type { SinkStart } from '../sinks/administration.ts'

export const sinksHelp = `npm run --silent sinks -- list | on NAME | off NAME | from NAME START [options]
says how far other systems were told of events, and sets where they go on (docs/operate/sinks.md)

  list               each sink, how many events it was not sent, and why
  on NAME            switch a sink on again, and try at once what it was not sent
  off NAME           send it nothing more; its place is kept
  from NAME START    where it goes on: first (send all events again), now (only what comes), or after one event, as 07-1200
                     in that shard
  --local            the local stack's data, in COUNTERSIGN_DATA (.local); the stack has to be stopped
  --json             one line of JSON on standard output
  --help             this text

Settings (environment), as the deployment has them
  COUNTERSIGN_ORIGIN, COUNTERSIGN_TENANT_ID, COUNTERSIGN_TABLES_URL, COUNTERSIGN_BLOBS_URL,
  COUNTERSIGN_LEDGER_KEY, COUNTERSIGN_LOG_KEY

You sign in as Azure's tools do (az login), and need Storage Table Data Contributor on the evidence account and Key Vault
Secrets User on the ledger key. The alert foreign-writes tells of what you change.

Exit codes
   0  done
   1  a row is not as the service wrote it
  69  the storage, or Key Vault, cannot be reached
  70  a fault in this program
  78  usage or configuration

With --json: { "exit", "sinks"?: [{ "name", "state", "lag", "why"?, "since"? }], "error"?: { "words" } }
`

/** What is wanted of the sinks. */
type SinksOrder =
  | { readonly wants: 'help' | 'list' }
  | { readonly wants: 'on' | 'off'; readonly name: string }
  | { readonly wants: 'from'; readonly name: string; readonly start: SinkStart }

export type SinksOptions = SinksOrder & { readonly local: boolean }

const known = { local: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } } as const

/** @throws {Exit} 78 that names the argument and its rule */
export function parseSinksOptions(args: readonly string[]): SinksOptions {
  const { values, positionals } = parsed(args)
  const local = values.local ?? false
  if (values.help) return { wants: 'help', local }
  const [wants, name = '', start, ...more] = positionals
  if (wants === 'list' && positionals.length === 1) return { wants, local }
  if (wants !== 'on' && wants !== 'off' && wants !== 'from')
    return usage('say list, on NAME, off NAME or from NAME START')
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) usage(`"${name}" is no name of a sink`)
  if (more.length > 0 || (wants !== 'from' && start !== undefined)) usage(`"${String(more[0] ?? start)}" is too much`)
  return wants === 'from' ? { wants, name, start: startIn(start), local } : { wants, name, local }
}

function startIn(text = ''): SinkStart {
  if (text === 'first' || text === 'now') return text
  const [, shard, seq] = /^(0[0-9a-f])-(\d{1,12})$/.exec(text) ?? []
  if (shard === undefined || !shards.includes(shard as Shard))
    return usage(`"${text}" is no start: it is first, now, or an event such as 07-1200`)
  return { shard: shard as Shard, seq: Number(seq) }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: known, allowPositionals: true })
  } catch (cause) {
    return usage(cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause))
  }
}

function usage(sentence: string): never {
  throw new Exit(exits.usage, `${sentence}. See npm run sinks -- --help.`)
}
