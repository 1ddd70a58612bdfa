/**
 * How much may be asked for, and how often. docs/agents/limits.md lists the same. The size of a policy is limited in
 * core/policy/sizes.ts, the pace of messages by each messenger's rules.
 */
export const bounds = {
  /** A request body. The JSON reader checks these limits before any other code sees the body. */
  body: { bytes: 65_536, depth: 18, nodes: 2_500 },
  /** An activity of the Bot Framework. */
  activity: { bytes: 262_144, depth: 32, nodes: 10_000 },
  /** Bytes are those of the canonical form; `verb`, `environment`, `target` and `key` (in params) are characters. */
  action: { canonicalBytes: 16_384, depth: 16, nodes: 2_000, verb: 128, environment: 64, target: 512, key: 253 },
  /** What one approver can be shown: pages, and top-level params. */
  shown: { pages: 16, keys: 48 },
  /** Requests of one agent that a person decides in one go. */
  batch: 5,
  /** Characters, except for `links`, a number of links. `words` is for all other texts of people and executors. */
  text: { reason: 1_000, answer: 1_000, words: 500, links: 5, linkTitle: 100, linkUrl: 500 },
  /** Questions of approvers about one request. */
  questions: 5,
  /** How often one request is made smaller. */
  narrowings: 3,
  /** The items of lists that one form has in which it is made smaller. */
  lessItems: 40,
  /**
   * Standing approvals: the open ones of an agent; uses, and seconds; the values that one param may have, and the
   * characters of all that may vary, which stand on every page.
   */
  standing: { open: 5, uses: 200, seconds: 86_400, least: 60, values: 20, text: 600 },
  /** Seconds for which a use may wait to be redeemed. */
  useLapse: 300,
  /** Seconds for which a member may be away. */
  away: 30 * 86_400,
  /** Broken glasses of one person that nobody has reviewed. */
  unreviewed: 5,
  /** Characters of a token in an `Authorization` header, and of a grant. Real ones are far shorter. */
  token: { access: 16_384, grant: 8_192 },
  /** Seconds that one call may wait for a decision. */
  wait: 60,
  /** One page of a list: its requests, the days that it may span, and the rows that may be read for it. */
  list: { most: 100, otherwise: 50, days: 31, rows: 5_000 },
  /** Tables of sealed days in one answer: the days, and the bytes of their files together. */
  tables: { days: 31, bytes: 4_194_304 },
  /**
   * Seconds for which an answer of the directory is used, and the most that the facts of an event may be older than it, or
   * newer: a commit takes a while, and clocks differ.
   */
  facts: { remembered: 60, oldest: 180 },
  /** Seconds for which an agent may want its request to stay pending. */
  expiresIn: { least: 60, most: 604_800, otherwise: 3_600 },
  /** Pending requests of one agent, and its asks for people in an hour. `otherwise` is the default. */
  pending: { otherwise: 5, most: 100 },
  hourly: { otherwise: 60, most: 600 },
  /** Asks of one agent in an hour that policy answers without people. */
  answered: { otherwise: 600, most: 100_000 },
  /** Open cards in one channel. */
  cardsPerChannel: 20,
  /** Seconds after a denial during which the same verb on the same target is refused, whatever its params. */
  coolDown: 600,
  /** For how many seconds, and how many at most, an agent's newest denials are remembered to warn approvers. */
  memory: { seconds: 604_800, denials: 50 },
  /** The share of its hourly limit from which on approvers are warned that an agent asks often. */
  often: 0.5,
} as const
