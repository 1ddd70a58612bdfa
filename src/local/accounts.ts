import { parseObjectId } from '../core/data/id.ts'
import type { ClientNames } from '../http/clients.ts'

/** The accounts of the local tenant. `policy/approvers.json` names the same ids. */

export const tenantId = '11111111-1111-4111-8111-111111111111'

/** The application id of the API, which is the audience of tokens. */
export const apiAppId = '22222222-2222-4222-8222-222222222222'

/** The application id of the `countersign` command, through which people sign in. */
export const signInAppId = '33333333-3333-4333-8333-333333333333'

/** The application id of the console. */
export const consoleAppId = '66666666-6666-4666-8666-666666666666'

/** The applications through which people may call the API. A deployment sets them with COUNTERSIGN_CLIENTS. */
export const peoplesApps: ClientNames = new Map([
  [parseObjectId(signInAppId), 'cli'],
  [parseObjectId(consoleAppId), 'console'],
])

export interface User {
  readonly oid: string
  readonly name: string
  readonly upn: string
  readonly userType: 'Member' | 'Guest'
  readonly enabled: boolean
  readonly roles: readonly string[]
  /** The agent that owns this account, which is then not a person's. */
  readonly identityParentId?: string
}

export interface Agent {
  readonly oid: string
  readonly appId: string
  readonly name: string
  readonly secret: string
  readonly roles: readonly string[]
}

export const users: readonly User[] = [
  member(1, 'dba-1'),
  member(2, 'dba-2'),
  member(3, 'security-1'),
  member(4, 'security-2'),
  member(5, 'owner'),
  { ...member(6, 'compliance'), roles: ['Evidence.Read', 'Evidence.Export', 'Evidence.Erase', 'Evidence.Hold'] },
  { ...member(7, 'guest'), userType: 'Guest' },
  { ...member(8, 'leaver'), enabled: false },
  { ...member(10, 'compliance-2'), roles: ['Evidence.Erase'] },
  member(11, 'oncall-1'),
  { ...member(9, 'worker'), identityParentId: 'b0000000-0000-4000-8000-000000000001' },
]

/** The accounts that may sign in. Entra lets neither disabled accounts nor those of agents do so. */
export const people: readonly User[] = users.filter(
  ({ enabled, identityParentId }) => enabled && identityParentId === undefined,
)

/** `other-bot` may execute what another agent asked for. */
export const agents: readonly Agent[] = [
  { ...agent(1, 'deploy-bot'), roles: ['Actions.Request'] },
  { ...agent(2, 'other-bot'), roles: ['Actions.Request', 'Grants.Redeem'] },
]

/**
 * Groups of the directory, with people, agents and agents' accounts. A group of the policy may name one as
 * `entraGroup`.
 */
export const entraGroups: readonly { readonly oid: string; readonly members: readonly string[] }[] = [
  {
    oid: 'd0000000-0000-4000-8000-000000000001',
    members: [...users.slice(0, 2), ...users.slice(-1), ...agents.slice(0, 1)].map(({ oid }) => oid),
  },
]

function member(number: number, name: string): User {
  const oid = `c0000000-0000-4000-8000-${String(number).padStart(12, '0')}`
  return { oid, name, upn: `${name}@contoso.test`, userType: 'Member', enabled: true, roles: [] }
}

function agent(number: number, name: string): Omit<Agent, 'roles'> {
  return {
    oid: `b0000000-0000-4000-8000-00000000000${number}`,
    appId: `a0000000-0000-4000-8000-00000000000${number}`,
    name,
    secret: `local-${name}-secret`,
  }
}
