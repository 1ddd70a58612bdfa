import type { Row } from './row.ts'

const rows = 'test/trust/rows.test.ts'
const others = 'test/trust/others.test.ts'
const form = 'test/azure/rowForm.test.ts'
const lists = 'test/trust/lists.test.ts'
const touched = '%s, after it was %s: nothing is granted, and every call reports it'

/** What a person can do who may write the tables, and has no key. */
export const storageRows: readonly Row[] = [
  {
    attack: 'A person who can write the tables forges an event, a head, or a row of sealed days',
    control:
      'Each of these rows is authenticated with a key that only the service has. A row that is not authentic is refused by place, and nothing of it is published',
    switches: [
      {
        name: 'row-mac',
        file: 'src/runtime/macs.ts',
        find: "if (!(await this.isAuthentic(text, claimed))) throw evidenceBroken({ ...place, check: 'mac' })",
        replace: '',
        tests: {
          [others]: [
            'a head that was moved or forged is not continued',
            'E: an edited event is not streamed into a bundle',
            'rows of sealed days › %s are refused',
          ],
        },
      },
      {
        name: 'mac-version',
        file: 'src/core/log/mac.ts',
        find: 'versions.find(({ id }) => id === macKey)',
        replace: 'versions[0]',
        tests: { 'test/core/log/mac.test.ts': ['a text is authentic %s'] },
      },
      {
        name: 'mac-kind',
        file: 'src/core/log/mac.ts',
        find: 'type: `countersign/${kind}/v1`',
        replace: "type: 'countersign/v1'",
        tests: { 'test/core/log/mac.test.ts': ['no text of one kind is that of another'] },
      },
      {
        name: 'seal-head',
        file: 'src/evidence/seal/attest.ts',
        find: '  if (!isSame)\n',
        replace: '  if (!isSame && head === null)\n',
        tests: {
          'test/evidence/sealBroken.test.ts': [
            'broken evidence › stops sealing, is reported once, and nothing is published: %s',
          ],
        },
      },
    ],
  },
  {
    attack: 'A person who can write the tables edits the row of a request: its state, action, people or words',
    control:
      'The row is a cache. Before a view, a vote, a grant, a redemption or a report, the request’s own events are read and replayed, and the row has to say the same',
    switches: [
      {
        name: 'change-events',
        file: 'src/approvals/commit.ts',
        find: 'if (request !== given) await recollection.check(request)',
        replace: '',
        tests: { [rows]: [touched] },
      },
      {
        name: 'found-events',
        file: 'src/approvals/commit.ts',
        find: 'given && recollection.check(given),',
        replace: 'undefined,',
        tests: { [rows]: [touched, 'D: the owner of the agent cannot approve alone, whatever the row says'] },
      },
      {
        name: 'read-events',
        file: 'src/approvals/approvals.ts',
        find: 'return believed(parts, await upToDate(parts, request))',
        replace: 'return upToDate(parts, request)',
        tests: { [rows]: [touched] },
      },
      {
        name: 'grant-events',
        file: 'src/approvals/approvals.ts',
        find: 'const request = await believed(parts, read)',
        replace: 'const request = read',
        tests: { [rows]: [touched] },
      },
      {
        name: 'key-owner',
        file: 'src/approvals/askKey.ts',
        find: 'request?.agent.id !== agent.id || ',
        replace: '!request || ',
        tests: {
          [others]: [
            'an idempotency key › whose row is accepted by a %s still answers with the caller’s own request only',
          ],
        },
      },
      {
        name: 'key-action',
        file: 'src/approvals/askKey.ts',
        find: ' || askedDigestOf(request) !== actionDigest(action)',
        replace: '',
        tests: {
          [others]: ['an idempotency key › whose row is accepted by a %s still answers with the sent action only'],
        },
      },
      {
        name: 'row-facts',
        file: 'src/core/record/retelling.ts',
        find: 'if (!isSame(value, expected)) throw',
        replace: 'if (false) throw',
        tests: { [rows]: [touched] },
      },
      {
        name: 'row-action',
        file: 'src/core/record/retelling.ts',
        find: 'if (action !== null && actionDigest(action) !== told.digest) throw',
        replace: 'if (false) throw',
        tests: { [rows]: [touched] },
      },
      {
        name: 'row-texts',
        file: 'src/core/record/retelling.ts',
        find: 'if (said.get(`${seq} ${name}`) !== sha256(text)) throw',
        replace: 'if (false) throw',
        tests: { [rows]: [touched] },
      },
      {
        name: 'event-texts',
        file: 'src/core/record/retelling.ts',
        find: 'if (event.said?.[name] !== saidDigest(salted))',
        replace: 'if (false)',
        tests: { [rows]: [touched] },
      },
      {
        name: 'missing-texts',
        file: 'src/core/record/retelling.ts',
        find: "!('closedAt' in told || isTampered(row) || row.fromEvents) &&",
        replace: 'false &&',
        tests: {
          'test/approvals/recollection.test.ts': [
            'an open request whose texts are missing is refused, because only closed ones are erased',
          ],
        },
      },
      {
        name: 'restored-without-texts',
        file: 'src/azure/row.ts',
        find: 'presentation: policy.presentation, fromEvents })',
        replace: 'presentation: policy.presentation, ...(fromEvents && {}) })',
        tests: {
          'test/backup/lost.test.ts': [
            'events that only chunks have › whoever takes the action out of an open row of the tables is found',
          ],
        },
      },
      {
        name: 'row-form',
        file: 'src/azure/ledger.ts',
        find: '  checkRequestForm(request)\n',
        replace: '',
        tests: {
          [form]: ['whatever value stands anywhere in the row of a request, it is refused by place: %s'],
        },
      },
      {
        name: 'said-form',
        file: 'src/azure/row.ts',
        find: '  checkSaidForm(said)\n',
        replace: '',
        tests: { [form]: ['whatever value stands among the texts beside an event, it is refused by place'] },
      },
      {
        name: 'older-row',
        file: 'src/approvals/recollection.ts',
        find: 'if (known && isBefore(request, known)) await this.#refuseOlder(request)',
        replace: 'if (known && isBefore(request, known)) return',
        tests: { [others]: ['a process that knows newer events refuses an older row'] },
      },
    ],
  },
  {
    attack:
      'A person who can write the tables edits a row of an index, by which a list finds requests and which has a copy of them',
    control:
      'A copy is authenticated with its place. A list reads the request’s own row where a copy is not the service’s, and where this process knows that the request has gone on',
    switches: [
      {
        name: 'list-copy',
        file: 'src/azure/indexRow.ts',
        find: '  if (!(await macs.isAuthentic(text, row))) return null\n',
        replace: '',
        tests: {
          [lists]: [
            'a row of an index › that %s shows what is true',
            'a row of an index › does not pass under another key, in another shard or another ledger',
          ],
        },
      },
      {
        name: 'list-copy-place',
        file: 'src/azure/indexRow.ts',
        find: 'rowText({ origin, partition, row, columns: { copy: sha256(copy) } })',
        replace: "rowText({ origin, partition, row: '', columns: { copy: sha256(copy) } })",
        tests: {
          [lists]: ['a row of an index › does not pass under another key, in another shard or another ledger'],
        },
      },
      {
        name: 'list-copy-erased',
        file: 'src/azure/transaction.ts',
        find: "return isClosed(after) ? [['upsert', row, 'Replace']] : []",
        replace: "return isClosed(after) && before.status !== after.status ? [['upsert', row, 'Replace']] : []",
        tests: {
          [lists]: [
            'a list has what the request’s own row has › after its texts were erased, and no row of an index keeps them',
          ],
        },
      },
      {
        name: 'list-known',
        file: 'src/approvals/approvals.ts',
        find: 'recollectionOf(ledger).knowsLater(request)',
        replace: 'false',
        tests: {
          [lists]: ['a row of an index › that was put back is not believed by a process that knows later events'],
        },
      },
    ],
  },
]
