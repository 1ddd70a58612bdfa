import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { witnessesIn, type WitnessSettings, witnessSetting } from '../cosigner/settings.ts'
import { authzenSetting, isOn, policyRefIn, policyRefSetting, sinksSetting, stepUpIn } from '../config.ts'
import { stepUpSetting } from '../http/stepUp.ts'
import { people } from './accounts.ts'
import type { LocalStorage } from './azurite.ts'
import { loopback, type WantedPort } from './port.ts'
import { type LocalSlack, localSlack } from './slackApp.ts'

/** The settings of the local stack, from the environment and the command line. */
export interface LocalSettings {
  readonly data: string
  readonly policy: string
  /** What the log says where the policy changes. */
  readonly policyRef?: string
  /** The authentication context that a decision of tier `high` over HTTP takes; absent: none. */
  readonly stepUp?: string
  /** The file that names the sinks; absent without any. */
  readonly sinksFile?: string
  /** Whether `npm run local -- seal` and the timer keep a snapshot. */
  readonly backup: boolean
  /** Who cosigns the checkpoints of the log; empty without any. */
  readonly witnesses: readonly WitnessSettings[]
  /** Whether there is a door for AuthZEN. */
  readonly authzen: boolean
  /** Storage that runs already. Absent if the stack starts its own. */
  readonly storage?: LocalStorage
  readonly ports: {
    readonly api: WantedPort
    readonly identity: WantedPort
    readonly blobs: WantedPort
    readonly queues: WantedPort
    readonly tables: WantedPort
    /** Absent if the Teams client is left out. */
    readonly playground?: WantedPort
  }
  /** Absent without Slack. */
  readonly slack?: LocalSlack
  /** Whether timers run at their times. */
  readonly ticking: boolean
  /** The name of the person who sits in the Teams client. */
  readonly person: string
}

export const usage = `npm start [-- OPTIONS]

Runs Countersign on this machine: storage, identity provider, API and a Teams client, with no cloud and no account.
Ctrl-C stops it. Everything that was acknowledged is kept.

Options
  --no-playground   leave out the Teams client: requests are decided over HTTP, and no cards are sent
  --as NAME         sit in the Teams client as another person: ${people.map(({ name }) => name).join(', ')}
  --no-timers       apply deadlines only when a request is read, or by: npm run local -- sweep
  --help            this text

Settings (environment)
  COUNTERSIGN_PORT            port of the API                          7071
  COUNTERSIGN_IDENTITY_PORT   port of the identity provider            9400
  COUNTERSIGN_STORAGE_PORT    first of the storage's three ports       10000
  COUNTERSIGN_STORAGE         connection string of a running Azurite   none
  COUNTERSIGN_PLAYGROUND_PORT port of the Teams client                 56150
  COUNTERSIGN_DATA            folder of the data                       .local
  COUNTERSIGN_POLICY          folder of the policy                     policy
  COUNTERSIGN_POLICY_REF      what the log says of a changed policy    nothing
  COUNTERSIGN_STEP_UP         c1: deciding on tier high over HTTP      none
                              takes a fresh sign-in (step-up)
  COUNTERSIGN_BACKUP          on: a snapshot is kept after sealing     off
  COUNTERSIGN_WITNESS         address and keys of a witness, which     none
                              may be on this machine, without TLS
  COUNTERSIGN_AUTHZEN         on: there is a door for AuthZEN          off
  COUNTERSIGN_SINKS           file of the sinks, of the kind ocsf      none
The system chooses a port for 0.
`

/** A mistake in how the stack was started. The user needs its message only. */
export class UsageError extends Error {}

/** @throws {UsageError} naming the option or setting, and its rule */
export function localSettings(env: NodeJS.ProcessEnv, args: readonly string[]): LocalSettings {
  const given = options(args)
  const running = storageIn(env)
  const storage = running ? 0 : port(env, 'COUNTERSIGN_STORAGE_PORT', 10_000)
  const wanted = (number: number, purpose: string, setting: string): WantedPort => ({ port: number, purpose, setting })
  const nth = (n: number) => (storage === 0 ? 0 : storage + n)
  return {
    data: resolve(env['COUNTERSIGN_DATA'] || '.local'),
    policy: resolve(env['COUNTERSIGN_POLICY'] || 'policy'),
    ...asUsage(() => policyRefIn(env[policyRefSetting])),
    ...asUsage(() => stepUpIn(env[stepUpSetting])),
    ...(env[sinksSetting] && { sinksFile: resolve(env[sinksSetting]) }),
    backup: asUsage(() => isOn('COUNTERSIGN_BACKUP', env['COUNTERSIGN_BACKUP'])),
    witnesses: asUsage(() => witnessesIn(env[witnessSetting], { allowsLoopback: true })),
    authzen: asUsage(() => isOn(authzenSetting, env[authzenSetting])),
    ...(running && { storage: running }),
    ...asUsage(() => localSlack(env)),
    ticking: !given['no-timers'],
    person: personIn(given),
    ports: {
      api: wanted(port(env, 'COUNTERSIGN_PORT', 7071), 'the API', 'COUNTERSIGN_PORT'),
      identity: wanted(port(env, 'COUNTERSIGN_IDENTITY_PORT', 9400), 'sign-in', 'COUNTERSIGN_IDENTITY_PORT'),
      blobs: wanted(nth(0), 'storage (blobs)', 'COUNTERSIGN_STORAGE_PORT'),
      queues: wanted(nth(1), 'storage (queues)', 'COUNTERSIGN_STORAGE_PORT'),
      tables: wanted(nth(2), 'storage (tables)', 'COUNTERSIGN_STORAGE_PORT'),
      ...(!given['no-playground'] && {
        playground: wanted(port(env, playground, 56_150), 'the Teams client', playground),
      }),
    },
  }
}

interface Options {
  readonly as?: string
  readonly 'no-playground'?: boolean
  readonly 'no-timers'?: boolean
}

function options(args: readonly string[]): Options {
  const known = {
    as: { type: 'string' },
    'no-playground': { type: 'boolean' },
    'no-timers': { type: 'boolean' },
  } as const
  try {
    return parseArgs({ args: [...args], options: known }).values
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} Try: npm start -- --help`)
  }
}

function personIn({ as = 'dba-1', ...given }: Options): string {
  if (given['no-playground'] && as !== 'dba-1')
    throw new UsageError('--as is for the Teams client: leave out --no-playground.')
  if (!people.some(({ name }) => name === as))
    throw new UsageError(`Nobody sits as ${as}. There are: ${people.map(({ name }) => name).join(', ')}.`)
  return as
}

/** Reads a setting that a deployment has, too. */
function asUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause))
  }
}

const parts = ['AccountName', 'AccountKey', 'TableEndpoint', 'BlobEndpoint'] as const

/** Reads a connection string of Azure Storage. Only of this machine, because a local stack moves its clock. */
function storageIn(env: NodeJS.ProcessEnv): LocalStorage | null {
  const text = env['COUNTERSIGN_STORAGE']
  if (!text) return null
  const rule = `COUNTERSIGN_STORAGE is a connection string of a storage on this machine, as in ${parts.join('=…;')}=….`
  const given = new Map(text.split(';').map((part) => [part.replace(/=.*/, ''), part.replace(/^[^=]*=/, '')]))
  const [account = '', key = '', tablesUrl = '', blobsUrl = ''] = parts.map((name) => given.get(name))
  if (!account || !key) throw new UsageError(`${rule} It lacks the account or its key.`)
  for (const url of [tablesUrl, blobsUrl])
    if (!URL.canParse(url) || new URL(url).hostname !== loopback)
      throw new UsageError(`${rule} Both endpoints are at ${loopback}.`)
  return { account, key, tablesUrl, blobsUrl }
}

const playground = 'COUNTERSIGN_PLAYGROUND_PORT'

function port(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = env[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value > 65_533) throw new UsageError(`${name} is a port number, 0 to 65533.`)
  return value
}
