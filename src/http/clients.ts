import { isObjectId, type ObjectId, parseObjectId } from '../core/data/id.ts'
import type { Policy } from '../ports/policy.ts'

/** The applications that people may use over HTTP, each with the name that events record as `via`. */
export type ClientNames = ReadonlyMap<ObjectId, string>

export const clientsSetting = 'COUNTERSIGN_CLIENTS'

/** The setting's rule, for the message about a malformed one. */
export const clientsRule =
  'is a list such as cli=<application id>, console=<application id>: names of 2 to 12 small letters but teams and slack, each name and id once'

/** The door for people in Microsoft Teams, which has no access tokens. */
const teams = 'teams'

/** The door for people in Slack, where a deployment has it. */
const slack = 'slack'

/** Doors without access tokens. Clients may not have their names. */
const otherDoors: readonly string[] = [teams, slack]

/** Reads the setting; `null` if it is malformed. */
export function parseClients(text: string): ClientNames | null {
  const clients = new Map<ObjectId, string>()
  for (const entry of text.split(',')) {
    const [, name = '', id = ''] = /^\s*([a-z]{2,12})\s*=\s*([0-9a-fA-F-]{36})\s*$/.exec(entry) ?? []
    if (name === '' || otherDoors.includes(name) || !isObjectId(id)) return null
    if (clients.has(parseObjectId(id)) || [...clients.values()].includes(name)) return null
    clients.set(parseObjectId(id), name)
  }
  return clients
}

/** @throws {Error} naming the rule and the door if a rule lets people approve through a door that does not exist. */
export function checkDoors(
  clients: ClientNames,
  policy: Pick<Policy, 'doors'>,
  { slack: hasSlack = false }: { readonly slack?: boolean } = {},
): void {
  const known = [teams, ...(hasSlack ? [slack] : []), ...clients.values()]
  for (const { rule, via } of policy.doors()) {
    const name = via.find((door) => !known.includes(door))
    if (name !== undefined)
      throw new Error(
        `The rule "${rule}" names the door "${name}" in @via, but there are: ${known.join(', ')}. ` +
          `Doors are ${teams}, ${slack} where it is set up, and the names in ${clientsSetting}.`,
      )
  }
}

/** @throws {Error} naming the client and the agent if an agent's application is among those that people may use. */
export function checkClients(clients: ClientNames, policy: Pick<Policy, 'agents'>): void {
  for (const [id, name] of clients) {
    const agent = policy.agents().find(({ appId }) => appId === id)
    if (agent === undefined) continue
    const words = `${name}=${id}, but that is the application of the agent "${agent.name}" in approvers.json`
    throw new Error(`The setting ${clientsSetting} names ${words}: people and agents use different applications.`)
  }
}
