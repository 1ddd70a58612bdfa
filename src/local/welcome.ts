import type { Policy } from '../ports.ts'
import { agents, apiAppId, users } from './accounts.ts'
import type { Azurite } from './azurite.ts'
import type { Identity } from './identity.ts'

/** What a newcomer needs to see: addresses, who may approve what, and one command to try. */
export function welcome(stack: {
  api: string
  identity: Identity
  azurite: Azurite
  data: string
  policy: Policy
  /** The policy's folder. */
  rules: string
}): string {
  const { api, identity, azurite, data, policy, rules } = stack
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

Who may approve (${rules}/approvers.json). Guests never may, and nobody decides for their own agent.
${groups.join('')}${owned.join('')}
Try, in another terminal:

  export COUNTERSIGN_URL=${api} COUNTERSIGN_TOKEN_URL=${identity.tokenUrl}
  export COUNTERSIGN_SCOPE=api://${apiAppId}/.default
  export COUNTERSIGN_CLIENT_ID=${agent?.appId ?? ''} COUNTERSIGN_CLIENT_SECRET=${agent?.secret ?? ''}
  export PATH=$PWD/dist/bin:$PATH
  countersign run --action service.restart --target web-1 --environment staging \\
    --reason 'Picks up the new certificate' -- echo restarted

`
}
