import { events, everyEvent, lines, listed, predicate, wrong } from './forging.ts'
import { many, on } from './variant.ts'

/** Records, and their place in the log. `verify.sh` only counts them. */
export const records = on(many, [
  ['a record too few', ['records', 'records', 'counts'], lines('records.jsonl', (all) => all.slice(0, -1))],
  ['a record twice', ['records', 'records', 'counts'], lines('records.jsonl', ([a = '', ...rest]) => [a, a, ...rest])],
  [
    'two records in the place of each other',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', b = '', ...rest]) => [b, a, ...rest]),
  ],
  [
    'a record with a blank',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', ...rest]) => [a.replace(':', ': '), ...rest]),
  ],
  [
    'a record with a name twice',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', ...rest]) => [a.replace('{', '{"v":1,'), ...rest]),
  ],
  [
    'a record that is a number',
    ['records', 'records', 'counts'],
    lines('records.jsonl', ([, ...rest]) => ['7\n', ...rest]),
  ],
  [
    'a record without a place',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', ...rest]) => [a.replace(/"seq":\d+,/, ''), ...rest]),
  ],
  [
    'a record of a shard that no log has',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', ...rest]) => [a.replace(/"shard":"../, '"shard":"zz'), ...rest]),
  ],
  [
    'a record of over 4 KiB',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', ...rest]) => [a.replace('}\n', `,"z":"${'z'.repeat(4096)}"}\n`), ...rest]),
  ],
  [
    'no end of the last record',
    ['records', 'records', 'counts'],
    lines('records.jsonl', (all) => [all.join('').slice(0, -1)]),
  ],
  [
    'another frontier',
    ['root', 'records', '-'],
    predicate(({ log }) => void (log.from.frontier = log.from.frontier.map(() => wrong))),
  ],
  [
    'a record that is not sorted',
    ['records', 'records', '-'],
    lines('records.jsonl', ([a = '', ...rest]) => [a.replace('{', '{"z":1,'), ...rest]),
  ],
  [
    'another end of a chain',
    ['records', 'records', '-'],
    predicate(({ shards }) => {
      for (const cut of Object.values(shards)) if (cut.to > 0) cut.head = '1'.repeat(64)
    }),
  ],
  ['records of another day', ['records', 'records', '-'], predicate((one) => void (one.date = '2026-02-02'))],
  [
    'types that there are not',
    ['tables', 'carried', 'counts'],
    predicate(({ counts }) => {
      counts.types = { approved: counts.records }
    }),
  ],
  [
    'a carried record from elsewhere',
    ['carried', 'carried', '-'],
    lines('carried.jsonl', ([a = '', ...rest]) => [
      a.replace(/"index":(\d+)/, (_, index) => `"index":${index === '0' ? 1 : 0}`),
      ...rest,
    ]),
  ],
  [
    'a carried record from the day itself',
    ['carried', 'carried', '-'],
    lines('carried.jsonl', ([a = '', ...rest]) => [a.replace(/"index":\d+/, '"index":13'), ...rest]),
  ],
  [
    'a changed record that is carried',
    ['carried', 'carried', '-'],
    lines('carried.jsonl', ([a = '', ...rest]) => [a.replace('db.export', 'db.import'), ...rest]),
  ],
  [
    'a carried record twice',
    ['carried', 'carried', 'counts'],
    lines('carried.jsonl', (all) => [...all, ...all.slice(0, 1)]),
  ],
  [
    'one more field of a carried record',
    ['carried', 'carried', '-'],
    lines('carried.jsonl', ([a = '', ...rest]) => [a.replace('}\n', ',"z":1}\n'), ...rest]),
  ],
])

/** Days that are rebuilt with the key: all of the log holds, and the story is a lie. */
export const stories = on(many, [
  [
    'a vote that was left out',
    ['rules', '-', '-'],
    events((all) => all.filter((event) => event !== all.find(({ type }) => type === 'decided'))),
  ],
  ['an unknown field in a record', ['records', '-', '-'], everyEvent('redeemed', { zone: 1 })],
  [
    'a table with another state',
    ['tables', '-', '-'],
    lines('requests.csv', (all) => all.map((row) => row.replace(',succeeded,', ',failed,'))),
  ],
  [
    'controls that no rule of the request names',
    ['tables', '-', '-'],
    lines('requests.csv', (all) => all.map((row) => row.replace('AC-6(9); CC6.1', 'AC-6(9); CC6.1; CC8.1'))),
  ],
  [
    'a metric that does not follow from the records',
    ['tables', '-', '-'],
    lines('metrics.csv', (all) => all.map((row) => row.replace(/^(all,,asked),\d+/, '$1,999'))),
  ],
  ['rows that are not counted', ['tables', 'carried', '-'], predicate(({ counts }) => void (counts.requests += 1))],
  ['a policy file that belongs to no version', ['tables', '-', '-'], listed(`policy/${'a'.repeat(64)}/allow.cedar`)],
])
