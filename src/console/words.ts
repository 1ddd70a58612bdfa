/**
 * What the console says of itself, in one language: another language is one more object of this type. What it says of
 * requests comes from `src/words`, as in every other door. What only pages say that are loaded later is in pageWords.ts.
 */
interface ConsoleWords {
  /** RFC 5646, for dates and numbers. */
  readonly locale: string
  readonly product: string
  readonly skip: string
  readonly navigation: string
  readonly pages: Readonly<
    Record<
      'inbox' | 'requests' | 'policy' | 'evidence' | 'exceptions' | 'metrics' | 'holds' | 'away' | 'health',
      string
    >
  >
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
  readonly unreachable: string
  readonly answered: (status: number) => string
  readonly noSettings: (status: number) => string
  readonly signIn: SignInWords
  readonly card: string
  readonly notDrawn: (type: string, known: readonly string[]) => string
  readonly inbox: InboxWords
  readonly columns: ColumnWords
  readonly story: RequestWords
  readonly stepUp: StepUpWords
}

/** Why a sign-in failed. */
interface SignInWords {
  readonly unreachable: string
  /** With the identity provider's own code. */
  readonly refused: (code: string) => string
  readonly unfinished: string
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
  readonly unanswered: string
  readonly toAnswer: string
  readonly emergencies: string
  readonly emergenciesAbout: string
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

/** Of a request's page, but for what only auditors see. */
interface RequestWords {
  readonly print: string
  readonly changed: string
  readonly changedAbout: string
  readonly showAgain: string
  readonly decided: Readonly<Record<'approve' | 'deny' | 'revoke', string>>
  readonly wrongDigest: string
  readonly wrongDigestAbout: string
  readonly refused: string
  readonly verdicts: Readonly<Record<'approve' | 'deny', string>>
  readonly voided: string
  readonly erase: string
}

/** Where a decision takes a step-up: before the person is asked for it. */
interface StepUpWords {
  readonly title: string
  readonly before: string
  readonly now: string
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
    policy: 'Policy',
    evidence: 'Evidence',
    exceptions: 'Exceptions',
    metrics: 'Metrics',
    holds: 'Holds',
    away: 'Away',
    health: 'Health',
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
  unreachable: 'The service cannot be reached.',
  answered: (status) => `The service answered with status ${status}.`,
  noSettings: (status) => `The settings cannot be read (status ${status}).`,
  signIn: {
    unreachable: 'The sign-in of your organisation cannot be reached.',
    refused: (code) => `You are not signed in: you cancelled it, or your organisation does not allow it (${code}).`,
    unfinished: 'The sign-in could not be finished. Try again.',
  },
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
    decideBy: 'Decide',
    missing: (groups) => `Missing: ${groups.join('; ')}`,
    unanswered: 'Waits for an answer',
    toAnswer: 'Open questions',
    emergencies: 'In an emergency',
    emergenciesAbout:
      'Others decide these. You may approve one alone, in an emergency, and another person reviews that.',
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
  story: {
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
    verdicts: { approve: 'approved', deny: 'denied' },
    voided: 'does not count',
    erase: 'Erase texts…',
  },
  stepUp: {
    title: 'Sign in once more before you decide',
    before: 'This is of tier high: a decision counts only after a fresh sign-in.',
    now: 'Sign in now',
  },
}

/** The language of the page. */
export const words: ConsoleWords = english
