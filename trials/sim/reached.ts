import { intrusionKinds } from './plan.ts'
import { statuses } from '../../test/support/build.ts'

/** Counts that something was reached. */
export type Reached = (what: string) => void

/** What every default run must reach at least once; else it proves less than it says. */
const wanted = [
  ...statuses.map((status) => (status === 'failed' ? 'failed-outcome' : status)),
  ...['crash-before', 'crash-after', 'failed', 'lost', 'twice', 'raced', 'conflict', 'busy', 'unavailable'],
  ...[
    'asked',
    'key replayed',
    'idempotency-mismatch',
    'already-pending',
    'cooling-down',
    'by policy',
    'denied by policy',
  ],
  ...[
    'voted in teams',
    'voted in slack',
    'voted by api',
    'self-approval',

    'already-decided',
    'not-pending',
    'digest-mismatch',
  ],
  ...[
    'asked back',
    'answered',
    'narrowed',
    'glass-broken',
    'reviewed',
    'unreviewed',
    'reminded',
    'escalated',
    'already-answered',
  ],
  ...['delegated', 'recalled', 'not-deputy', 'stood in'],
  ...['used', 'use replayed', 'standing-over', 'not-covered'],
  ...['redeemed again', 'already-redeemed', 'not-redeemable', 'grant-invalid', 'not-redeemed', 'already-reported'],
  ...[
    'acknowledged by nobody',
    'lost commit kept',
    'commit recovered',
    'slot recovered',
    'clock refused',
    'unreported',
  ],
  ...[
    'orphan card',
    'adopted card',
    'undeliverable',
    'claim moved',
    'claim lost',
    'card gone',
    'card refused',
    'twin card',
  ],
  ...[
    'judged anew',
    'warned',
    'verified series',
    'sealed day',
    'catch-up',
    'empty day',
    'midnight during a seal',
    'seal resumed',
    'sealed by another',
    'chunk within a day',
    'event across a fence',
  ],
  ...intrusionKinds.map((kind) => `insider: ${kind}`),
  ...['evidence-broken', 'alarm', 'granted beside an insider', 'redeemed beside an insider'],
] as const

export type Tally = ReturnType<typeof tally>

export function tally() {
  const counts = new Map<string, number>()
  const add = (what: string, count: number): void => {
    if (count > 0) counts.set(what, (counts.get(what) ?? 0) + count)
  }
  return {
    add,
    reached: (what: string): void => add(what, 1),
    /** By name, those that were never reached too. */
    counts: (): readonly (readonly [string, number])[] =>
      [...new Set([...wanted, ...counts.keys()])].map((name) => [name, counts.get(name) ?? 0] as const),
    missing: (): readonly string[] => wanted.filter((name) => !counts.has(name)),
  }
}
