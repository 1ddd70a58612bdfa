import type { ExceptionKind } from '../../src/core/record/eventType.ts'
import type { NoticeKind } from '../../src/core/request/notice.ts'
import type { Tier } from '../../src/core/request/event.ts'
import type { ClosedStatus, Status } from '../../src/core/request/request.ts'
import { english } from '../../src/words/english.ts'
import { exact, name, quoted, type Sentence, text, time } from '../../src/words/run.ts'
import type { StopCode } from '../../src/core/request/nextStep.ts'
import type { Words } from '../../src/words/words.ts'

/** Replaces all Latin letters by Greek ones, so that a Latin letter on a card comes from elsewhere. */
const other = (word: string): string =>
  word.replace(/[A-Za-z]/g, (letter) => String.fromCharCode(0x3b1 + ((letter.toLowerCase().charCodeAt(0) - 97) % 17)))

const all = <Key extends string>(words: Readonly<Record<Key, string>>) =>
  Object.fromEntries(Object.entries<string>(words).map(([key, word]) => [key, other(word)])) as Record<Key, string>

/** A sentence around ids, names and numbers, which stay as they are and come first. */
const line = (word: string, ...given: readonly (string | number)[]): string =>
  [...given.map((one) => `${one}`), other(word)].join(' ')

const said = (word: string, ...before: Sentence): Sentence => [...before, text(other(` ${word}`))]

/** A second language, for tests: none of its words is English, and the verb comes last. */
export const reversed: Words = {
  tag: 'el',
  units: {
    bytes: ['β', 'κβ', 'μβ', 'γβ', 'τβ', 'πβ', 'εβ'],
    time: { days: 'μ', hours: 'ω', minutes: 'λ', seconds: 'δ' },
    thousands: '.',
    point: ',',
    about: '± ',
    change: { begins: (lines) => line('change', lines), ends: other('ends') },
    text: { begins: (lines) => line('text', lines), ends: other('end') },
    byDigest: line('by digest'),
  },
  card: all(english.card),
  labels: all(english.labels),
  ownedAgent: (agent, owner) => line('owner', agent, owner),
  statuses: all<Status>(english.statuses),
  tiers: all<Tier>(english.tiers),
  warnings: all(english.warnings),
  unknownWarning: (code) => line('Warning', code),
  foundCharacters: (names, more) => line('Found', ...names, String(more)),
  next: {
    ...all({ ...english.next, pending: '', closed: '' }),
    closed: all<ClosedStatus>(english.next.closed),
    pending: (missing) => line('to approve', ...missing),
  },
  history: {
    ...all({
      expired: english.history.expired,
      cancelled: english.history.cancelled,
      lapsed: english.history.lapsed,
      redeemed: english.history.redeemed,
      unreported: english.history.unreported,
      succeeded: english.history.succeeded,
      failed: english.history.failed,
    }),
    approvedBy: (names, more) => said('approved', ...names.map(name), text(` +${more}`)),
    approvedByPolicy: (rules) => said('approved by policy', text(rules.join())),
    deniedBy: (who) => said('denied', ...who),
    deniedByPolicy: (rules) => said('denied by policy', text(rules.join())),
    revokedByPolicy: other(english.history.revokedByPolicy),
    tampered: other(english.history.tampered),
    voided: (who, why) => said(why, name(who)),
    revokedBy: (who) => said('revoked', ...who),
    saying: (words) => [text(' «'), quoted(words), text('»')],
  },
  talk: {
    asks: (who, question = '–') => said('asks', name(who), quoted(question)),
    earlier: (many) => line('earlier', many),
    waits: other(english.talk.waits),
    waitsUnnamed: other(english.talk.waitsUnnamed),
    byPerson: (who) => said('by', name(who)),
    erased: other(english.talk.erased),
    answered: (answer) => [text(' «'), quoted(answer), text('»')],
    person: (number) => line('person', number),
    stale: (have, of, names) => said('before', text(`${have}/${of} `), ...names.map(name)),
    joined: (groups) => line('joined', ...groups),
  },
  emergency: {
    ...all({
      brokenUnnamed: english.emergency.brokenUnnamed,
      next: english.emergency.next,
      onlyGlass: english.emergency.onlyGlass,
    }),
    broken: (who, reason) => said('alone', name(who), quoted(reason ?? '–')),
    reviewBy: (at) => said('review', time(at)),
    unreviewed: (at) => said('unreviewed', time(at)),
    finding: {
      justified: (who, reason) => said('justified', name(who), quoted(reason ?? '–')),
      unjustified: (who, reason) => said('unjustified', name(who), quoted(reason ?? '–')),
    },
    findingUnnamed: all(english.emergency.findingUnnamed),
  },
  notices: all<NoticeKind>(english.notices),
  deadline: {
    decideBy: (asked, by, length) => said('decide', time(asked), time(by), text(length)),
    useBy: (at) => said('use', time(at)),
    redeemedAt: (at) => said('redeemed', time(at)),
    closedAt: (at) => said('closed', time(at)),
  },
  progress: {
    people: (groups, quorum) => `${groups.join('/')} ${quorum}`,
    approvedBy: (who, isReader) => said(isReader ? 'you approved' : 'approved', name(who)),
    counted: (groups, have, quorum) => `${groups.join('/')} ${have}:${quorum}`,
  },
  params: {
    pageOf: (page, pages) => line('page', page, pages),
    partOf: (part, parts) => line('part', part, parts),
    leftOut: (length) => `⟦${length}⟧`,
    labelled: (label, key) => `${label} [${key}]`,
    notGiven: '⟦–⟧',
    sides: { before: '< ', after: '> ' },
    forms: {
      text: (lines) => line('text', lines),
      diff: (lines) => line('diff', lines),
      array: (items) => line('list', items),
      object: (members) => line('object', members),
      textChange: (lines) => line('texts', lines),
      change: (lines) => line('change', lines),
    },
    fromLine: (number) => line('from', number),
    signs: all(english.params.signs),
  },
  run: {
    label: other('will run'),
    runs: (command, cwd) => said('in', exact(command), exact(cwd)),
    willRun: (command, cwd) => said('will run', exact(command), exact(cwd)),
  },
  buttons: {
    confirm: (what) => line('confirm', what),
    review: (number) => line('review', number),
    openLink: (host, number = 0) => line('link', host, number),
    openStory: other('console'),
  },
  forbidden: (rules, later) =>
    line(later ? 'approved' : 'asked', ...rules.flatMap(({ id, summary }) => [id, summary ?? ''])),
  uncovered: (verb, environment, { why }) => line(why, verb, environment),
  stops: all<StopCode>(english.stops),
  report: {
    requested: ({ data }) => line('asked', data.executor),
    shown: ({ data }) => line('shown', data.page, data.pages, data.view),
    decided: ({ data }) => line(data.verdict, data.via),
    approved: ({ data }) => line('approved', data.by, data.lapsesAt),
    denied: ({ data }) => line('denied', data.by),
    expired: () => line('expired'),
    cancelled: () => line('cancelled'),
    lapsed: () => line('lapsed'),
    revoked: () => line('revoked'),
    'vote-void': ({ data }) => line('void', data.vote),
    redeemed: ({ data }) => line('redeemed', data.redemption),
    succeeded: () => line('succeeded'),
    failed: () => line('failed'),
    unreported: () => line('unreported'),
    undeliverable: () => line('undeliverable'),
    'policy-changed': ({ data }) => line('changed', data.to),
    'key-rotated': () => line('rotated'),
    'erasure-asked': ({ data }) => line('to erase', ...data.names),
    erased: ({ data }) => line('erased', ...data.names, data.event),
    tampered: ({ data }) => line('tampered', data.from, data.to),
    exported: ({ data }) => line(data.file, data.date),
    held: ({ data }) => line('held', data.hold),
    released: ({ data }) => line('released', data.hold),
    asked: ({ data }) => line('question', data.via, data.expiresAt ?? ''),
    answered: ({ data }) => line('answered', data.question),
    reminded: ({ data }) => line('reminded', data.round),
    escalated: ({ data }) => line('escalated', ...data.groups),
    'glass-broken': ({ data }) => line('glass', data.via, data.reviewBy),
    reviewed: ({ data }) => line('reviewed', data.finding),
    unreviewed: () => line('unreviewed'),
    refused: ({ data }) => line(data.act, data.code),
    roster: ({ data }) => line('roster', data.group, data.count, data.digest),
  },
  unlisted: (groups) => line('unlisted', ...groups),
  exceptions: all<ExceptionKind>(english.exceptions),
  request: {
    labels: all(english.request.labels),
    erased: other(english.request.erased),
    notVerified: (who) => line('unverified', who),
    excludedByAgent: (who) => (who.length === 0 ? '' : line('by word', ...who)),
    fromAgent: other(english.request.fromAgent),
    voted: (who, at) => line('voted', who, at),
    policy: (outcome, tier, rules) => line('policy', outcome ?? '', tier ?? '', ...rules),
    delivery: (state) => line('cards', state),
    waits: (missing, until) => line('waits', missing, until ?? ''),
    ended: (id, status) => line(status, id),
    deniedBy: (id, approver) => line('denied', id, approver),
  },
  bot: {
    ...all({
      ...english.bot,
      ...{ excluded: '', speak: '', waiting: '', waitingHere: '', welcomeChannel: '', approveElsewhere: '', typed: '' },
      ...{ notifyQuiet: '', notifyUsage: '' },
    }),
    excluded: all(english.bot.excluded),
    speak: (status, tier = '') => `${tier} ${status}`,
    waiting: (many) => line('waiting', many),
    waitingHere: (many) => line('waiting', many),
    welcomeChannel: (channel) => line('welcome', channel),
    typed: (words) => line('typed', words),
    notifyQuiet: (hours) => line('quiet', hours),
    notifyUsage: (state) => line('usage', state),
    approveElsewhere: (doors) => line('elsewhere', ...doors),
  },
  slack: {
    ...all({ ...english.slack, unknownPerson: '', channelId: '' }),
    unknownPerson: (account) => line('unknown', account),
    channelId: (channel) => line('this channel', channel),
  },
  clicks: {
    ...all({ ...english.clicks, inputs: '', notText: '', tooLong: '', invisible: '' }),
    inputs: all(english.clicks.inputs),
    notText: (input) => line('text', input),
    tooLong: (input, most) => line('long', input, most),
    invisible: (input) => line('invisible', input),
  },
  batch: {
    ...all({
      ...english.batch,
      ...{ open: '', place: '', choices: '', marked: '', submit: '', counted: '', notCounted: '' },
    }),
    open: (many, agent) => line('together', many, agent),
    place: (at, of, agent) => line('request', at, of, agent),
    choices: all(english.batch.choices),
    marked: all(english.batch.marked),
    submit: (many) => line('send', many),
    counted: (many, of) => line('counted', many, of),
    notCounted: (why) => line('not counted', why),
  },
  rules: {
    ...(Object.fromEntries(
      Object.keys(english.rules).map((name) => [
        name,
        (...given: readonly (string | readonly string[])[]) => line(name, ...given.flat()),
      ]),
    ) as unknown as Words['rules']),
    forbids: (actions, { when = '', unless = '' }) => line('never', ...actions, when, unless),
    asks: (actions, who, { when = '', unless = '' }) => line('asks', ...actions, ...who, when, unless),
    allows: (actions, { when = '', unless = '' }) => line('allows', ...actions, when, unless),
    facts: all(english.rules.facts),
    truth: all(english.rules.truth),
    text: (text) => `«${text}»`,
    exactly: (items) => line('exactly', ...items),
    all: (parts) => line('all', ...parts),
    any: (parts) => line('any', ...parts),
  },
  sealed: ({ date, number, size }) => line('sealed', date, number ?? 0, size),
}
