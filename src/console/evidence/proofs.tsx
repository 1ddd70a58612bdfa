import type { EventList } from '../../contract/evidenceAnswers.ts'
import { address } from '../router.ts'
import { pageWords } from '../pageWords.ts'
import { Prove } from './prove.tsx'
import { keptKeys } from './trustedKeys.ts'
import { words } from './words.ts'

interface ProofsProps {
  /** The request's id. */
  readonly request: string
  readonly list: EventList
  /** The hashes of the events that are proved at once; the others when somebody asks. */
  readonly shown: readonly string[]
}

/** The events of a request with the proofs that the log has them. Without a key of the reader nothing is proved at once. */
export function ProofsOf({ request, list: { events }, shown }: ProofsProps) {
  const { story, erase, events: names } = pageWords
  const hasKey = keptKeys().length > 0
  return (
    <section class="story" aria-labelledby="proofs-title">
      <h2 id="proofs-title">{erase.proofs}</h2>
      {!hasKey && (
        <p class="quiet">
          {words.proof.noKeyAbout} <a href={address('evidence')}>{words.proof.toKeys}</a>
        </p>
      )}
      <ol class="events">
        {events.map(({ leaf, hash, index, sealed }) => {
          const { seq, type } = JSON.parse(leaf) as { readonly seq: number; readonly type: string }
          return (
            <li key={hash}>
              <p>
                <strong>{names[type] ?? type}</strong>{' '}
                <span class="quiet small">
                  {sealed ? story.sealed(String(index), sealed.number, sealed.date) : erase.sealedLater}
                </span>
              </p>
              {sealed && <Prove {...{ request, seq, leaf }} isOpen={hasKey && shown.includes(hash)} />}
            </li>
          )
        })}
      </ol>
    </section>
  )
}
