import type { Teller } from '../../verdict/verdict.ts'
import type { Check } from '../../verify/finding.ts'

/** The page's words in English. What the verifier finds has its own, which are those of the command. */

/** What verdicts say of this page. */
export const teller: Teller = {
  noCedar: 'this page has no Cedar',
  laterRecord: 'verify the days together, or only count them',
  laterDays: 'the last day that you expect, or a kept checkpoint, tells',
  noSaid: 'no said file was given',
}

const plural = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`

/** What a bundle has, as the verdict's record says. */
interface Seen {
  readonly date: string
  readonly number: number
  readonly records: number
  readonly requests: number
  readonly exceptions: number
}

export const words = {
  from: 'First day',
  through: 'Last day',
  wrongOrder: 'The first day is after the last day.',
  wrongDay: (field: string, given: string) =>
    `${field}: “${given}” is not a day in UTC as 2026-01-31, that the calendar has.`,
  wrongFirst: (given: string) =>
    `First bundle: “${given}” is neither its number nor the SHA-256 of its file or manifest, of 64 hex digits.`,
  unnamedSaid: (name: string) =>
    `${name} cannot be put beside its day: with more than one bundle, a said file needs its date in its name, as said-2026-01-31.jsonl.`,

  // What was given.
  notKey: (name: string) => `${name} is not one public key of P-256 in PEM.`,
  privateKey: (name: string) =>
    `${name} has a private key. It is not needed here, and whoever has it can forge evidence: keep it away from this computer.`,
  nothingKnown: (name: string) => `${name} is neither a bundle, a public key, a said file nor a checkpoint.`,
  notReadable: (name: string) => `${name} cannot be read. Was it moved or removed?`,
  dropped: 'What was dropped',
  pastedText: 'Pasted text',
  given: (count: number) => `✓ ${count} given`,
  remove: (name: string) => `Remove ${name}`,
  thumbprint: (of: string) => `thumbprint ${of}`,
  checkpoints: (count: number) => plural(count, 'checkpoint', 'checkpoints'),
  added: (count: number) => `${plural(count, 'file', 'files')} added.`,
  alreadyThere: (name: string) => `${name} was already there.`,
  needsKey: 'Add the log’s public key first.',
  needsBundle: 'Add a bundle first.',
  needsBoth: 'Add a bundle and the log’s public key first.',
  ready: (bundles: number) => `Ready: ${plural(bundles, 'bundle', 'bundles')}.`,

  // While it works.
  notStarted: 'The program that verifies could not be loaded. Is the service reachable? Try again.',
  started: 'Verifying. Nothing leaves this computer.',
  running: (file: string) => (file === '' ? 'Reading the files' : file),
  reading: 'reading the directory, the signatures and the digests',
  records: (done: number, of: number) => `${done.toLocaleString('en')} of ${of.toLocaleString('en')} records`,
  which: (place: number, files: number) => `bundle ${place + 1} of ${files}`,
  percent: (percent: number) => `${percent} percent verified.`,
  cancelled: 'Cancelled. Nothing was decided about these files.',
  fault: 'This page has a fault. It says nothing about the evidence.',
  unreadable: 'Not verified',

  // The verdict.
  code: 'Code',
  check: 'Check',
  where: 'Where',
  index: (index: number) => `record ${index} of the log`,
  line: (line: number) => `line ${line}`,
  checkState: { held: 'holds', failed: 'fails', open: 'not reached', absent: 'no said file' },
  holds: 'holds',
  notReached: 'not verified',
  day: 'Day',
  bundle: 'Bundle',
  bundleOf: (number: string, date: string) => `${number} of ${date}`,
  number: 'Number',
  recordCount: 'Records',
  requests: 'Requests',
  exceptions: 'Exceptions',
  result: 'Result',
  details: 'What was verified',
  checks: 'Checks, in their order',
  bundles: (count: number) => plural(count, 'bundle', 'bundles'),
  unused: (names: readonly string[]) => `Not looked at, since no bundle of their day was given: ${names.join(', ')}`,
  by: (version: string, at: string, seconds: string) =>
    `Checked in this browser by Countersign ${version} at ${at}, in ${seconds} s.`,
  withKeys: (thumbprints: readonly string[]) =>
    `Trusted ${thumbprints.length === 1 ? 'key' : 'keys'}, by RFC 7638 thumbprint: ${thumbprints.join(', ')}.`,
  seen: ({ date, number, records, requests, exceptions }: Seen) =>
    `${date}, bundle ${number}: ${plural(records, 'record', 'records')} about ${plural(requests, 'request', 'requests')}, ${plural(exceptions, 'exception', 'exceptions')} to look at.`,
  print: 'Print',
  save: 'Save the result',
  title: (verdict: string) => `${verdict} – Countersign`,
} as const

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
