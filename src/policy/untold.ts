import type { Policy } from '../ports/policy.ts'

/** The groups without a channel: their members are told of nothing that they may decide. */
export const untold = (policy: Pick<Policy, 'groups'>): readonly string[] =>
  policy.groups().flatMap(({ name, channels }) => (channels.length === 0 ? [name] : []))

/** What a start says of such a group. Group names are plain. */
export const withoutChannel = (name: string) => ({
  missing: `channels of the group ${name} in approvers.json`,
  effect: `its members are told of no request; the delivery of a request that needs them is late`,
})
