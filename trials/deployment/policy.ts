import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { agents, users } from '../../src/local/accounts.ts'

/** The differences between the policy of a deployment and the example's. */
export interface PolicyFiles {
  /** Rules in place of those of approve.cedar. */
  readonly approve?: string
  /** Actions beside the example's, whose params rules do not see. */
  readonly actions?: readonly string[]
  readonly channels?: Readonly<Record<'dba' | 'security', readonly string[]>>
  /** Groups beside the example's. */
  readonly groups?: Roster['groups']
  /** Agents beside those of the local tenant, by object id; their application id is the same. */
  readonly bots?: readonly string[]
  readonly limits: { readonly pending: number; readonly hourly?: number; readonly answered?: number }
}

export async function writePolicy(folder: string, policy: PolicyFiles): Promise<void> {
  await cp('policy', folder, { recursive: true })
  if (policy.approve !== undefined) await writeFile(join(folder, 'approve.cedar'), policy.approve)
  if (policy.actions) await appendFile(join(folder, 'schema.cedarschema'), declarationOf(policy.actions))
  const file = join(folder, 'approvers.json')
  const roster = JSON.parse(await readFile(file, 'utf8')) as Roster
  const { channels, bots = [], limits } = policy
  for (const name of ['dba', 'security'] as const)
    roster.groups[name] = { ...roster.groups[name], ...(channels && { channels: channels[name] }) }
  Object.assign(roster.groups, policy.groups)
  const owners = [accountOf('owner')]
  const named = agents.map(({ oid, appId, name }) => [oid, { name, appId, owners, limits }] as const)
  const many = bots.map((oid) => [oid, { name: `bot ${Number(oid.slice(-12))}`, appId: oid, owners, limits }] as const)
  await writeFile(file, JSON.stringify({ ...roster, agents: Object.fromEntries([...named, ...many]) }))
}

const declarationOf = (actions: readonly string[]): string => `
action ${actions.map((name) => `"${name}"`).join(', ')} appliesTo {
  principal: Agent,
  resource: Target,
  context: { environment: String, target: String, onBehalfOf?: String },
};
`

interface Roster {
  readonly groups: Record<string, { readonly members?: readonly string[]; readonly channels?: readonly string[] }>
}

/** Finds the id of an account of the local tenant by its name. */
export const accountOf = (name: string): string =>
  [...users, ...agents].find((account) => account.name === name)?.oid ?? name
