import { kindOf } from '../ports/channel.ts'
import type { Policy } from '../ports/policy.ts'

/** The groups without a channel: their members are told of nothing that they may decide. */
export const untold = (policy: Pick<Policy, 'groups'>): readonly string[] =>
  policy.groups().flatMap(({ name, channels }) => (channels.length === 0 ? [name] : []))

/** What a start says of such a group. Group names are plain. */
export const withoutChannel = (name: string) => ({
  missing: `channels of the group ${name} in approvers.json`,
  effect: `its members are told of no request; the delivery of a request that needs them is late`,
})

/** The kinds of channels that policy names and that none of these messengers serves, sorted. */
export function unserved(
  policy: Pick<Policy, 'groups' | 'complianceChannel'>,
  served: readonly string[],
): readonly string[] {
  const compliance = policy.complianceChannel()
  const ofGroups = policy.groups().flatMap(({ channels }) => channels)
  const kinds = new Set([...ofGroups, ...(compliance === null ? [] : [compliance])].map(kindOf))
  return [...kinds].filter((kind) => !served.includes(kind)).sort()
}

/** What a start says of such a kind. */
export const withoutMessenger = (kind: string) => ({
  missing: `settings for channels of the kind ${kind}, which approvers.json names`,
  effect: 'nothing is posted there; each request for them counts as not delivered in that channel',
})

/** What a start says where policy registers deployments of GitHub, and no app is set up. */
export const withoutGitHub = {
  missing: 'settings for the GitHub App, whose repositories approvers.json names',
  effect: 'no deployment of GitHub is asked about or answered; each waits until GitHub ends it',
}
