import { randomBytes } from 'node:crypto'
import { cosignerAt } from '../../src/cosigner/client.ts'
import { witnessesIn } from '../../src/cosigner/settings.ts'
import { milliseconds } from '../../src/core/data/instant.ts'
import { spkiOf } from '../../src/core/log/signature.ts'
import type { CosigningParts } from '../../src/evidence/seal/cosign.ts'
import type { Cosigner } from '../../src/ports/cosigner.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { FakeClock } from '../support/fakes.ts'
import { startWitness, type WitnessDouble } from '../support/witnessDouble.ts'
import { logKey, origin, type Sealer, sealer } from './days.ts'

/** The client of a witness on this machine. @param within milliseconds in which it has to answer */
export const clientOf = ({ setting }: Pick<WitnessDouble, 'setting'>, within?: number): Cosigner => {
  const [witness] = witnessesIn(setting, { allowsLoopback: true })
  if (!witness) throw new Error('The setting names no witness.')
  return cosignerAt(witness, within)
}

/** A witness that knows the log of these tests, and the time of this clock. */
export async function witnessOf({ clock }: { readonly clock: Clock }, name?: string): Promise<WitnessDouble> {
  const keys = (await (await logKey()).keys()).map(spkiOf)
  return startWitness({
    logs: { [origin]: keys },
    ...(name !== undefined && { name }),
    now: () => milliseconds(clock.now()) / 1000,
  })
}

/** Another process at the same ledger, which has a seal and an archive of its own with the same days. */
export async function copyOf({ ledger, seals, archive, clock, parts }: Sealer): Promise<Sealer> {
  const copy = await sealer({ ledger, spool: parts.spool ?? '', clock: new FakeClock(clock.now()) })
  for (const { name } of await archive.list(''))
    await copy.archive.create(name, (await archive.read(name)) ?? new Uint8Array())
  for (const plan of await seals.plans()) await copy.seals.propose(plan)
  const { head } = await seals.head()
  if (head) await copy.seals.advance(null, head)
  return copy
}

/** What has sealed days cosigned, in the process of a sealer. */
export const cosigningParts = ({ parts }: Pick<Sealer, 'parts'>, cosigners: readonly Cosigner[]): CosigningParts => ({
  ...parts,
  cosigners,
  random: randomBytes,
})
