import type { Instant } from '../core/data/instant.ts'
import { unserved, untold } from '../policy/untold.ts'
import type { Policy } from '../ports/policy.ts'
import { users } from './accounts.ts'
import type { LocalStorage } from './azurite.ts'
import type { Identity } from './identity.ts'
import { accounts } from './naming.ts'
import type { Playground } from './playground.ts'

/** Writes what a new user needs: the addresses, the approvers, and a command to try. */
export function welcome(stack: {
  api: string
  identity: Identity
  azurite: LocalStorage
  playground: Playground | null
  data: string
  /** The stack's time, if its clock was moved. */
  moved: Instant | null
  policy: Policy
  /** The policy's folder. */
  rules: string
}): string {
  const { api, identity, azurite, playground, data, moved, policy, rules } = stack
  const nameOfUser = (id: string) => users.find((user) => user.oid === id)?.name ?? id
  const groups = policy
    .groups()
    .map(({ name, members }) => `  ${name.padEnd(18)} ${members.map(nameOfUser).join(', ')}\n`)
  const silent = untold(policy).map((name) => `  ${name} has no channel: its members are told of no request.\n`)
  const elsewhere = unserved(policy, ['teams']).map(
    (kind) => `  Channels of the kind ${kind} get nothing on this machine.\n`,
  )
  const owned = policy
    .agents()
    .map(({ name, owners }) => `  ${name.padEnd(18)} owned by ${owners.map(nameOfUser).join(', ')}\n`)
  const ids = accounts.map(({ name, oid }) => `  ${name.padEnd(18)} ${oid}\n`)
  return `
Countersign on this machine. For trying out, not for production.

  API                ${api}
  console            ${api}/console/
  sign-in            ${identity.origin}  (stands in for Entra)
  storage            ${azurite.tablesUrl}  (Azurite)
  data               ${data}
${moved === null ? '' : `  clock              ${moved}: it was moved, and goes on from there\n`}${playground ? `  Teams client       ${playground.url}  (Agents Playground, as ${playground.person})\n` : ''}
Who may approve (${rules}/approvers.json). Guests never may, and owners never decide for their own agent.
${groups.join('')}${silent.join('')}${elsewhere.join('')}${owned.join('')}
The accounts and their object ids, for approvers.json and wherever an id belongs:
${ids.join('')}
${playground ? `${first(playground)}\n` : ''}Try, in another terminal, in this folder:

${data === '.local' ? '' : `  export COUNTERSIGN_DATA=${data}\n`}  eval "$(npm run --silent local -- env)"      # PowerShell: env --shell powershell
${playground ? asked : allowed}
`
}

const first = ({ url, person }: Playground): string => `Open this page first, to sit as ${person}: ${url}
It keeps nothing: open cards come again when it is opened or reloaded; after a reload type \`pending\` in the chat.
`

/** The policy allows this without asking people. */
const allowed = `  countersign run --action service.restart --target web-1 --environment staging \\
    --reason 'Picks up the new certificate' -- echo restarted
`

const asked = `  countersign run --action db.export --target prod/postgres/customers --environment production \\
    --param rows=1200 --reason 'Quarterly churn report' -- echo exported

It waits for a decision: in the Teams client, click Review on the card. Another person decides in a shell, or sits in the
Teams client after the next start: npm start -- --as security-1
`
