import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { type Identity, startIdentity } from '../../src/local/identity.ts'
import type { ChannelKind } from '../../src/ports/channel.ts'
import { addPipelines } from '../../test/support/pipelinesPolicy.ts'
import { writeRoomsPolicy } from '../../test/support/roomsPolicy.ts'
import { startTeams, type TeamsDouble } from '../../test/support/teamsDouble.ts'
import { type AppProcess, buildApp, startProcess } from './process.ts'

/** An empty storage account for one run. */
export type Account = Pick<Azurite, 'tablesUrl' | 'blobsUrl' | 'account' | 'key'>

/** The parts that all runs share and no crash touches: the storage, sign-in, and the keys of Teams. */
export interface Grounds {
  readonly folder: string
  readonly identity: Identity
  readonly teams: TeamsDouble
  /** Gives the next unused storage account. */
  account(): Account
  /** Gives a process for an app: a new one, or one that survived its run. */
  process(): AppProcess
  keep(process: AppProcess): void
  /** The folder of a policy that shows requests in these rooms, and has pipelines. */
  policy(rooms: readonly ChannelKind[]): Promise<string>
  /** Gives an access token. Tokens are kept, since issuing them takes time. */
  token(who: string): Promise<string>
  close(): Promise<void>
}

const agents = ['deploy-bot', 'other-bot']

/** @param most the number of storage accounts */
export async function startGrounds(most: number): Promise<Grounds> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-crash-'))
  const program = buildApp()
  const key = 'Y3Jhc2g=' // short, because the environment contains it once for each account
  const names = Array.from({ length: most }, (_, i) => `crash${i}`)
  const env = { ...process.env, AZURITE_ACCOUNTS: names.map((name) => `${name}:${key}`).join(';') }
  const ports = { blobs: 0, queues: 0, tables: 0 }
  const [azurite, identity, teams] = await Promise.all([
    startAzurite({ ports, folder: null, env }),
    startIdentity({ port: 0, dataDir: folder, failed: (cause) => console.error(cause) }),
    startTeams(),
  ])
  const urlFor = (url: string, name: string) => `${new URL(url).origin}/${name}`
  const idle: AppProcess[] = []
  const policies = new Map<string, Promise<string>>()
  const tokens = new Map<string, Promise<string | null>>()
  return {
    ...{ folder, identity, teams },
    account() {
      const account = names.shift()
      if (account === undefined) throw new Error('There is no storage account left.')
      const [tablesUrl, blobsUrl] = [urlFor(azurite.tablesUrl, account), urlFor(azurite.blobsUrl, account)]
      return { account, key, tablesUrl, blobsUrl }
    },
    process: () => idle.pop() ?? startProcess(program),
    keep: (process) => void idle.push(process),
    policy(rooms) {
      const name = rooms.join('-')
      const made =
        policies.get(name) ??
        writeRoomsPolicy(join(folder, `policy-${name}`), rooms)
          .then(addPipelines)
          .then(takingLess)
      policies.set(name, made)
      return made
    },
    async token(who) {
      const minted = tokens.get(who) ?? identity.tokenFor(agents.includes(who) ? { agent: who } : { user: who })
      tokens.set(who, minted)
      return (await minted) ?? ''
    },
    async close() {
      await Promise.all(idle.map((process) => process.kill()))
      program.remove()
      await Promise.all([azurite.close(), identity.close(), teams.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Lets approvers make smaller what other-bot asks for, which is no pipeline. */
async function takingLess(folder: string): Promise<string> {
  const file = join(folder, 'approvers.json')
  const roster = JSON.parse(await readFile(file, 'utf8')) as { agents: Record<string, { name: string }> }
  for (const agent of Object.values(roster.agents))
    if (agent.name === 'other-bot') Object.assign(agent, { narrowing: true })
  await writeFile(file, JSON.stringify(roster, null, 2))
  return folder
}
