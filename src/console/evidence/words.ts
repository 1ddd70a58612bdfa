/**
 * What the console says of evidence, in one language: another language is one more object of this type. The page of
 * evidence loads it, and not the first page. What a verdict says is in `src/verdict`, as for the command.
 */
interface EvidenceWords {
  readonly about: string
  readonly none: string
  readonly noneAbout: string
  readonly checkpoint: string
  readonly checkpointAbout: string
  readonly notExported: string
  readonly recorded: string
  readonly ownFiles: string
  readonly ownFilesAbout: string
  readonly openVerifier: string
  readonly saveVerifier: string
  readonly period: PeriodWords
  readonly day: DayWords
  readonly keys: KeyWords
  readonly job: JobWords
  readonly proof: ProofWords
}

interface PeriodWords {
  readonly title: string
  readonly month: string
  readonly quarter: string
  readonly quarterName: (year: string, quarter: string) => string
  readonly earlier: string
  readonly later: string
  readonly weekdays: readonly string[]
  readonly verify: string
  readonly download: string
  readonly none: string
  readonly days: (count: number) => string
  readonly lacking: (dates: readonly string[]) => string
}

/** What a day of the calendar is. */
type DayState = 'sealed' | 'empty' | 'missing' | 'outside'

interface DayWords {
  readonly title: (date: string) => string
  readonly choose: string
  readonly states: Readonly<Record<DayState, string>>
  /** What came of verifying it on this page. */
  readonly verdicts: Readonly<Record<'held' | 'failed', string>>
  readonly number: string
  readonly records: string
  readonly requests: string
  readonly exceptions: string
  readonly size: string
  readonly digest: string
  readonly lacks: Readonly<Record<'seal' | 'bundle' | 'checkpoint' | 'manifest', string>>
  readonly verify: string
  readonly bundle: string
  readonly said: string
  readonly spoken: (about: SpokenDay) => string
}

/** A day, as a screen reader says it. */
interface SpokenDay {
  readonly title: string
  readonly state: string
  readonly records?: number | undefined
  readonly exceptions?: number | undefined
  readonly verdict?: string | undefined
}

interface KeyWords {
  readonly title: string
  readonly about: string
  readonly warning: string
  readonly keptHere: string
  readonly give: string
  readonly another: string
  readonly thumbprint: string
  readonly remove: (name: string) => string
  readonly removeKey: string
  readonly choose: string
  readonly pasted: string
  readonly paste: string
  readonly use: string
  readonly hint: string
  readonly checkpoint: (count: number) => string
  readonly unusable: string
  readonly bundleHere: string
  readonly cosignedHere: string
  readonly allow: string
}

interface JobWords {
  readonly title: string
  readonly needsKey: string
  readonly nothing: string
  readonly fetching: (name: string, place: number, of: number) => string
  readonly fetchingAll: string
  readonly cancel: string
  readonly cancelled: string
  readonly failedFile: (name: string, why: string) => string
  readonly downloaded: (name: string) => string
  readonly tooLarge: (name: string) => string
  readonly noCheckpoint: string
  readonly newest: string
  readonly newestLater: string
  readonly notNewest: string
  readonly otherList: string
  readonly otherListAbout: (differences: readonly string[]) => string
  readonly difference: (day: string, what: string, listed: string, found: string) => string
  /** What the calendar and the evidence both say of a day. */
  readonly compared: Readonly<
    Record<'number' | 'from' | 'records' | 'size' | 'root' | 'requests' | 'exceptions', string>
  >
}

interface ProofWords {
  readonly noKey: string
  readonly noKeyAbout: string
  readonly toKeys: string
  readonly notSealed: string
  readonly otherEvent: string
  readonly by: string
}

const plural = (count: number, one: string, many: string): string =>
  `${new Intl.NumberFormat('en-GB').format(count)} ${count === 1 ? one : many}`

const english: EvidenceWords = {
  about: 'One sealed bundle for each day. Verify it here with your own key, or with the tools that lie beside it.',
  none: 'No day is sealed yet',
  noneAbout: 'The first bundle is made after midnight UTC.',
  checkpoint: 'Newest checkpoint',
  checkpointAbout: 'Keep a copy of the newest checkpoint elsewhere: it shows later that no day was written anew.',
  notExported: 'To download and verify bundles here you need the app role Evidence.Export.',
  recorded: 'Each file that is fetched, to verify or to keep, is recorded with your name.',
  ownFiles: 'Verify files that you have',
  ownFilesAbout:
    'The page verify.html is the same verifier as one file, for bundles on your disk. Save it once, and it works without this service.',
  openVerifier: 'Open verify.html',
  saveVerifier: 'Save verify.html',
  period: {
    title: 'Period',
    month: 'Month',
    quarter: 'Quarter',
    quarterName: (year, quarter) => `${quarter} ${year}`,
    earlier: 'Earlier',
    later: 'Later',
    weekdays: ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'],
    verify: 'Verify all days here',
    download: 'Download all files',
    none: 'No day of this period is sealed.',
    days: (count) => plural(count, 'sealed day', 'sealed days'),
    lacking: (dates) => `Missing: ${dates.join(', ')}`,
  },
  day: {
    title: (date) => new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' }).format(new Date(date)),
    choose: 'Choose a day in the calendar to see what its bundle has.',
    states: {
      sealed: 'sealed',
      empty: 'sealed, without an event',
      missing: 'something is missing',
      outside: 'not sealed',
    },
    verdicts: { held: 'verified here', failed: 'did not verify here' },
    number: 'Bundle',
    records: 'Records',
    requests: 'Requests',
    exceptions: 'Exceptions',
    size: 'Size',
    digest: 'SHA-256 of the bundle',
    lacks: {
      seal: 'The day ended, and is not sealed.',
      bundle: 'The service does not have its bundle any more.',
      checkpoint: 'The service does not have its checkpoint any more.',
      manifest: 'The service does not have a manifest that the next day names.',
    },
    verify: 'Verify here',
    bundle: 'Bundle',
    said: 'What was said',
    spoken: ({ title, state, records, exceptions, verdict }) =>
      [
        `${title}: ${state}`,
        ...(records === undefined ? [] : [plural(records, 'record', 'records')]),
        ...(exceptions ? [plural(exceptions, 'exception', 'exceptions')] : []),
        ...(verdict === undefined ? [] : [verdict]),
      ].join(', '),
  },
  keys: {
    title: 'Your key',
    about: 'The log’s public key, log.pem. Give it once: this browser keeps it, and every verification here uses it.',
    warning:
      'Get it from the operator in person, or from an earlier audit. A key that comes from this service alone proves nothing: whoever can forge evidence can hand out the key to it.',
    keptHere: 'This browser keeps it. Compare its thumbprint with the one that you were given:',
    give: 'Give your key',
    another: 'Another key, or a checkpoint that you kept',
    thumbprint: 'RFC 7638 thumbprint',
    remove: (name) => `Remove ${name}`,
    removeKey: 'Remove this key',
    choose: 'Choose a file',
    pasted: 'Pasted text',
    paste: 'Or paste it: a key in PEM, or a checkpoint that you kept',
    use: 'Use this text',
    hint: 'Drop log.pem here. A checkpoint that you kept can be dropped too, and is compared with the days that it is of.',
    checkpoint: (count) => `${plural(count, 'kept checkpoint', 'kept checkpoints')}, until you leave this page`,
    unusable: 'Not taken',
    bundleHere: 'Bundles that you have are verified by verify.html; here the days of the calendar are.',
    cosignedHere: 'Cosignatures of witnesses are verified by verify.html, and by the command with --witness.',
    allow: 'Only count texts that are missing without a record that says why',
  },
  job: {
    title: 'Result',
    needsKey: 'Give your key first: without one, a verdict would rest on this service alone.',
    nothing: 'No day of this period has a bundle.',
    fetching: (name, place, of) => `Fetching ${name} (${place} of ${of})`,
    fetchingAll: 'Fetching files.',
    cancel: 'Cancel',
    cancelled: 'Cancelled.',
    failedFile: (name, why) => `${name} could not be fetched. ${why}`,
    downloaded: (name) => `${name} is downloaded.`,
    tooLarge: (name) => `${name} is too large for an archive: download the days one by one.`,
    noCheckpoint: 'What the service gives as its newest checkpoint is none.',
    newest: 'The newest checkpoint of this service was compared with the last day.',
    newestLater: 'A further day was sealed meanwhile, so the newest checkpoint was not compared. Load the page again.',
    notNewest: 'Later days are sealed, so the newest checkpoint of this service was not compared.',
    otherList: 'The calendar does not say what the evidence says',
    otherListAbout: (differences) => `Tell the operator. ${differences.join(' ')}`,
    difference: (day, what, listed, found) =>
      `${day}: ${what} is ${listed} in the calendar, and ${found} in the evidence.`,
    compared: {
      number: 'the number of the bundle',
      from: 'the place of the first record in the log',
      records: 'the number of records',
      size: 'the size of the log',
      root: 'the root of the log',
      requests: 'the number of requests',
      exceptions: 'the number of exceptions',
    },
  },
  proof: {
    noKey: 'Give your key first',
    noKeyAbout: 'A proof is checked with the log’s public key that you trust.',
    toKeys: 'Go to Evidence',
    notSealed: 'The service has no proof of it yet.',
    otherEvent: 'The proof holds, but for another event than the one that this page shows. Tell your compliance staff.',
    by: 'Checked in this browser, with the key that you trust: the log commits to this event at this place.',
  },
}

/** The language of the page. */
export const words: EvidenceWords = english
