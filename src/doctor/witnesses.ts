import type { WitnessSettings } from '../cosigner/settings.ts'
import { formatAdd, formatCheckpoint } from '../core/log/checkpoint.ts'
import { emptyFrontier, rootOf } from '../core/log/merkle.ts'
import { formatNote } from '../core/log/note.ts'
import { visible } from '../core/data/text.ts'
import { type Diagnosis, runbook, unknown, warns, well, wrong } from './diagnosis.ts'
import { probe } from './probe.ts'

/** A log that no witness has (RFC 2606), so that what it answers changes nothing. */
const origin = 'countersign-doctor.invalid'

/** Asks each witness about a log that it cannot know, which it has to refuse (C2SP tlog-witness: 404). */
export async function askWitnesses(witnesses: readonly WitnessSettings[]): Promise<readonly Diagnosis[]> {
  const text = formatCheckpoint({ origin, size: 0, root: rootOf(emptyFrontier) })
  const note = formatNote(text, [{ name: origin, keyId: new Uint8Array(4), signature: new Uint8Array(64) }])
  return Promise.all(witnesses.map((witness) => ask(witness, formatAdd(0, [], note))))
}

async function ask({ url, keys: [{ name }] }: WitnessSettings, body: string): Promise<Diagnosis> {
  const reply = await probe(`${url}/add-checkpoint`, { method: 'POST', body })
  const remedy = `This machine may be one that it does not let in. ${runbook('a-witness-does-not-cosign')}`
  if ('fault' in reply) return warns('cosignatures', `the witness ${name} does not answer here: ${reply.fault}`, remedy)
  if ([400, 403, 404].includes(reply.status)) return well('cosignatures', `the witness ${name} answers`)
  return warns('cosignatures', `the witness ${name} answers ${reply.status} to a checkpoint of no log`, remedy)
}

type Report = Readonly<Record<string, unknown>>

/** Says whether witnesses have cosigned the sealed days, as health does; with a reader's token, which of them have not. */
export function cosignaturesFrom(state: unknown, { uncosigned }: Report): Diagnosis {
  const named = Array.isArray(uncosigned) ? (uncosigned as readonly Report[]).slice(0, 8).map(wordsOf) : []
  const which = named.length > 0 ? `: ${named.join(', ')}` : ''
  if (state === 'ok') return well('cosignatures', 'witnesses have cosigned the sealed days')
  if (state === 'off') return well('cosignatures', 'no witness is set, so nobody outside cosigns the log')
  if (state === 'refused')
    return wrong(
      'cosignatures',
      `a witness has cosigned another log than this one${which}`,
      runbook('a-witness-refuses'),
    )
  if (state === 'failing')
    return wrong('cosignatures', `a sealed day has no cosignature${which}`, runbook('a-witness-does-not-cosign'))
  return unknown(
    'cosignatures',
    'this version of the service does not tell',
    'Use the doctor of the version that is deployed.',
  )
}

const wordsOf = ({ witness, fault, date = 'a day' }: Report): string =>
  visible(`${String(witness)} (${String(fault)}, ${String(date)})`)
