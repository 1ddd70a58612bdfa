/**
 * How much may be asked for, and how often. docs/agents/limits.md lists the same. The size of a policy is limited in
 * policy/sizes.ts, the pace of messages by each messenger's rules.
 */
export const bounds = {
  /** A body as it comes in: looked at before anything is made of it. */
  body: { bytes: 65_536, depth: 18, nodes: 2_500 },
  /** An activity of the Bot Framework. */
  activity: { bytes: 262_144, depth: 32, nodes: 10_000 },
  /** Bytes are those of the canonical form; `name` is the length of action and environment. */
  action: { canonicalBytes: 16_384, depth: 16, nodes: 2_000, name: 64, target: 256 },
  /** What an approver can be shown: pages, and params on the top level. */
  shown: { pages: 10, keys: 48 },
  /** Characters; `words` bounds what else people and executors write. */
  text: { reason: 1_000, words: 500, links: 5, linkTitle: 100, linkUrl: 500 },
  /** Characters of the tokens in `Authorization` headers, and of grants: far more than either has. */
  token: { access: 16_384, grant: 8_192 },
  /** Seconds that one call waits for a decision. */
  wait: 60,
  /** A page of a list: its requests, the days it may span, and the rows that are read for it. */
  list: { most: 100, otherwise: 50, days: 31, rows: 5_000 },
  /** Seconds that a request may stay pending, as the agent wants it. */
  expiresIn: { least: 60, most: 604_800, otherwise: 3_600 },
  /** Requests of an agent that wait for people, and its asks for people in an hour: as registered, or otherwise. */
  pending: { otherwise: 5, most: 100 },
  hourly: { otherwise: 60, most: 600 },
  /** Open cards that a channel bears. */
  cardsPerChannel: 20,
  /** Seconds during which what was denied is not asked for again. */
  coolDown: 600,
  /** Denials of one verb on one target, within the cool-down, after which neither is asked for with other params. */
  denials: 3,
  /** What was denied is remembered for so many seconds, the newest so many, to warn approvers of. */
  memory: { seconds: 604_800, denials: 50 },
  /** Asks for people in an hour, as a share of those it may, from which on approvers are warned. */
  often: 0.5,
} as const
