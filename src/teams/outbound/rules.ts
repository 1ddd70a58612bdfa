import type { SendingRules } from '../../ports/messenger.ts'

/** https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit: what Teams takes from a bot. */
export const teamsRules: SendingRules = {
  perChannel: [
    { most: 7, ms: 1_000 },
    { most: 8, ms: 2_000 },
    { most: 60, ms: 30_000 },
    { most: 1_800, ms: 3_600_000 },
  ],
  // Per app and tenant. A process keeps to this limit alone, since it does not see the others.
  perProcess: [{ most: 50, ms: 1_000 }],
  // A post and its thread are `<channel>;messageid=<first message>`.
  channelOf: (conversation) => conversation.split(';')[0] ?? conversation,
}
