import type { Instant } from '../core/data/instant.ts'
import type { Policy } from '../ports/policy.ts'
import { agents, apiAppId, signInAppId, users } from './accounts.ts'
import type { Azurite } from './azurite.ts'
import type { Identity } from './identity.ts'
import type { Playground } from './playground.ts'

/** What a newcomer needs to see: addresses, who may approve what, and one command to try. */
export function welcome(stack: {
  api: string
  identity: Identity
  azurite: Azurite
  playground: Playground | null
  data: string
  /** The stack's time, where its clock has been moved. */
  moved: Instant | null
  policy: Policy
  /** The policy's folder. */
  rules: string
}): string {
  const { api, identity, azurite, playground, data, moved, policy, rules } = stack
  const nameOf = (id: string) => users.find((user) => user.oid === id)?.name ?? id
  const groups = policy.groups().map(({ name, members }) => `  ${name.padEnd(18)} ${members.map(nameOf).join(', ')}\n`)
  const owned = policy
    .agents()
    .map(({ name, owners }) => `  ${name.padEnd(18)} owned by ${owners.map(nameOf).join(', ')}\n`)
  const [agent] = agents
  return `
Countersign on this machine. For trying out, not for production.

  API                ${api}
  sign-in            ${identity.origin}  (stands in for Entra)
  storage            ${azurite.tablesUrl}  (Azurite)
  data               ${data}
${moved === null ? '' : `  clock              ${moved}: it was moved, and runs on from there\n`}${playground ? `  Teams client       ${playground.url}  (Agents Playground, as ${playground.person})\n` : ''}
Who may approve (${rules}/approvers.json). Guests never may, and nobody decides for their own agent.
${groups.join('')}${owned.join('')}
Try, in another terminal, in this folder:

  export COUNTERSIGN_URL=${api} COUNTERSIGN_TOKEN_URL=${identity.tokenUrl}
  export COUNTERSIGN_SCOPE=api://${apiAppId}/.default
  export COUNTERSIGN_AUTHORITY=${identity.issuer} COUNTERSIGN_LOGIN_CLIENT=${signInAppId}
  export COUNTERSIGN_CLIENT_ID=${agent?.appId ?? ''} COUNTERSIGN_CLIENT_SECRET=${agent?.secret ?? ''}
  export PATH=$PWD/dist/bin:$PATH
${playground ? asked : allowed}
`
}

/** Policy allows it: nobody is asked. */
const allowed = `  countersign run --action service.restart --target web-1 --environment staging \\
    --reason 'Picks up the new certificate' -- echo restarted
`

const asked = `  countersign run --action db.export --target prod/postgres/customers --environment production \\
    --param rows=1200 --reason 'Quarterly churn report' -- echo exported

It waits for somebody to decide: in the Teams client, click Review on its card.
`
