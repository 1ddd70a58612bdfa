import type { TableOutbox } from '../../src/azure/outbox.ts'
import type { TableSeals } from '../../src/azure/seals.ts'
import { instant } from '../../src/core/data/instant.ts'
import type { Messenger } from '../../src/ports/messenger.ts'
import type { Claim, Outbox } from '../../src/ports/outbox.ts'
import type { Archive } from '../../src/ports/archive.ts'
import type { Seals } from '../../src/ports/seals.ts'
import { type Call, called, sent } from './calls.ts'
import type { Seen } from './ledger.ts'
import type { RoomKind } from './plan.ts'

export function outboxOf({ reached }: Seen, call: Call, outbox: TableOutbox): Outbox {
  const noted = (claim: Claim | null): Claim | null => {
    if (claim === null) reached('claim lost')
    if (claim?.moved) reached('claim moved')
    return claim
  }
  return called<Outbox>(call, 'outbox', outbox, {
    renew: (...args) => call('outbox.renew', () => outbox.renew(...args)).then(noted),
  })
}

export function messengerOf({ stores: { rooms } }: Seen, call: Call, kind: RoomKind): Messenger {
  const room = rooms[kind]
  return called<Messenger>(call, kind, room, {
    post: (...args) => sent(call(`${kind}.post`, () => room.post(...args))),
    update: (...args) => sent(call(`${kind}.update`, () => room.update(...args))),
    say: (...args) => sent(call(`${kind}.say`, () => room.say(...args))),
    tell: (...args) => sent(call(`${kind}.tell`, () => room.tell(...args))),
  })
}

/** Listing claims: a repetition would find nothing. */
export const sealsOf = ({ stores: { seen }, reached }: Seen, call: Call, seals: TableSeals): Seals =>
  called<Seals>(call, 'seals', seals, {
    announcements: (...args) =>
      call(
        'seals.announcements',
        () => seals.announcements(...args),
        async (_, first) => first,
      ),
    plan: async (date) => {
      seen.planned.set(date, seen.planned.get(date) ?? [...seen.files.keys()])
      const plan = await call('seals.plan', () => seals.plan(date))
      const { head } = await seals.head()
      if (plan && date > (head?.date ?? '')) reached('seal resumed')
      return plan
    },
    advance: (version, next) =>
      call('seals.advance', async () => {
        const { head } = await seals.head()
        if (head?.number === next.number) reached('sealed by another')
        return seals.advance(version, next)
      }),
  })

/** Records each bundle as it was first written, and the small files that processes made. */
export const archiveOf = ({ stores: { archive, seen, time } }: Seen, call: Call): Archive =>
  called<Archive>(call, 'archive', archive, {
    write: async (name, bytes, ...more) => {
      // The bytes of a bundle are read from other files: calls of their own, which cannot come within this one.
      const pieces: Uint8Array[] = []
      for await (const piece of bytes) pieces.push(piece)
      return call('archive.write', async () => {
        const file = await archive.write(name, streamed(pieces), ...more)
        seen.bundles.set(name, seen.bundles.get(name) ?? file.sha256 ?? '')
        return file
      })
    },
    createOrRead: (name, bytes, ...more) =>
      call('archive.createOrRead', async () => {
        const standing = await archive.createOrRead(name, bytes, ...more)
        const text = Buffer.from(standing).toString('utf8')
        const isOurs = Buffer.compare(standing, bytes) === 0
        if (isOurs && !seen.files.has(name)) seen.files.set(name, { text, at: instant(time.ms) })
        return standing
      }),
  })

async function* streamed(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}
