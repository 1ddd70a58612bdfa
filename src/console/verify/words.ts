import type { Teller } from '../../verdict/verdict.ts'
import type { Check } from '../../verify/finding.ts'

/** What verdicts say of this page. */
export const teller: Teller = {
  noCedar: 'this page has no Cedar',
  laterRecord: 'verify the days together, or only count them',
  laterDays: 'the last day that you expect, or a kept checkpoint, tells',
  noSaid: 'no said file was given',
}

const locale = 'en'

const plural = (count: number, one: string, many: string): string =>
  `${count.toLocaleString(locale)} ${count === 1 ? one : many}`

/** What a bundle has, as the verdict's record says. */
interface Seen {
  readonly date: string
  readonly number: number
  readonly records: number
  readonly requests: number
  readonly exceptions: number
}

/**
 * What the page says of itself, in one language: another language is one more object of this type. What the verifier finds
 * has its own words, which are those of the command.
 */
interface VerifyWords {
  /** RFC 5646, of the page and of its numbers. */
  readonly locale: string
  readonly from: string
  readonly through: string
  readonly wrongOrder: string
  readonly wrongDay: (field: string, given: string) => string
  readonly wrongFirst: (given: string) => string
  readonly unnamedSaid: (name: string) => string
  readonly theKey: string
  readonly notKey: (name: string) => string
  readonly privateKey: (name: string) => string
  readonly nothingKnown: (name: string) => string
  readonly notReadable: (name: string) => string
  readonly dropped: string
  readonly pastedText: string
  readonly given: (count: number) => string
  readonly remove: (name: string) => string
  readonly thumbprint: (of: string) => string
  readonly checkpoints: (count: number) => string
  readonly witness: string
  readonly notWitness: string
  readonly unnamedCosigned: (name: string) => string
  /** The unit of bytes, and of each 1,024 times as many. */
  readonly sizes: readonly string[]
  readonly added: (count: number) => string
  readonly alreadyThere: (name: string) => string
  readonly needsKey: string
  readonly needsBundle: string
  readonly needsBoth: string
  readonly ready: (bundles: number) => string
  readonly notStarted: string
  readonly started: string
  readonly running: (file: string) => string
  readonly reading: string
  readonly records: (done: number, of: number) => string
  readonly which: (place: number, files: number) => string
  readonly percent: (percent: number) => string
  readonly cancelled: string
  readonly fault: string
  readonly unreadable: string
  readonly code: string
  readonly check: string
  readonly where: string
  readonly index: (index: number) => string
  readonly line: (line: number) => string
  readonly checkState: Readonly<Record<'held' | 'failed' | 'open' | 'absent', string>>
  readonly holds: string
  readonly notReached: string
  readonly day: string
  readonly bundle: string
  readonly bundleOf: (number: string, date: string) => string
  readonly number: string
  readonly recordCount: string
  readonly requests: string
  readonly exceptions: string
  readonly result: string
  readonly details: string
  readonly checks: string
  readonly bundles: (count: number) => string
  readonly unused: (names: readonly string[]) => string
  readonly by: (version: string, at: string, seconds: string) => string
  readonly withKeys: (thumbprints: readonly string[]) => string
  readonly seen: (bundle: Seen) => string
  readonly print: string
  readonly save: string
  readonly title: (verdict: string) => string
}

const english: VerifyWords = {
  locale,
  from: 'First day',
  through: 'Last day',
  wrongOrder: 'The first day is after the last day.',
  wrongDay: (field, given) => `${field}: “${given}” is not a day in UTC as 2026-01-31, that the calendar has.`,
  wrongFirst: (given) =>
    `First bundle: “${given}” is neither its number nor the SHA-256 of its file or manifest, of 64 hex digits.`,
  unnamedSaid: (name) =>
    `${name} cannot be put beside its day: with more than one bundle, a said file needs its date in its name, as said-2026-01-31.jsonl.`,

  // What was given.
  theKey: 'The key',
  notKey: (name) => `${name} is not one public key of P-256 in PEM.`,
  privateKey: (name) =>
    `${name} has a private key. It is not needed here, and whoever has it can forge evidence: keep it away from this computer.`,
  nothingKnown: (name) =>
    `${name} is neither a bundle, a public key, a said file, a checkpoint nor the key of a witness.`,
  notReadable: (name) => `${name} cannot be read. Was it moved or removed?`,
  dropped: 'What was dropped',
  pastedText: 'Pasted text',
  given: (count) => `✓ ${count} given`,
  remove: (name) => `Remove ${name}`,
  thumbprint: (of) => `thumbprint ${of}`,
  checkpoints: (count) => plural(count, 'checkpoint', 'checkpoints'),
  witness: 'witness that must have cosigned',
  notWitness: 'The key of a witness is not whole.',
  unnamedCosigned: (name) =>
    `${name} cannot be put beside its day: a file of cosignatures needs its date in its name, as cosignatures-2026-01-31.txt.`,
  sizes: ['B', 'KiB', 'MiB', 'GiB'],
  added: (count) => `${plural(count, 'file', 'files')} added.`,
  alreadyThere: (name) => `${name} was already there.`,
  needsKey: 'Add the log’s public key first.',
  needsBundle: 'Add a bundle first.',
  needsBoth: 'Add a bundle and the log’s public key first.',
  ready: (bundles) => `Ready: ${plural(bundles, 'bundle', 'bundles')}.`,

  // While it works.
  notStarted: 'The program that verifies could not be loaded. Is the service reachable? Try again.',
  started: 'Verifying. Nothing leaves this computer.',
  running: (file) => (file === '' ? 'Reading the files' : file),
  reading: 'reading the directory, the signatures and the digests',
  records: (done, of) => `${done.toLocaleString(locale)} of ${of.toLocaleString(locale)} records`,
  which: (place, files) => `bundle ${place + 1} of ${files}`,
  percent: (percent) => `${percent} percent verified.`,
  cancelled: 'Cancelled. Nothing was decided about these files.',
  fault: 'This page has a fault. It says nothing about the evidence.',
  unreadable: 'Not verified',

  // The verdict.
  code: 'Code',
  check: 'Check',
  where: 'Where',
  index: (index) => `record ${index} of the log`,
  line: (line) => `line ${line}`,
  checkState: { held: 'holds', failed: 'fails', open: 'not reached', absent: 'no said file' },
  holds: 'holds',
  notReached: 'not verified',
  day: 'Day',
  bundle: 'Bundle',
  bundleOf: (number, date) => `${number} of ${date}`,
  number: 'Number',
  recordCount: 'Records',
  requests: 'Requests',
  exceptions: 'Exceptions',
  result: 'Result',
  details: 'What was verified',
  checks: 'Checks, in their order',
  bundles: (count) => plural(count, 'bundle', 'bundles'),
  unused: (names) => `Not looked at, since no bundle of their day was given: ${names.join(', ')}`,
  by: (version, at, seconds) => `Checked in this browser by Countersign ${version} at ${at}, in ${seconds} s.`,
  withKeys: (thumbprints) =>
    `Trusted ${thumbprints.length === 1 ? 'key' : 'keys'}, by RFC 7638 thumbprint: ${thumbprints.join(', ')}.`,
  seen: ({ date, number, records, requests, exceptions }) =>
    `${date}, bundle ${number}: ${plural(records, 'record', 'records')} about ${plural(requests, 'request', 'requests')}, ${plural(exceptions, 'exception', 'exceptions')} to look at.`,
  print: 'Print',
  save: 'Save the result',
  title: (verdict) => `${verdict} – Countersign`,
}

/** The language of the page. */
export const words: VerifyWords = english

/** What each check finds, in the order of the verifier. */
export const checkWords: Readonly<Record<Check, string>> = {
  zip: 'The zip unpacks to what is verified here, and to nothing else',
  manifest: 'The key that you trust signed the manifest',
  members: 'No file was changed, added or taken away',
  checkpoints: 'The log’s size and root are signed, before and after the day',
  records: 'Each record has its form, and follows the one before it in its chain',
  root: 'The records are exactly what the log grew by',
  consistency: 'The log only grew: nothing earlier was changed',
  carried: 'Earlier events of the day’s requests were in the log',
  tables: 'The tables say what the records say',
  rules: 'The approval rules were kept, replayed event by event',
  policy: 'Asks, votes and views are what the policy in the bundle says',
  said: 'What people wrote is what the log commits to',
}
