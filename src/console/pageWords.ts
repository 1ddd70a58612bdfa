import type { HealthReport } from '../contract/serviceAnswers.ts'
import type { BrokenRow } from '../core/data/problem.ts'
import type { Erasable } from '../core/request/erasure.ts'

/**
 * What the pages say that are loaded when somebody goes to them, in one language: another language is one more object of
 * this type. It is apart from words.ts because the first page should not wait for it.
 */
interface PageWords {
  readonly showIds: string
  readonly csv: string
  readonly close: string
  readonly search: SearchWords
  readonly story: StoryWords
  readonly shown: ShownWords
  /** What an event of the log is, by its type. A type that a newer service records is called by its name. */
  readonly events: Readonly<Record<string, string>>
  /** Who acts and is neither person nor agent, as the log calls them. */
  readonly actors: Readonly<Record<string, string>>
  readonly month: MonthWords
  readonly exceptions: ExceptionWords
  readonly metrics: MetricWords
  readonly erase: EraseWords
  readonly policy: PolicyWords
  readonly trial: TrialWords
  readonly health: HealthWords
  readonly holds: HoldWords
  readonly absence: AbsenceWords
  readonly talk: TalkWords
  readonly narrow: NarrowWords
  readonly reviews: ReviewWords
}

/** Of members who are away. */
interface AbsenceWords {
  readonly about: string
  readonly none: string
  readonly noneAbout: string
  readonly member: string
  readonly deputy: string
  readonly groups: string
  readonly until: string
  readonly untilHint: string
  readonly leave: string
  readonly back: string
  readonly noDeputy: string
  readonly noDay: string
  readonly inGroups: (name: string, groups: readonly string[]) => string
  readonly awayDone: string
  readonly backDone: string
}

/** Of what approvers make smaller. */
interface NarrowWords {
  readonly title: string
  readonly by: string
  readonly change: (name: string, before: string, after: string) => string
  readonly open: string
  readonly formTitle: string
  readonly about: string
  readonly atMost: (name: string, before: string) => string
  readonly keeps: (name: string) => string
  readonly reason: string
  readonly nothing: string
  readonly now: string
  readonly narrowed: string
  readonly later: string
}

/** Of questions, answers, prompts and a broken glass. */
interface TalkWords {
  readonly title: string
  readonly asks: (groups: readonly string[]) => string
  readonly answered: Readonly<Record<'agent' | 'person', string>>
  readonly waits: string
  readonly past: string
  readonly erased: string
  readonly reminded: string
  readonly escalates: string
  readonly escalatesTo: (groups: readonly string[]) => string
  readonly escalated: string
  readonly joined: (groups: readonly string[]) => string
  readonly glass: string
  readonly alone: string
  readonly toReview: string
  readonly found: Readonly<Record<Finding, string>>
  readonly acts: TalkActWords
}

type Finding = 'justified' | 'unjustified'

/** Of the forms with which people ask, answer, break the glass and review that. */
interface TalkActWords {
  readonly heading: string
  readonly missing: string
  readonly ask: string
  readonly askTitle: string
  readonly askNow: string
  readonly askAbout: string
  readonly question: string
  readonly asked: string
  readonly answer: string
  readonly answerTitle: string
  readonly answerNow: string
  readonly answerAbout: string
  readonly answerField: string
  readonly answered: string
  readonly breakGlass: string
  readonly breakGlassTitle: string
  readonly breakGlassNow: string
  readonly breakAbout: string
  readonly breakReason: string
  readonly breakLater: string
  readonly type: (confirmation: string) => string
  readonly broken: string
  readonly review: string
  readonly reviewTitle: string
  readonly reviewNow: string
  readonly reviewAbout: string
  readonly finding: string
  readonly findings: Readonly<Record<Finding, string>>
  readonly noFinding: string
  readonly reviewReason: string
  readonly reviewed: string
}

/** Of what waits for a review, in the inbox. */
interface ReviewWords {
  readonly title: string
  readonly about: string
}

interface SearchWords {
  readonly about: string
  readonly from: string
  readonly to: string
  readonly any: string
  readonly prefix: string
  readonly person: string
  readonly search: string
  readonly clear: string
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
  readonly asked: string
  readonly by: string
  readonly owner: string
  readonly onBehalfOf: string
  readonly executor: string
  readonly links: string
  readonly warnings: string
  readonly params: string
  readonly decision: string
  readonly policyOutcome: string
  readonly missing: string
  readonly noVotes: string
  /** Between a deputy and the member who was away. */
  readonly standIn: string
  readonly nobodyDecides: string
  readonly via: (door: string) => string
  /** With the authentication context that the voter met. */
  readonly afterStepUp: (context: string) => string
  readonly end: string
  readonly approvedAt: string
  readonly useBy: string
  readonly redeemedAt: string
  readonly closedAt: string
  readonly result: string
  readonly results: Readonly<Record<'succeeded' | 'failed', string>>
  readonly summary: string
  readonly output: (bytes: string) => string
  readonly noGrant: string
  readonly events: string
  readonly eventsAbout: string
  readonly sealed: (index: string, number: number, date: string) => string
  readonly notSealed: string
  readonly hash: string
  readonly leaf: string
  readonly prove: string
  readonly printed: (at: string, zone: string) => string
}

/** Of what somebody was shown, drawn again. */
interface ShownWords {
  readonly open: string
  readonly pageOf: (page: number, pages: number) => string
  readonly title: (who: string) => string
  readonly about: string
  readonly erased: (names: readonly string[]) => string
  readonly to: string
  readonly entry: (who: string, page: number) => string
  readonly notShown: string
  readonly page: string
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
  /** Days that are over and have no table: not sealed, or the table is gone. */
  readonly notLooked: (days: readonly string[]) => string
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
  readonly care: string
  readonly load: string
  readonly sharesAbout: string
  readonly timesAbout: string
  readonly approved: string
  readonly denied: string
  readonly expired: string
  readonly median: string
  readonly slow: string
  readonly byDay: string
  readonly day: string
  readonly groups: Readonly<Record<'approver' | 'rule' | 'agent', string>>
  readonly members: Readonly<Record<'approver' | 'rule' | 'agent', string>>
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
  readonly erase: string
  readonly waits: string
  readonly waitsUntil: string
  readonly erased: string
  readonly erasedAbout: string
  readonly nothingLeft: string
  readonly unread: string
  readonly unreadAbout: string
  readonly held: string
  readonly heldAbout: string
  readonly askedBy: (who: string) => string
  readonly own: string
  readonly other: string
  readonly others: string
  readonly toErase: string
  readonly proofs: string
  readonly sealedLater: string
}

interface PolicyWords {
  readonly about: string
  readonly version: string
  readonly rules: string
  readonly rulesAbout: string
  readonly filter: string
  readonly anyAction: string
  readonly count: (rules: number) => string
  /** What a rule does, by the name of its file. */
  readonly effects: Readonly<Record<string, string>>
  readonly noWords: string
  readonly text: string
  readonly controls: string
  readonly groups: string
  readonly groupsAbout: string
  readonly entra: string
  readonly guest: string
  readonly disabled: string
  readonly unknown: string
  readonly more: (count: number) => string
  readonly nobody: string
  readonly agents: string
  readonly agentsAbout: string
  readonly agent: string
  readonly owners: string
  readonly sponsors: string
  readonly executors: string
  readonly behalf: string
  readonly behalfOf: Readonly<Record<'required' | 'optional' | 'refused', string>>
  readonly principals: (names: string) => string
  readonly limits: string
  readonly limit: (pending: number, hourly: number) => string
}

/** Of the form that tries an ask. */
interface TrialWords {
  readonly title: string
  readonly about: string
  readonly choose: string
  readonly target: string
  readonly params: string
  readonly paramsHint: string
  readonly notJson: string
  readonly onBehalfOf: string
  readonly nobody: string
  readonly executor: string
  readonly itself: string
  readonly at: string
  readonly atHint: string
  readonly missing: string
  readonly submit: string
  readonly outcomes: Readonly<Record<string, string>>
  readonly problem: string
  readonly none: string
  readonly summary: string
  readonly required: string
  readonly eligible: (who: string, eligible: number) => string
  readonly excluded: string
  readonly excludedByAgent: string
  readonly expires: string
  readonly lapse: string
  readonly grant: string
  readonly doors: string
  readonly pages: string
  readonly warnings: string
  readonly newer: string
  readonly recorded: string
}

interface HealthWords {
  readonly about: string
  readonly works: string
  readonly fails: string
  readonly asOf: string
  readonly version: string
  readonly parts: string
  readonly part: string
  readonly state: string
  readonly means: string
  readonly names: Readonly<Record<keyof HealthReport['parts'], string>>
  readonly purposes: Readonly<Record<keyof HealthReport['parts'], string>>
  readonly states: Readonly<Record<HealthReport['parts'][keyof HealthReport['parts']], string>>
  readonly counts: string
  readonly overdue: string
  readonly pending: string
  readonly oldest: string
  readonly reviews: string
  readonly standing: string
  readonly waiting: string
  readonly people: string
  readonly admitted: Readonly<Record<HealthReport['people'], string>>
  readonly seal: string
  readonly newest: string
  readonly bundle: string
  readonly noneSealed: string
  readonly size: string
  readonly immutable: string
  readonly yes: string
  readonly no: string
  readonly broken: string
  readonly brokenAbout: string
  readonly shard: string
  readonly row: string
  readonly check: string
  readonly checks: Readonly<Record<BrokenRow['check'], string>>
  readonly lost: string
  readonly lostEvents: (shard: string, from: number, to: number) => string
}

interface HoldWords {
  readonly about: string
  readonly none: string
  readonly noneAbout: string
  readonly covers: string
  readonly request: string
  readonly agent: string
  readonly period: string
  readonly ofAgent: (name: string) => string
  readonly ofPeriod: (from: string, to: string) => string
  readonly since: string
  readonly by: string
  readonly why: string
  readonly whyHint: string
  readonly noWhy: string
  readonly noReason: string
  readonly released: string
  readonly inForce: string
  readonly showReleased: string
  readonly hideReleased: string
  readonly place: string
  readonly placeTitle: string
  readonly placeAbout: string
  readonly requestId: string
  readonly agentId: string
  readonly from: string
  readonly to: string
  readonly noScope: string
  readonly placed: string
  readonly release: string
  readonly releaseTitle: string
  readonly releaseAbout: string
  readonly releaseWhy: string
  readonly done: string
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

const english: PageWords = {
  showIds: 'Show ids',
  csv: 'Download as CSV',
  close: 'Close',
  search: {
    about: 'Every request that you may see, newest first. The address keeps the filters: save or share it.',
    from: 'From (UTC)',
    to: 'To (UTC)',
    any: 'any',
    prefix: 'Target begins with',
    person: 'Person',
    search: 'Search',
    clear: 'Clear filters',
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
    asked: 'What was asked',
    by: 'by',
    owner: 'Answers for the agent',
    onBehalfOf: 'On behalf of',
    executor: 'Carried out by',
    links: 'Links of the agent',
    warnings: 'Warnings to approvers',
    params: 'Params',
    decision: 'The decision',
    policyOutcome: 'Policy',
    missing: 'Still missing',
    noVotes: 'Nobody has voted.',
    standIn: 'for, as deputy,',
    nobodyDecides: 'No person was asked: policy answered.',
    via: (door) => `through ${door}`,
    afterStepUp: (context) => `, after a fresh sign-in (${context})`,
    end: 'Grant and outcome',
    approvedAt: 'Approved',
    useBy: 'To be used by',
    redeemedAt: 'Grant used',
    closedAt: 'Closed',
    result: 'Reported',
    results: { succeeded: 'succeeded', failed: 'failed' },
    summary: 'In the words of the executor',
    output: (bytes) => `Output (${bytes} bytes), SHA-256`,
    noGrant: 'No grant was given.',
    events: 'Events',
    eventsAbout: 'Each is an entry in the log, and cannot be changed. A day’s events are sealed into its evidence.',
    sealed: (index, number, date) => `entry ${index} of the log, sealed in bundle ${number} of ${date}`,
    notSealed: 'not sealed yet',
    hash: 'Hash',
    leaf: 'As it is hashed',
    prove: 'Prove it here',
    printed: (at, zone) => `Printed ${at} · times in ${zone}`,
  },
  shown: {
    open: 'Show what they saw',
    pageOf: (page, pages) => `page ${page} of ${pages}`,
    title: (who) => `What ${who} was shown`,
    about: 'Drawn again from what is recorded, with the template of then, and without its buttons.',
    erased: (names) => `Erased since then, and not shown any more: ${names.join('; ')}`,
    to: 'This view was shown to',
    entry: (who, page) => `${who}, page ${page}`,
    notShown: 'This page was shown to nobody.',
    page: 'Page',
  },
  events: {
    requested: 'Asked',
    asked: 'A question',
    answered: 'An answer',
    reminded: 'People were told again',
    escalated: 'More people may approve',
    'glass-broken': 'The glass was broken',
    reviewed: 'The broken glass was reviewed',
    unreviewed: 'The broken glass was not reviewed in time',
    shown: 'Shown',
    decided: 'Voted',
    'vote-void': 'A vote stopped counting',
    approved: 'Approved',
    denied: 'Denied',
    expired: 'Expired',
    lapsed: 'Not used in time',
    used: 'A use of the standing approval',
    ended: 'The standing approval ended',
    unreported: 'The result was not reported in time',
    undeliverable: 'No card reached those who decide',
    cancelled: 'Withdrawn by the agent',
    revoked: 'Revoked',
    redeemed: 'Grant used',
    succeeded: 'Reported as done',
    failed: 'Reported as failed',
    'erasure-asked': 'Erasure asked for',
    erased: 'Erased',
    tampered: 'Stored rows were changed from outside',
    refused: 'An attempt was refused',
  },
  actors: { policy: 'the policy', system: 'the service' },
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
    notLooked: (days) => `Not looked at, since they are not sealed or have no table: ${days.join(', ')}`,
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
    care: 'Votes in haste and without a look, by day',
    load: 'Votes of the busiest approvers',
    sharesAbout:
      'Below a count stands its share: of the requests that people decided or let expire; of the approvals that came to ' +
      'their end, for those never used; and of all votes, for those in haste or without a look.',
    timesAbout:
      'Two times are those of the fastest and of the slowest day: the time over all days lies between them. The command ' +
      'countersign metrics computes it.',
    approved: 'approved',
    denied: 'denied',
    expired: 'expired',
    median: 'half within',
    slow: 'nine of ten within',
    byDay: 'By day',
    day: 'Day (UTC)',
    groups: { approver: 'By approver', rule: 'By rule', agent: 'By agent' },
    members: { approver: 'Approver', rule: 'Rule', agent: 'Agent' },
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
    about:
      'Two people erase together: the ask of the first is recorded, and nothing is erased until another asks for the same. ' +
      'Every proof still holds afterwards.',
    names: 'What is erased',
    named: {
      action: 'What was asked: action, target, environment and params',
      answer: 'The answers to questions',
      edits: 'What approvers made smaller, and how far',
      for: 'The names of members for whom deputies acted',
      links: 'The links',
      name: 'The names of people',
      owner: 'The name of the agent’s owner',
      question: 'The questions of people',
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
    erase: 'Erase now',
    waits: 'Recorded. Another person has to ask for the same.',
    waitsUntil: 'The ask holds until',
    erased: 'The texts are erased.',
    erasedAbout: 'Its events and their hashes are as they were: the proofs of this request still hold.',
    nothingLeft: 'No text is left to be erased',
    unread: 'You may erase texts of this request, but not read it',
    unreadAbout:
      'Reading needs the role Evidence.Read. Ask the person who asked first which texts they named: only the same ones are erased.',
    held: 'A hold forbids this',
    heldAbout: 'None of its texts is erased until a person with the role Evidence.Hold releases the hold.',
    askedBy: (who) => `${who} asked to erase:`,
    own: 'You asked for this yourself. Another person has to ask for the same.',
    other: 'If you ask for the same, the texts are erased at once.',
    others: 'Another person with the role Evidence.Erase has to ask for the same.',
    toErase: 'Go to the erasure',
    proofs: 'Its proofs',
    sealedLater: 'sealed later, after the end of its day (UTC)',
  },
  policy: {
    about: 'What agents may do, who decides about it, and a trial of an ask.',
    version: 'Version in force',
    rules: 'Rules',
    rulesAbout: 'In the order in which they count: a rule that forbids wins, and what no rule allows is denied.',
    filter: 'About the action',
    anyAction: 'any action',
    count: (rules) => plural(rules, 'rule', 'rules'),
    effects: { forbid: '✕ Never', approve: '● People decide', allow: '✓ Allowed at once' },
    noWords: 'This rule cannot be said in a sentence. Its text is what counts.',
    text: 'Its text',
    controls: 'Controls',
    groups: 'Who may approve',
    groupsAbout: 'Nobody approves for an agent that they own or sponsor, whatever groups they are in.',
    entra: 'with the members of a group of Entra',
    guest: 'guest: may not decide',
    disabled: 'account disabled: may not decide',
    unknown: 'not a person of the tenant: may not decide',
    more: (count) => `and ${count} more`,
    nobody: 'Nobody is in this group.',
    agents: 'Agents',
    agentsAbout: 'Who may ask, and who answers for them.',
    agent: 'Agent',
    owners: 'Owners',
    sponsors: 'Sponsors',
    executors: 'May let carry out',
    behalf: 'Acts for people',
    behalfOf: { required: 'always', optional: 'if it says so', refused: 'never' },
    principals: (names) => `only for ${names}`,
    limits: 'Limits',
    limit: (pending, hourly) => `${pending} waiting, ${hourly} an hour`,
  },
  trial: {
    title: 'Try it',
    about: 'What would come of an ask. Nothing is recorded, and nobody is told.',
    choose: 'Choose an agent',
    target: 'Target',
    params: 'Params (JSON)',
    paramsHint: 'An object, as the agent would send it.',
    notJson: 'This is not a JSON object.',
    onBehalfOf: 'On behalf of',
    nobody: 'nobody',
    executor: 'Carried out by',
    itself: 'the agent itself',
    at: 'When (UTC)',
    atHint: 'Now, if left empty.',
    missing: 'This is needed.',
    submit: 'Try it',
    outcomes: {
      approve: '● People decide',
      allow: '✓ Allowed at once',
      forbid: '✕ Forbidden',
      'no-policy': '✕ Denied: no rule allows it',
    },
    problem: 'It would be refused all the same',
    none: 'none',
    summary: 'Title of the card',
    required: 'Who has to approve',
    eligible: (who, eligible) => `${who} (${plural(eligible, 'person', 'people')} could)`,
    excluded: 'May not approve it',
    excludedByAgent: 'Excluded by the agent’s word',
    expires: 'Time to decide',
    lapse: 'Time to use the approval',
    grant: 'A grant is good for',
    doors: 'Approved only through',
    pages: 'Pages that an approver reads',
    warnings: 'Warnings to approvers',
    newer: 'The policy changed while you were here: this was judged by a newer version than the page shows.',
    recorded: 'Rules that decide',
  },
  health: {
    about: 'Whether the service and its parts work. It is looked at anew every few seconds.',
    works: 'The service works',
    fails: 'The service does not work',
    asOf: 'The service’s clock',
    version: 'Version',
    parts: 'Parts',
    part: 'Part',
    state: 'State',
    means: 'What it is for',
    names: {
      ledger: 'Ledger',
      archive: 'Archive',
      witness: 'Witness',
      cosignatures: 'Cosignatures',
      signer: 'Signing key',
      directory: 'Directory',
      deliveries: 'Deliveries',
      sinks: 'Sinks',
      seal: 'Seal',
      evidence: 'Evidence',
      backup: 'Backup',
    },
    purposes: {
      ledger: 'Keeps all requests and events. Without it nothing is decided.',
      archive: 'Keeps the evidence, and files that cannot be written again.',
      witness: 'Notes outside of the ledger how far it has come, so that nobody cuts it short.',
      cosignatures: 'Witnesses outside sign each day’s checkpoint, so that nobody writes a second history.',
      signer: 'Signs grants and the log. Without it no agent gets a grant.',
      directory: 'Says who people are and which groups they are in. Without it nobody can vote.',
      deliveries: 'Brings cards to Teams. People can decide in the console all the same.',
      sinks: 'Sends each event to other systems, such as a SIEM.',
      seal: 'Makes each day into a bundle, after midnight UTC.',
      evidence: 'Whether the rows that were read are as the service wrote them.',
      backup: 'A snapshot of the tables each night.',
    },
    states: {
      ok: '✓ works',
      failing: '✕ fails',
      'read-only': '✕ can only be read',
      'evidence-broken': '✕ does not hold',
      refused: '✕ a witness has seen another log',
      off: '– is off',
    },
    counts: 'Right now',
    overdue: 'Requests past their deadline',
    pending: 'Requests that wait for people',
    oldest: 'The oldest of them is of',
    reviews: 'Broken glasses to be reviewed',
    standing: 'Standing approvals in force',
    waiting: 'Callers who wait for an answer',
    people: 'People over HTTP',
    admitted: { admitted: 'may call', refused: 'are refused: no application is named that they may use' },
    seal: 'The newest sealed day',
    newest: 'Day (UTC)',
    bundle: 'Bundle',
    noneSealed: 'No day is sealed yet.',
    size: 'Events in the log after it',
    immutable: 'Storage keeps evidence from being changed',
    yes: 'yes',
    no: 'no: set an immutability policy',
    broken: 'Stored rows that are not as the service wrote them',
    brokenAbout: 'Somebody or something changed them from outside. The runbook says what to do.',
    shard: 'Shard',
    row: 'Row',
    check: 'What was found',
    checks: {
      missing: 'The row of an event is gone',
      mac: 'The service did not write the row like this',
      form: 'The row cannot be read',
      events: 'The row of a request is not what its events say',
      end: 'The archive has another end of the request',
      head: 'The chain was longer, or another',
      chain: 'An event does not follow the one before it',
      rules: 'An event is none that the rules give',
      log: 'A file of the archive, or a row of sealed days, does not fit the log',
    },
    lost: 'Events that could not be restored',
    lostEvents: (shard, from, to) => `shard ${shard}, ${from} to ${to}`,
  },
  absence: {
    about: 'While a member is away, a deputy may act for them. Both have one vote.',
    none: 'Nobody is away',
    noneAbout: 'Nobody whom you act for, and nobody acts for you. Policy names who may be a deputy of a group.',
    member: 'Away',
    deputy: 'Deputy',
    groups: 'Groups',
    until: 'Until',
    untilHint: 'The end of this day, in UTC; at most 30 days from now.',
    leave: 'I am away',
    back: 'I am back',
    noDeputy: 'Choose a deputy.',
    noDay: 'Choose a day.',
    inGroups: (name, groups) => `${name} (${groups.join(', ')})`,
    awayDone: 'It is recorded: your deputy may act for you.',
    backDone: 'Welcome back: that deputy acts for you no more.',
  },
  holds: {
    about: 'While a hold is in force, none of the texts of the requests that it covers is erased.',
    none: 'No hold is in force',
    noneAbout: 'Texts of closed requests can be erased by two people.',
    covers: 'Covers',
    request: 'One request',
    agent: 'All of an agent',
    period: 'All of a period',
    ofAgent: (name) => `all that ${name} asks for`,
    ofPeriod: (from, to) => `all that was asked from ${from} to ${to}`,
    since: 'In force since',
    by: 'Placed by',
    why: 'Why',
    whyHint: 'It is recorded, and stays.',
    noWhy: 'Say why.',
    noReason: 'not recorded',
    released: 'Released',
    inForce: '● in force',
    showReleased: 'Show released ones, too',
    hideReleased: 'Show only those in force',
    place: 'Place a hold…',
    placeTitle: 'Place a hold',
    placeAbout: 'Choose what it covers. It begins at once, and holds until it is released.',
    requestId: 'Request id',
    agentId: 'Agent',
    from: 'First day (UTC)',
    to: 'Last day (UTC)',
    noScope: 'This is needed.',
    placed: 'The hold is in force.',
    release: 'Release…',
    releaseTitle: 'Release this hold',
    releaseAbout: 'From then on, two people can erase the texts of what it covers.',
    releaseWhy: 'Why it is released',
    done: 'The hold is released.',
  },
  narrow: {
    title: 'Made smaller',
    by: 'By',
    change: (name, before, after) => `${name}: ${after} (was ${before})`,
    open: 'Narrow…',
    formTitle: 'Make it smaller',
    about:
      'A number may get lower, and a list may lose items. Nothing is decided by that: approvals from before count no more, and you approve what is left afterwards.',
    atMost: (name, before) => `${name}, lower than ${before}`,
    keeps: (name) => `What is left of ${name}`,
    reason: 'Why less is enough',
    nothing: 'Make at least one of them smaller. A list keeps an item.',
    now: 'Make it smaller',
    narrowed: 'It is smaller now. Look at what is left, and decide.',
    later: 'You can make it smaller on the last page, after all pages were shown.',
  },
  talk: {
    title: 'Questions, and emergencies',
    asks: (groups) => (groups.length === 0 ? 'A person asks' : `A person asks (${groups.join(', ')})`),
    answered: { agent: 'Written by the agent, not verified', person: 'For the agent, not verified' },
    waits: 'Waits for the answer.',
    past: 'before what was added last, so that it does not count any more',
    erased: 'This text is erased.',
    reminded: 'People were told again',
    escalates: 'If nobody has approved by',
    escalatesTo: (groups) => `${groups.join(', ')} may approve, too`,
    escalated: 'May approve, too',
    joined: (groups) => groups.join(', '),
    glass: 'The glass was broken',
    alone: 'approved this alone',
    toReview: 'To be reviewed by another person by',
    found: { justified: 'found it justified', unjustified: 'found it not justified' },
    acts: {
      heading: 'Beside deciding',
      missing: 'This is needed.',
      ask: 'Ask…',
      askTitle: 'Ask a question',
      askNow: 'Ask',
      askAbout:
        'The question goes to the side that wants the action. It decides nothing: you and others may decide before the answer.',
      question: 'Your question',
      asked: 'Your question is recorded. The answer will stand here.',
      answer: 'Answer…',
      answerTitle: 'Answer',
      answerNow: 'Send the answer',
      answerAbout: 'Those who decide read it as your word. Approvals from before the answer count no more.',
      answerField: 'Your answer',
      answered: 'Your answer is recorded.',
      breakGlass: 'Break glass…',
      breakGlassTitle: 'Break the glass',
      breakGlassNow: 'Approve alone',
      breakAbout:
        'In an emergency you approve this alone, before the people who would have to. All are told, and another person has to review it.',
      breakReason: 'What the emergency is',
      breakLater: 'You can break the glass on the last page, after all pages were shown.',
      type: (confirmation) => `Type ${confirmation} to confirm`,
      broken: 'The glass is broken: the request is approved by you alone.',
      review: 'Review…',
      reviewTitle: 'Review a broken glass',
      reviewNow: 'Record the review',
      reviewAbout: 'Another person approved this alone. Say what you think of that: it stays in the record.',
      finding: 'Was it an emergency?',
      findings: { justified: 'Yes: justified', unjustified: 'No: not justified' },
      noFinding: 'Choose one.',
      reviewReason: 'Why',
      reviewed: 'Your review is recorded.',
    },
  },
  reviews: {
    title: 'Reviews due',
    about: 'One person approved these alone in an emergency. Another has to say what to think of it.',
  },
}

/** The language of these pages. */
export const pageWords: PageWords = english
