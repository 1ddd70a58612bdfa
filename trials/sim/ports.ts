import type { Messenger } from '../../src/ports/messenger.ts'
import type { Claim, Outbox } from '../../src/ports/outbox.ts'
import type { Archive } from '../../src/ports/archive.ts'
import type { Seals } from '../../src/ports/seals.ts'
import { type Call, called, sent } from './calls.ts'
import type { Seen } from './ledger.ts'

export function outboxOf({ stores, reached }: Seen, call: Call): Outbox {
  const { outbox } = stores
  const noted = (claim: Claim | null): Claim | null => {
    if (claim === null) reached('claim lost')
    if (claim?.moved) reached('claim moved')
    return claim
  }
  return called<Outbox>(call, 'outbox', outbox, {
    // A repetition finds its own name in the row.
    claim: (...args) =>
      call(
        'outbox.claim',
        () => outbox.claim(...args),
        async (_, first) => {
          const claim = first && (await outbox.renew(first, args[3]))
          return claim && { ...claim, moved: false }
        },
      ),
    renew: (...args) => call('outbox.renew', () => outbox.renew(...args)).then(noted),
    defer: (...args) =>
      call(
        'outbox.defer',
        () => outbox.defer(...args),
        async (_, first) => first,
      ),
  })
}

export const messengerOf = ({ stores: { teams } }: Seen, call: Call): Messenger =>
  called<Messenger>(call, 'teams', teams, {
    post: (...args) => sent(call('teams.post', () => teams.post(...args))),
    update: (...args) => sent(call('teams.update', () => teams.update(...args))),
    say: (...args) => sent(call('teams.say', () => teams.say(...args))),
  })

/** Listing claims: a repetition would find nothing. */
export const sealsOf = ({ stores: { seals }, reached }: Seen, call: Call): Seals =>
  called<Seals>(call, 'seals', seals, {
    announcements: (...args) =>
      call(
        'seals.announcements',
        () => seals.announcements(...args),
        async (_, first) => first,
      ),
    plan: async (date) => {
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

/** Keeps what a bundle was when it was written first. */
export const archiveOf = ({ stores: { archive, seen } }: Seen, call: Call): Archive =>
  called<Archive>(call, 'archive', archive, {
    write: (name, ...more) =>
      call('archive.write', async () => {
        const file = await archive.write(name, ...more)
        seen.bundles.set(name, seen.bundles.get(name) ?? file.sha256 ?? '')
        return file
      }),
  })
