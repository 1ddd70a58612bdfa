import { encode64 } from '../../core/data/base64.ts'
import { dayOf, nextDay } from '../../core/data/day.ts'
import { type Shard, shards } from '../../core/data/id.ts'
import { spkiOf } from '../../core/log/signature.ts'
import { type ChangeParts, recordAlone, retrying, timeOf } from '../../approvals/commit.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Seals } from '../../ports/seals.ts'

export type RotationParts = Pick<ChangeParts, 'clock' | 'policy' | 'random' | 'backOff'> & {
  readonly ledger: Pick<Ledger, 'inTurn' | 'load' | 'commit'>
  readonly seals: Pick<Seals, 'head'>
  readonly signer: Pick<Signer, 'keys'>
}

/** docs/evidence/bundle.md: `key-rotated` is an event of the first shard. */
const shard: Shard = shards[0] ?? ('00' as Shard)

/**
 * Records that the log has a new key, if the signer has one. The day with this event is signed by both keys.
 *
 * Waits for the first seal, for the seal of an earlier rotation, and for the seals of all days before. A day thus has
 * at most one rotation, and `size` is that of the checkpoint with which the day begins.
 */
export async function announceKey(parts: RotationParts): Promise<void> {
  const { ledger, seals, signer, clock } = parts
  const { head } = await seals.head()
  const [newest] = await signer.keys()
  if (head === null || newest === undefined || newest.kid === head.key) return
  const data = { key: encode64(spkiOf(newest)), size: head.size }
  await retrying(parts, () =>
    ledger.inTurn(shard, async () => {
      const loaded = await ledger.load(shard, {})
      const at = timeOf(clock, loaded)
      const { logKey } = loaded.head
      if ((logKey !== null && logKey !== head.key) || dayOf(at) !== nextDay(head.date)) return
      const events = [{ type: 'key-rotated', actor: { kind: 'system' }, data }] as const
      await recordAlone(parts, loaded, events, at, { logKey: newest.kid })
    }),
  )
}
