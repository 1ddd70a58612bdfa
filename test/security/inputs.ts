import type { Row } from './row.ts'

const json = 'test/core/data/json.test.ts'
const refuses = 'refuses %s'
const faults = 'test/doors/faults.test.ts'

/** What is sent, or told, to mean something else than it looks. */
export const inputRows: readonly Row[] = [
  {
    attack: 'JSON that two readers understand differently, or that costs too much to read',
    control: 'One strict reader, with its limits checked before anything else is done',
    switches: [
      {
        name: 'json-doubled-keys',
        file: 'src/core/data/json.ts',
        find: "if (Object.hasOwn(members, key)) this.#refuse('A key occurs twice in one object.')",
        replace: '',
        tests: { [json]: [refuses] },
      },
      {
        name: 'json-prototype',
        file: 'src/core/data/json.ts',
        find: "if (key === '__proto__')",
        replace: 'if (false)',
        tests: { [json]: [refuses] },
      },
      {
        name: 'json-depth',
        file: 'src/core/data/json.ts',
        find: 'if (depth > this.#limits.depth)',
        replace: 'if (false)',
        tests: { [json]: [refuses] },
      },
      {
        name: 'json-numbers',
        file: 'src/core/data/json.ts',
        find: 'if (Number.isInteger(value) && !Number.isSafeInteger(value))',
        replace: 'if (false)',
        tests: { [json]: [refuses] },
      },
      {
        name: 'json-digits',
        file: 'src/core/data/json.ts',
        find: 'if (digitsOf(literal) !== digitsOf(String(value)))',
        replace: 'if (false)',
        tests: { [json]: [refuses] },
      },
      {
        name: 'json-surrogates',
        file: 'src/core/data/json.ts',
        find: "if (!value.isWellFormed()) this.#refuse('A string has half a surrogate pair.')",
        replace: '',
        tests: { [json]: [refuses] },
      },
      {
        name: 'json-utf-8',
        file: 'src/core/data/json.ts',
        find: "new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })",
        replace: "new TextDecoder('utf-8', { ignoreBOM: true })",
        tests: { [json]: ['refuses bytes that are not UTF-8: %s'] },
      },
      {
        name: 'json-bytes',
        file: 'src/core/data/json.ts',
        find: 'if (bytes.length > limits.bytes)',
        replace: 'if (false)',
        tests: { [json]: ['bytes are counted before anything is read'] },
      },
      {
        name: 'body-bytes',
        file: 'src/http/input.ts',
        find: "if (Number(req.headers.get('content-length') ?? 0) > most) throw tooLarge()",
        replace: '',
        tests: { 'test/http/input.test.ts': ['a body with too large a length is refused without being read'] },
      },
      {
        name: 'body-stream',
        file: 'src/http/input.ts',
        find: 'if (length > most) throw tooLarge()',
        replace: '',
        tests: { 'test/http/input.test.ts': ['a body is read up to the limit, whatever length it declares: %p'] },
      },
    ],
  },
  {
    attack: 'An id, a date or a cursor leads to rows or files of others',
    control: 'Ids, dates and cursors are parsed, and queries made with the `odata` tag alone',
    switches: [
      {
        name: 'request-id',
        file: 'src/core/data/id.ts',
        find: 'if (!requestIdPattern.test(text)) throw noSuchRequest()',
        replace: "if (text === '') throw noSuchRequest()",
        tests: { 'test/core/data/id.test.ts': ['no request has an id %s'] },
      },
      {
        name: 'date',
        file: 'src/core/data/day.ts',
        find: '  if (Number.isNaN(ms) || instant(ms).slice(0, 10) !== text)\n',
        replace: '  if (false)\n',
        tests: {
          'test/http/evidence.test.ts': ['the date of a %s › must be in the calendar, unlike %s'],
        },
      },
      {
        name: 'moment',
        file: 'src/core/data/instant.ts',
        find: ' || instant(ms).slice(0, 19) !== text.slice(0, 19))',
        replace: ')',
        tests: { 'test/core/data/instant.test.ts': ['%p is not a moment'] },
      },
      {
        name: 'cursor',
        file: 'src/azure/cursor.ts',
        find: 'if (cursor !== cursorOf(scope, position) || !isPosition(scope, position))',
        replace: 'if (false)',
        tests: { 'test/ports/ledger.test.ts': ['%s › a list › accepts only its own cursors'] },
      },
      {
        name: 'query',
        file: 'src/azure/list.ts',
        find: 'odata`PartitionKey eq ${shard} and RowKey ge ${start} and RowKey le ${end}`',
        replace: "`PartitionKey eq '${shard}' and RowKey ge '${start}' and RowKey le '${end}'`",
        tests: {
          'test/azure/injection.test.ts': [
            'a text that is not an id finds nothing, even if it was not parsed before: %s',
          ],
        },
      },
    ],
  },
  {
    attack: 'A cell of a table is a formula to a spreadsheet',
    control: 'Cells that begin like one are quoted',
    switches: [
      {
        name: 'formula',
        file: 'src/core/data/csv.ts',
        find: "formula.test(text) ? `'${text}` : text",
        replace: 'text',
        tests: { 'test/core/record/tables.test.ts': ['a cell › %j is written so that it is a text'] },
      },
    ],
  },
  {
    attack: 'An error or a log line gives away what is inside, or what was sent',
    control:
      'Only a problem of the table is told; a bug is a bare 500; a log line has a class, a code and calls, never words',
    switches: [
      {
        name: 'bare-500',
        file: 'src/http/boundary.ts',
        find: "title: 'Internal error', status: 500, instance }",
        replace: "title: 'Internal error', status: 500, instance, detail: String(cause) }",
        tests: {
          'test/http/boundary.test.ts': ['a bug, thrown %s, is one line with its class, and a bare 500'],
          [faults]: ['when %s fails, no answer reveals what is inside'],
        },
      },
      {
        name: 'timers-words',
        file: 'src/runtime/timer.ts',
        find: 'throw new Error(`The timer ${name} failed in trace ${trace.id}.`)',
        replace: 'throw cause',
        tests: { [faults]: ['the log reveals nothing either, not even of timers'] },
      },
      {
        name: 'logged-words',
        file: 'src/runtime/log.ts',
        find: "return [word(cause.name) ?? 'Error', ...",
        replace: "return [word(cause.name) ?? 'Error', cause.message, ...",
        tests: {
          'test/runtime/log.test.ts': [
            'a fault is logged with its class, code and place, and not its message',
            'nothing of the message is logged: %s',
          ],
        },
      },
      {
        name: 'logged-codes',
        file: 'src/runtime/log.ts',
        find: '/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value)',
        replace: 'true',
        tests: { 'test/runtime/log.test.ts': ['nothing of the message is logged: %s'] },
      },
      {
        name: 'claim-by-name',
        file: 'src/runtime/token.ts',
        find: 'return cause.claim\n',
        replace: "return cause.claim + String(cause.payload[cause.claim] ?? '')\n",
        tests: {
          'test/http/caller.test.ts': ['the log names what of a token was refused, and not what it says: %s'],
        },
      },
      {
        name: 'token-fault',
        file: 'src/runtime/token.ts',
        find: "if (cause instanceof errors.JWTExpired) return 'expired'",
        replace: "if (cause instanceof errors.JWSSignatureVerificationFailed) return 'expired'",
        tests: {
          'test/http/caller.test.ts': ['a caller learns one of four faults of a token and nothing else: %s'],
        },
      },
      {
        name: 'one-sentence',
        file: 'src/teams/inbound/gate.ts',
        find: "return new Problem('unauthenticated', 'Only Microsoft Teams may call this, from our tenant and for our bot.', {",
        replace: "return new Problem('unauthenticated', String(cause), {",
        tests: { 'test/teams/gate.test.ts': ["all faults get the same words, which are the service's own"] },
      },
    ],
  },
]
