import type { Row } from './row.ts'

const rule = 'test/core/request/erasure.test.ts'
const twoPeople = 'an erasure needs two people'
const useCase = 'test/evidence/erasure.test.ts'
const forgery = { 'test/core/record/forgery.test.ts': ['a forged history is refused › %s'] }

/** Who may erase what people wrote. */
export const erasureRows: readonly Row[] = [
  {
    attack: 'One person erases what would speak against them',
    control:
      'Two people with no account in common order the same within seven days; both are recorded, and every verifier replays it',
    switches: [
      {
        name: 'erasure-two-people',
        file: 'src/core/request/erasure.ts',
        find: 'if (asked === null || overlap(asked.accounts, erasure.accounts))',
        replace: 'if (asked === null)',
        tests: {
          [rule]: [`${twoPeople} › nothing happens when it is ordered again by %s`],
          [useCase]: ['the order of one person › erases nothing: %s'],
        },
      },
      {
        name: 'erasure-joined-accounts',
        file: 'src/evidence/erasures.ts',
        find: 'accounts: policy.accounts(order.by)',
        replace: 'accounts: [order.by]',
        tests: { [useCase]: ['the order of one person › erases nothing: %s'] },
      },
      {
        name: 'erasure-same-names',
        file: 'src/core/request/erasure.ts',
        find: 'at < endOf(ask) && isSameSet(ask.names, names)',
        replace: 'at < endOf(ask)',
        tests: { [rule]: [`${twoPeople} › an order with %s is a first one`] },
      },
      {
        name: 'erasure-week',
        file: 'src/core/request/erasure.ts',
        find: 'at < endOf(ask) && isSameSet(ask.names, names)',
        replace: 'isSameSet(ask.names, names)',
        tests: { [rule]: [`${twoPeople} › an order with %s is a first one`] },
      },
      {
        name: 'erasure-ask-in-events',
        file: 'src/core/record/retelling.ts',
        find: "'grant', 'erasureAsks', 'refusals']",
        replace: "'grant', 'refusals']",
        tests: { [useCase]: ['an ask that only the row has erases nothing'] },
      },
      {
        name: 'erasure-replayed',
        file: 'src/core/record/eventTable.ts',
        find: 'return isAskedFor(request, { ...data, at }) ?',
        replace: 'return true ?',
        tests: forgery,
      },
      {
        name: 'erasure-replayed-people',
        file: 'src/core/request/erasure.ts',
        find: '      !overlap(ask.accounts, accounts) &&\n',
        replace: '',
        tests: forgery,
      },
      {
        name: 'erasure-replayed-week',
        file: 'src/core/request/erasure.ts',
        find: '      at < endOf(ask) &&\n      !overlap',
        replace: '      !overlap',
        tests: forgery,
      },
    ],
  },
]
