import { noteOf, resign } from '../forgery.ts'
import { lines, note, originIn, sizeAndRoot, statementIn, wrong } from './forging.ts'
import { all, first, many, on } from './variant.ts'

/** The proof that the log only grew. */
export const proofs = on(many, [
  [
    'another hash in the proof',
    all('consistency'),
    lines('checkpoint.add', ([old = '', , ...rest]) => [old, `${wrong}\n`, ...rest]),
  ],
  [
    'a hash too few in the proof',
    all('consistency'),
    lines('checkpoint.add', ([old = '', , ...rest]) => [old, ...rest]),
  ],
  [
    'a hash too many in the proof',
    all('consistency'),
    lines('checkpoint.add', ([old = '', ...rest]) => [old, `${wrong}\n`, ...rest]),
  ],
  ['a proof from another size', all('consistency'), lines('checkpoint.add', ([, ...rest]) => ['old 7\n', ...rest])],
  [
    'a proof from a size with a zero',
    all('consistency'),
    lines('checkpoint.add', ([, ...rest]) => ['old 013\n', ...rest]),
  ],
  ['a proof to another note', all('consistency'), lines('checkpoint.add', (all) => all.slice(0, -1))],
  [
    'a byte of one hash in the next',
    all('consistency'),
    lines('checkpoint.add', ([old = '', a = '', b = '', ...rest]) => {
      const both = Buffer.concat([Buffer.from(a, 'base64'), Buffer.from(b, 'base64')])
      return [old, `${both.subarray(0, 31).toString('base64')}\n`, `${both.subarray(31).toString('base64')}\n`, ...rest]
    }),
  ],
  [
    'another end of the log, signed',
    ['root', 'consistency', 'consistency'],
    (members, { log }) => {
      resign(members, log, (one) => void (one.predicate.log.to.root = wrong))
      return note((old, secrets) => noteOf({ origin: originIn(old), ...sizeAndRoot(old), root: wrong }, secrets.log))(
        members,
        { log, next: log },
      )
    },
  ],
])
export const emptyProofs = [
  ...on(first, [
    [
      'a hash in a proof from nothing',
      all('consistency'),
      lines('checkpoint.add', ([old = '', ...rest]) => [old, `${wrong}\n`, ...rest]),
    ],
  ]),
  ...on(2, [
    [
      'a proof that begins with the root that is known',
      all('consistency'),
      (members, secrets) => {
        const { root } = statementIn(members).predicate.log.from
        return lines('checkpoint.add', ([old = '', ...rest]) => [old, `${root}\n`, ...rest])(members, secrets)
      },
    ],
  ]),
]
