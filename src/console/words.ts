import type { Erasable } from '../core/request/erasure.ts'

/**
 * What the console says of itself, in one language: another language is one more object of this type. What it says of
 * requests comes from `src/words`, as in every other door.
 */
interface ConsoleWords {
  /** RFC 5646, for dates and numbers. */
  readonly locale: string
  readonly product: string
  readonly skip: string
  readonly navigation: string
  readonly pages: Readonly<Record<'inbox' | 'requests' | 'evidence' | 'exceptions' | 'metrics', string>>
  readonly request: string
  readonly loading: string
  readonly failed: string
  readonly tryAgain: string
  readonly required: string
  readonly signOut: string
  readonly zones: Readonly<Record<'local' | 'utc', string>>
  readonly themes: Readonly<Record<'auto' | 'light' | 'dark' | 'contrast', string>>
  readonly zone: string
  readonly theme: string
  readonly notFound: string
  readonly notFoundAbout: string
  readonly toInbox: string
  readonly idle: string
  readonly idleAbout: string
  readonly goOn: string
  readonly cannotStart: string
  readonly card: string
  readonly notDrawn: (type: string, known: readonly string[]) => string
  readonly inbox: InboxWords
  readonly columns: ColumnWords
  readonly search: SearchWords
  readonly story: StoryWords
  /** What an event of the log is, by its type. A type that a newer service records is called by its name. */
  readonly events: Readonly<Record<string, string>>
  readonly evidence: EvidenceWords
  readonly month: MonthWords
  readonly exceptions: ExceptionWords
  readonly metrics: MetricWords
  readonly erase: EraseWords
}

interface InboxWords {
  readonly about: string
  readonly waiting: (count: number) => string
  readonly nothing: string
  readonly nothingAbout: string
  readonly mine: string
  readonly noneOfMine: string
  readonly decideBy: string
  readonly missing: (groups: readonly string[]) => string
}

/** Names of columns and facts. */
interface ColumnWords {
  readonly action: string
  readonly target: string
  readonly environment: string
  readonly agent: string
  readonly status: string
  readonly tier: string
  readonly asked: string
  readonly decided: string
  readonly reason: string
  readonly rules: string
  readonly id: string
  readonly digest: string
  readonly until: string
}

interface SearchWords {
  readonly about: string
  readonly from: string
  readonly to: string
  readonly any: string
  readonly prefix: string
  readonly search: string
  readonly clear: string
  readonly csv: string
  readonly nothing: string
  readonly nothingAbout: string
  readonly more: string
  readonly lookedBack: string
  readonly all: (from: string, to: string) => string
  readonly before: (days: number) => string
  readonly found: (count: number) => string
}

interface StoryWords {
  readonly title: string
  readonly print: string
  readonly changed: string
  readonly changedAbout: string
  readonly showAgain: string
  readonly decided: Readonly<Record<'approve' | 'deny' | 'revoke', string>>
  readonly wrongDigest: string
  readonly wrongDigestAbout: string
  readonly refused: string
  readonly events: string
  readonly eventsAbout: string
  readonly sealed: (number: number, date: string) => string
  readonly notSealed: string
  readonly leaf: string
  readonly by: (who: string) => string
  readonly votes: string
  readonly noVotes: string
  readonly verdicts: Readonly<Record<'approve' | 'deny', string>>
  readonly voided: string
  readonly via: (door: string) => string
  readonly said: string
  readonly params: string
}

interface EvidenceWords {
  readonly about: string
  readonly none: string
  readonly noneAbout: string
  readonly day: string
  readonly number: string
  readonly records: string
  readonly size: string
  readonly bundle: string
  readonly said: string
  readonly sealed: string
  readonly empty: string
  readonly missing: string
  readonly checkpoint: string
  readonly checkpointAbout: string
  readonly downloading: string
}

interface MonthWords {
  readonly title: string
  readonly name: (from: string) => string
  readonly earlier: string
  readonly later: string
}

interface ExceptionWords {
  readonly about: string
  readonly none: string
  readonly noneAbout: string
  readonly at: string
  readonly who: string
  readonly detail: string
}

interface MetricWords {
  readonly about: string
  readonly none: string
  readonly noneAbout: string
  readonly decisions: string
  readonly times: string
  readonly approved: string
  readonly denied: string
  readonly expired: string
  readonly median: string
  readonly slow: string
  readonly byDay: string
  readonly groups: Readonly<Record<'approver' | 'rule', string>>
  readonly members: Readonly<Record<'approver' | 'rule', string>>
  /** What is counted, by the names of metrics.csv. */
  readonly names: Readonly<
    Record<
      | 'asked'
      | 'approved-by-people'
      | 'denied-by-people'
      | 'expired'
      | 'lapsed'
      | 'hasty'
      | 'unseen'
      | 'approve'
      | 'deny'
      | 'busiest-hour',
      string
    >
  >
}

interface EraseWords {
  readonly title: string
  readonly link: string
  readonly about: string
  readonly names: string
  readonly named: Readonly<Record<Erasable, string>>
  readonly noNames: string
  readonly why: string
  readonly whyHint: string
  readonly noWhy: string
  readonly type: (length: number) => string
  readonly notTyped: (length: number) => string
  readonly ask: string
  readonly waits: string
  readonly waitsUntil: string
  readonly erased: string
  readonly nothingLeft: string
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

const english: ConsoleWords = {
  locale: 'en-GB',
  product: 'Countersign',
  skip: 'Skip to the page',
  navigation: 'Pages',
  pages: {
    inbox: 'Inbox',
    requests: 'Requests',
    evidence: 'Evidence',
    exceptions: 'Exceptions',
    metrics: 'Metrics',
  },
  request: 'Request',
  loading: 'Loading',
  failed: 'This did not work',
  tryAgain: 'Try again',
  required: 'required',
  signOut: 'Sign out',
  zones: { local: 'Local time', utc: 'UTC' },
  themes: { auto: 'As the system', light: 'Light', dark: 'Dark', contrast: 'High contrast' },
  zone: 'Times',
  theme: 'Colours',
  notFound: 'There is no such page',
  notFoundAbout: 'The address may be mistyped, or it is about something that you may not see.',
  toInbox: 'Go to the inbox',
  idle: 'You were away',
  idleAbout: 'Nobody touched this page for 15 minutes, so it was cleared. Sign in again to go on where you were.',
  goOn: 'Continue',
  cannotStart: 'The console cannot start',
  card: 'What is asked',
  notDrawn: (type, known) =>
    `The card has a part that this page cannot draw (${type}; it draws ${known.join(', ')}). Decide in Teams instead.`,
  inbox: {
    about: 'What waits for your decision, the most urgent first.',
    waiting: (count) => plural(count, 'request waits for you', 'requests wait for you'),
    nothing: 'Nothing waits for you',
    nothingAbout: 'New requests appear here by themselves.',
    mine: 'What you decided in the last seven days',
    noneOfMine: 'You decided nothing in the last seven days.',
    decideBy: 'Decide by',
    missing: (groups) => `Missing: ${groups.join('; ')}`,
  },
  columns: {
    action: 'Action',
    target: 'Target',
    environment: 'Environment',
    agent: 'Agent',
    status: 'Status',
    tier: 'Tier',
    asked: 'Asked',
    decided: 'Your vote',
    reason: 'Reason',
    rules: 'Rules',
    id: 'Request id',
    digest: 'Action digest',
    until: 'Decide by',
  },
  search: {
    about: 'Every request that you may see, newest first. The address keeps the filters: save or share it.',
    from: 'From (UTC)',
    to: 'To (UTC)',
    any: 'any',
    prefix: 'Target begins with',
    search: 'Search',
    clear: 'Clear filters',
    csv: 'Download as CSV',
    nothing: 'Nothing was found',
    nothingAbout: 'Take a filter away, or look further back.',
    more: 'Look further back',
    lookedBack: 'Searched back to',
    all: (from, to) => `Everything from ${from} to ${to} (UTC) was searched.`,
    before: (days) => `The ${days} days before`,
    found: (count) => plural(count, 'request', 'requests'),
  },
  story: {
    title: 'Its story',
    print: 'Print',
    changed: 'This request has changed',
    changedAbout: 'Somebody decided, or a deadline passed, while you were reading.',
    showAgain: 'Show it as it is now',
    decided: {
      approve: 'Your approval is recorded.',
      deny: 'Your denial is recorded.',
      revoke: 'The approval is revoked.',
    },
    wrongDigest: 'Do not decide on this page',
    wrongDigestAbout: 'What it shows is not what the request’s digest is of. Tell your compliance staff.',
    refused: 'You cannot approve this here',
    events: 'Events',
    eventsAbout: 'Each is an entry in the log, and cannot be changed. A day’s events are sealed into its evidence.',
    sealed: (number, date) => `sealed as record ${number} of ${date}`,
    notSealed: 'not sealed yet',
    leaf: 'As it is hashed',
    by: (who) => `by ${who}`,
    votes: 'Votes',
    noVotes: 'Nobody has voted.',
    verdicts: { approve: 'approved', deny: 'denied' },
    voided: 'does not count',
    via: (door) => `through ${door}`,
    said: 'What was said',
    params: 'Params',
  },
  events: {
    requested: 'Asked',
    shown: 'Shown',
    decided: 'Voted',
    'vote-void': 'A vote stopped counting',
    approved: 'Approved',
    denied: 'Denied',
    expired: 'Expired',
    lapsed: 'Not used in time',
    unreported: 'The result was not reported in time',
    undeliverable: 'No card reached those who decide',
    cancelled: 'Withdrawn by the agent',
    revoked: 'Revoked',
    redeemed: 'Carried out',
    succeeded: 'Reported as done',
    failed: 'Reported as failed',
    'erasure-asked': 'Erasure asked for',
    erased: 'Erased',
    tampered: 'Stored rows were changed from outside',
    refused: 'An attempt was refused',
  },
  evidence: {
    about: 'One sealed bundle for each day. Verify it with your own key and the tools that lie beside it.',
    none: 'No day is sealed yet',
    noneAbout: 'The first bundle is made after midnight UTC.',
    day: 'Day (UTC)',
    number: 'Bundle',
    records: 'Records',
    size: 'Size',
    bundle: 'Bundle',
    said: 'What was said',
    sealed: 'sealed',
    empty: 'sealed, without an event',
    missing: 'no bundle',
    checkpoint: 'Newest checkpoint',
    checkpointAbout: 'Keep a copy elsewhere: it shows later that no day was written anew.',
    downloading: 'Downloading',
  },
  month: {
    title: 'Month',
    name: (from) =>
      new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(from)),
    earlier: 'Earlier month',
    later: 'Later month',
  },
  exceptions: {
    about: 'What an auditor should look at first, of sealed days. Each leads to its story.',
    none: 'No exceptions in this month',
    noneAbout: 'Only sealed days are looked at: today is not among them.',
    at: 'When',
    who: 'Who',
    detail: 'What was found',
  },
  metrics: {
    about: 'How people decide: how fast, how many, and how carefully. Of sealed days.',
    none: 'No day of this month is sealed',
    noneAbout: 'The numbers of a day are there once it is sealed, after midnight UTC.',
    decisions: 'Decisions of people, by day',
    times: 'Time from the ask to the decision, by day',
    approved: 'approved',
    denied: 'denied',
    expired: 'expired',
    median: 'half within',
    slow: 'nine of ten within',
    byDay: 'By day',
    groups: { approver: 'By approver', rule: 'By rule' },
    members: { approver: 'Approver', rule: 'Rule' },
    names: {
      asked: 'Asked',
      'approved-by-people': 'Approved',
      'denied-by-people': 'Denied',
      expired: 'Expired',
      lapsed: 'Never used',
      hasty: 'Hasty votes',
      unseen: 'Votes without a look',
      approve: 'Approvals',
      deny: 'Denials',
      'busiest-hour': 'Most in an hour',
    },
  },
  erase: {
    title: 'Erase texts',
    link: 'Erase texts…',
    about:
      'Two people erase together: the ask of the first is recorded, and nothing is erased until another asks for the same. ' +
      'Every proof still holds afterwards.',
    names: 'What is erased',
    named: {
      action: 'What was asked: action, target, environment and params',
      links: 'The links',
      name: 'The names of people',
      owner: 'The name of the agent’s owner',
      reason: 'The reasons of the agent and of people',
      summary: 'The summary of the result',
    },
    noNames: 'Choose at least one text.',
    why: 'Why',
    whyHint: 'It is recorded, and stays. Do not repeat what is to be erased.',
    noWhy: 'Say why.',
    type: (length) => `To confirm, type the last ${length} characters of the request id`,
    notTyped: (length) => `These are not the last ${length} characters of the request id.`,
    ask: 'Ask for the erasure',
    waits: 'Recorded. Another person has to ask for the same.',
    waitsUntil: 'The ask holds until',
    erased: 'The texts are erased.',
    nothingLeft: 'No text is left to be erased',
  },
}

/** The language of the page. */
export const words: ConsoleWords = english
