import type { ComponentChildren } from 'preact'
import { useAnswer } from '../answers.ts'
import { CallFailure } from '../api.ts'
import { Facts, Loaded, Notice } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { address } from '../router.ts'
import type { TaskAnswers } from '../verify/work.ts'
import type { ProvedEvent } from './provedEvent.ts'
import { keptKeys } from './trustedKeys.ts'
import { inWorker } from './verifier.ts'
import { words } from './words.ts'

/** What the service answers: `GET /api/requests/{id}/proof`. */
interface Proofs {
  readonly proofs: readonly { readonly seq: number; readonly text: string }[]
}

type Proved = TaskAnswers['prove'] | 'no-key' | 'not-sealed'

/** Fetches the proof of an event, and checks it in this browser with the reader's keys. */
export function Proof({ request, seq, leaf }: ProvedEvent) {
  const { api } = useSigned()
  const proved = useAnswer(`${request} ${seq}`, async (signal): Promise<Proved> => {
    const keys = keptKeys()
    if (keys.length === 0) return 'no-key'
    const { proofs } = await api.get<Proofs>(`/api/requests/${request}/proof`, { signal })
    const proof = proofs.find((one) => one.seq === seq)
    if (proof === undefined) return 'not-sealed'
    const answer = await inWorker<'prove'>({ kind: 'prove', proof: proof.text, keys }, { signal })
    if ('kind' in answer) throw new CallFailure('internal', answer.words)
    return answer
  })
  return <Loaded loading={proved}>{(value) => <Verdict proved={value} leaf={leaf} />}</Loaded>
}

function Verdict({ proved, leaf }: { readonly proved: Proved; readonly leaf: string }): ComponentChildren {
  if (proved === 'not-sealed') return <Notice tone="info" title={words.proof.notSealed} />
  if (proved === 'no-key')
    return (
      <Notice tone="info" title={words.proof.noKey}>
        <p>
          {words.proof.noKeyAbout} <a href={address('evidence')}>{words.proof.toKeys}</a>
        </p>
      </Notice>
    )
  const [[word, about] = ['', ''], ...more] = proved.lines
  // A proof of another event holds, too: it says nothing about what stands above it.
  const isOther = proved.exit === 0 && proved.leaf !== leaf
  const tone = isOther || proved.exit === 1 ? 'bad' : proved.exit === 0 ? 'good' : 'warning'
  return (
    <Notice tone={tone} title={isOther ? words.proof.otherEvent : `${word}: ${about}`}>
      <Facts of={more} />
      <p class="quiet">{words.proof.by}</p>
    </Notice>
  )
}
