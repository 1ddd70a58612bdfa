import { type Entry, type History, linearization } from '../../trials/races/linear.ts'
import { type Answer, asked, askedStanding, type Call, type Deadlines } from '../../trials/races/spec.ts'

const never: Deadlines = { expired: 'no', lapsed: 'no' }

/** One call, from and to which moment, and what it was answered: a status with its votes, or a problem. */
function entry(
  [from, to]: readonly [number, number],
  call: Call,
  answer: string | null,
  deadlines: Partial<Deadlines> = {},
): Entry {
  const [status = '', votes] = answer?.split(' ') ?? []
  const given: Answer = votes === undefined ? { problem: status } : { status, votes: Number(votes) }
  return { call, from, to, answer: answer === null ? null : given, deadlines: { ...never, ...deadlines } }
}

const approve = (who = 'ann'): Call => ({ kind: 'approve', who })
const deny = (who = 'ann'): Call => ({ kind: 'deny', who })
const revoke = (who = 'ann'): Call => ({ kind: 'revoke', who })
const cancel: Call = { kind: 'cancel' }
const read: Call = { kind: 'read' }
const redeem = (redemption = 'r1', grantExpired: 'no' | 'maybe' | 'yes' = 'no'): Call => ({
  kind: 'redeem',
  redemption,
  grantExpired,
})

const history = (quorum: number, entries: readonly Entry[], ...events: readonly string[]): History => ({
  start: asked(quorum),
  entries,
  events,
})

const voted = ['decided ann approve', 'approved']

test.each<[string, History]>([
  ['nothing', history(1, [])],
  [
    'two approvers at once, the second of whom completes it',
    history(
      2,
      [entry([0, 9], approve('ann'), 'approved 2'), entry([1, 8], approve('bob'), 'pending 1')],
      ...['decided bob approve', 'decided ann approve', 'approved'],
    ),
  ],
  [
    'a cancellation that lost against a redemption',
    history(
      1,
      [
        entry([0, 1], approve(), 'approved 1'),
        entry([2, 9], cancel, 'already-redeemed'),
        entry([3, 8], redeem(), 'redeemed 1'),
      ],
      ...[...voted, 'redeemed r1'],
    ),
  ],
  [
    'a read of the old state while it changes',
    history(1, [entry([0, 9], approve(), 'approved 1'), entry([1, 2], read, 'pending 0')], ...voted),
  ],
  [
    'a call without an answer, that had its effect later',
    history(
      1,
      [entry([0, Infinity], approve(), null), entry([1, 2], read, 'pending 0'), entry([3, 4], read, 'approved 1')],
      ...voted,
    ),
  ],
  ['a call without an answer, that had none', history(1, [entry([0, Infinity], cancel, null)])],
  [
    'an approval that came too late, while the deadline passed',
    history(1, [entry([0, 9], approve(), 'not-pending', { expired: 'maybe' })], 'expired'),
  ],
  [
    'a grant that expired before the approval did',
    history(
      1,
      [entry([0, 1], approve(), 'approved 1'), entry([2, 3], redeem('r1', 'maybe'), 'grant-invalid')],
      ...voted,
    ),
  ],
  [
    'the same again',
    history(
      1,
      [entry([0, 1], deny(), 'denied 1'), entry([2, 3], deny(), 'denied 1')],
      ...['decided ann deny', 'denied'],
    ),
  ],
])('an order exists for %s', (_what, given) => {
  expect(linearization(given)).not.toBeNull()
})

test.each<[string, History]>([
  [
    'two redemptions',
    history(
      1,
      [
        entry([0, 1], approve(), 'approved 1'),
        entry([2, 9], redeem('r1'), 'redeemed 1'),
        entry([3, 8], redeem('r2'), 'redeemed 1'),
      ],
      ...[...voted, 'redeemed r1'],
    ),
  ],
  [
    'two redemptions, though both left an event',
    history(
      1,
      [
        entry([0, 1], approve(), 'approved 1'),
        entry([2, 9], redeem('r1'), 'redeemed 1'),
        entry([3, 8], redeem('r2'), 'redeemed 1'),
      ],
      ...[...voted, 'redeemed r1', 'redeemed r2'],
    ),
  ],
  [
    'a read of what was over before it began',
    history(1, [entry([0, 1], approve(), 'approved 1'), entry([2, 3], read, 'pending 0')], ...voted),
  ],
  [
    'two reads that go back in time',
    history(
      1,
      [entry([0, 9], approve(), 'approved 1'), entry([1, 2], read, 'approved 1'), entry([3, 4], read, 'pending 0')],
      ...voted,
    ),
  ],
  [
    'a lost vote',
    history(
      2,
      [entry([0, 9], approve('ann'), 'pending 1'), entry([1, 8], approve('bob'), 'pending 1')],
      'decided bob approve',
    ),
  ],
  [
    'a lost vote, though both left an event',
    history(
      2,
      [entry([0, 9], approve('ann'), 'pending 1'), entry([1, 8], approve('bob'), 'pending 1')],
      ...['decided bob approve', 'decided ann approve', 'approved'],
    ),
  ],
  [
    'one person who fills two places',
    history(2, [entry([0, 1], approve('ann'), 'approved 1')], ...['decided ann approve', 'approved']),
  ],
  [
    'an approval and a denial that both close',
    history(
      1,
      [entry([0, 9], approve('ann'), 'approved 1'), entry([1, 8], deny('bob'), 'denied 1')],
      ...[...voted, 'decided bob deny', 'denied'],
    ),
  ],
  [
    'a redemption after it was revoked',
    history(
      1,
      [
        entry([0, 1], approve(), 'approved 1'),
        entry([2, 3], revoke('bob'), 'revoked 1'),
        entry([4, 5], redeem(), 'redeemed 1'),
      ],
      ...[...voted, 'revoked bob', 'redeemed r1'],
    ),
  ],
  [
    'a cancellation that was acknowledged and left no event',
    history(
      1,
      [entry([0, 9], approve(), 'approved 1'), entry([1, 8], cancel, 'cancelled 0')],
      ...['decided ann approve', 'approved'],
    ),
  ],
  [
    'a refusal with no reason for it',
    history(1, [entry([0, 9], approve(), 'approved 1'), entry([1, 8], cancel, 'already-redeemed')], ...voted),
  ],
  ['a decision after the deadline', history(1, [entry([0, 1], approve(), 'approved 1', { expired: 'yes' })], ...voted)],
  ['an expiry before the deadline', history(1, [entry([0, 1], read, 'expired 0')], 'expired')],
  [
    'a redemption after the approval lapsed',
    history(
      1,
      [entry([0, 1], approve(), 'approved 1'), entry([2, 3], redeem(), 'redeemed 1', { lapsed: 'yes' })],
      ...[...voted, 'redeemed r1'],
    ),
  ],
  [
    'a redemption with a grant that had expired',
    history(
      1,
      [entry([0, 1], approve(), 'approved 1'), entry([2, 3], redeem('r1', 'yes'), 'redeemed 1')],
      ...[...voted, 'redeemed r1'],
    ),
  ],
  [
    'events in another order than the calls',
    history(
      2,
      [entry([0, 1], approve('ann'), 'pending 1'), entry([2, 3], approve('bob'), 'approved 2')],
      ...['decided bob approve', 'decided ann approve', 'approved'],
    ),
  ],
  ['an event without a cause', history(1, [entry([0, 1], read, 'pending 0')], 'cancelled')],
  [
    'a call without an answer that was made after its effect',
    history(1, [entry([0, 1], read, 'cancelled 0'), entry([2, Infinity], cancel, null)], 'cancelled'),
  ],
])('no order exists for %s', (_what, given) => {
  expect(linearization(given)).toBeNull()
})

const used = ([from, to]: readonly [number, number], key: string, answer: number | string): Entry => ({
  ...{ call: { kind: 'use', key }, from, to, deadlines: never },
  answer: typeof answer === 'number' ? { use: answer } : { problem: answer },
})
const carried = ([from, to]: readonly [number, number], key: string, problem?: string): Entry => ({
  ...{ call: { kind: 'carry', key, redemption: `r-${key}` }, from, to, deadlines: never },
  answer: problem === undefined ? 'carried' : { problem },
})
const standing = (entries: readonly Entry[], ...events: readonly string[]): History => ({
  start: askedStanding(2),
  entries: [entry([0, 1], approve(), 'approved 1'), ...entries],
  events: [...voted, ...events],
})

test.each<[string, boolean, History]>([
  [
    'the last use ends it, a known key is answered, and what was granted is redeemed',
    true,
    standing(
      [
        ...[used([2, 9], 'a', 2), used([2, 9], 'b', 1), used([10, 11], 'c', 'standing-over'), used([10, 11], 'a', 2)],
        ...[carried([12, 13], 'a'), entry([14, 15], read, 'ended 1')],
      ],
      ...['used 1', 'used 2', 'ended', 'redeemed r-a'],
    ),
  ],
  [
    'a revocation comes before a redemption, and after a use',
    true,
    standing(
      [used([2, 3], 'a', 1), entry([4, 9], revoke(), 'revoked 1'), carried([4, 9], 'a', 'not-redeemable')],
      ...['used 1', 'revoked ann'],
    ),
  ],
  ['two calls get one use', false, standing([used([2, 9], 'a', 1), used([2, 9], 'b', 1)], 'used 1')],
  [
    'one call gets two uses',
    false,
    standing([used([2, 9], 'a', 1), used([2, 9], 'a', 2)], 'used 1', 'used 2', 'ended'),
  ],
  [
    'a third use is granted',
    false,
    standing([used([2, 3], 'a', 1), used([4, 5], 'b', 2), used([6, 7], 'c', 3)], 'used 1', 'used 2', 'used 3', 'ended'),
  ],
  [
    'a use is granted after the revocation',
    false,
    standing([entry([2, 3], revoke(), 'revoked 1'), used([4, 5], 'a', 1)], 'revoked ann', 'used 1'),
  ],
  [
    'a use is redeemed after the revocation',
    false,
    standing(
      [used([2, 3], 'a', 1), entry([4, 5], revoke(), 'revoked 1'), carried([6, 7], 'a')],
      ...['used 1', 'revoked ann', 'redeemed r-a'],
    ),
  ],
])('of a standing approval: %s', (_what, isPossible, given) => {
  expect(linearization(given) !== null).toBe(isPossible)
})

test('the found order agrees with the times of the calls', () => {
  const calls = [
    entry([0, 1], approve(), 'approved 1'),
    entry([2, 9], cancel, 'already-redeemed'),
    entry([3, 8], redeem(), 'redeemed 1'),
    entry([4, 12], read, 'succeeded 1'),
    entry([10, 11], { kind: 'report', result: 'succeeded' }, 'succeeded 1'),
  ]
  const found = linearization(history(1, calls, ...voted, 'redeemed r1', 'succeeded'))
  expect(found?.map((one) => one.call.kind)).toEqual(['approve', 'redeem', 'cancel', 'report', 'read'])
})

test('a long history with many simultaneous calls is judged quickly, with or without an order', () => {
  const reads = Array.from({ length: 40 }, (_, i) => entry([i / 100, 50 + i / 100], read, 'pending 0'))
  const refused = Array.from({ length: 20 }, (_, i) => entry([60 + i / 100, 90], redeem(`r${i}`), 'not-redeemable'))
  const fine = [...reads, ...refused]
  expect(linearization(history(1, fine))).not.toBeNull()
  expect(linearization(history(1, [...fine, entry([95, 96], read, 'approved 1')]))).toBeNull()
}, 60_000)
