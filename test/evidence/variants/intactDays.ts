import { rewrite, type Written } from '../bundle.ts'
import { edit, type Members, resign } from '../forgery.ts'
import { envelope, keyOf, nothing, otherOf, publicPem, sorted, statementIn } from './forging.ts'
import { after, type Answers, empty, first, many, on, rotation, type Secrets, type Variant } from './variant.ts'

/** Days that hold. */
export const intactDays: readonly Variant[] = [
  ...on(first, [['the first day', ['holds', 'holds', 'holds'], nothing]]),
  ...on(2, [['a day of an earlier program, without metrics.csv', ['holds', 'holds', 'holds'], nothing]]),
  ...on(many, [
    ['a day of thirty records', ['holds', 'holds', 'holds'], nothing],
    [
      'the other signature that ECDSA accepts',
      ['holds', 'holds', 'holds'],
      envelope(({ dsseEnvelope: { signatures } }) => signatures.forEach((one) => (one.sig = otherOf(one.sig)))),
    ],
    ['a recorded tampering', ['tampered', 'tampered', 'tampered'], recordTampering],
  ]),
  ...on(rotation, [['a key rotation, by the old key', ['holds', 'holds', 'holds'], nothing]]),
  ...(
    [
      ['a key rotation, by the new key', rotation],
      ['a day without records', empty],
      ['a day under the new key', after],
    ] as const
  ).map(([what, day]) => {
    const answers: Answers = ['holds', 'holds', 'holds']
    return { what, day, answers, change: nothing, key: (secrets: Secrets) => publicPem(secrets.next) }
  }),
]

/** An event `tampered` about no request, and its row. */
function recordTampering(members: Members, { log }: Secrets): Members {
  const person = '00000000-0000-4000-8000-000000000077'
  const lastShard = (all: readonly Written[]) => all.at(-1)?.shard ?? '00'
  let at = ''
  const changed = rewrite(members, keyOf(log), (all) => {
    at = String(all.at(-1)?.['at'])
    return [
      ...all,
      sorted({
        ...{ v: 1, type: 'tampered', at, shard: lastShard(all), seq: 0, prev: '' },
        ...{
          actor: { id: person, kind: 'person' },
          data: { check: 'mac', from: 1, to: 1 },
          said: { why: '0'.repeat(64) },
        },
      }),
    ]
  })
  const { size } = statementIn(changed).predicate.log.to
  edit(changed, 'exceptions.csv', (table) => `${table}${size - 1},${at},,tampered,${person},,mac 1-1\r\n`)
  resign(
    changed,
    log,
    ({ predicate: { counts } }) => void ((counts as Record<string, unknown>)['exceptions'] = rowsIn(changed)),
  )
  return changed
}

const rowsIn = (members: Members): number => (members.get('exceptions.csv')?.toString().split('\r\n').length ?? 2) - 2
