import { words } from './words.ts'

/**
 * What the page says before its script runs, and around what the script draws: the build fills `page.html` with it. `<code>`
 * is the only mark that a text may have. Another language is one more object of the same members.
 */
const english = {
  locale: words.locale,
  title: 'Verify evidence',
  product: 'Countersign',
  offline: 'No network: nothing leaves this computer',
  about:
    'Every check of <code>countersign verify</code>, in this browser: signatures, digests, the log, the tables, the approval rules, and each request and vote judged anew by the policy in its bundle.',
  form: 'What to verify',
  drop: 'Drop files or folders here',
  dropAbout: 'in any order, all at once',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  key: 'The log’s public key',
  needed: 'needed',
  keyAbout:
    '<code>log.pem</code>, which you got from the operator in person or with an earlier audit. Never take it from a bundle.',
  paste: 'Paste a key',
  pem: 'Public key in PEM',
  pemExample: '-----BEGIN PUBLIC KEY-----',
  usePem: 'Use this key',
  bundles: 'Bundles',
  bundlesAbout:
    '<code>countersign-evidence-DATE.zip</code>: one day, or several in a row, which then have to continue each other.',
  said: 'What people wrote',
  optional: 'optional',
  saidAbout:
    '<code>said-DATE.jsonl</code>: reasons, notes and the exact actions. Without them, texts are not compared.',
  kept: 'Kept checkpoints and cosignatures',
  keptAbout:
    'A text with the log’s name, size and root that you kept yourself. Or <code>cosignatures-DATE.txt</code>, with the key of a witness, pasted or as a file: it then must have cosigned each day. Only these show that the log was not written anew with its own key.',
  known: 'What has to be there',
  knownAbout: 'Files cannot show that days at either end were taken away. Say here what you know.',
  from: words.from,
  through: words.through,
  first: 'First bundle: its number, or a SHA-256 of its file or manifest',
  allow: 'Only count texts that are missing without a record that says why',
  verify: 'Verify',
  result: words.result,
  empty:
    'The verdict appears here: what holds, and if something does not, the first thing that is wrong and where it is.',
  proves: 'What a verdict of VERIFIED proves',
  provesSigned: 'The holder of the key signed exactly these events for these days, and nothing earlier was changed.',
  provesRules: 'The approval rules were kept, and requests, votes and views are what the policy in the bundle says.',
  provesTexts:
    'With the said files: the texts are those that people and agents wrote, or a record says who had them erased.',
  cannot: 'What it cannot prove',
  cannotTwice: 'That the key’s holder did not write a day twice: a kept checkpoint or a witness shows that.',
  cannotRan: 'That what ran is what was approved: the outcome is the executor’s own report.',
  cannotCedar:
    'That <code>rules.json</code> lists what the Cedar files say: the command compares them, since it has Cedar.',
  cancel: 'Cancel',
}

export const pageText: Readonly<Record<keyof typeof english, string>> = english
