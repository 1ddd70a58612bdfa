import { useState } from 'preact/hooks'
import { Button } from '../kit.tsx'
import { later } from '../later.tsx'
import { pageWords } from '../pageWords.ts'

/** An event of a story. */
export interface ProvedEvent {
  /** The request's id. */
  readonly request: string
  /** The event's number in its shard. */
  readonly seq: number
  /** The event as the page shows it: as it is hashed. */
  readonly leaf: string
}

const Proof = later(async () => (await import('./proof.tsx')).Proof)

/** Offers to prove that the log has an event. What proves it is loaded when somebody asks. */
export function Prove(event: ProvedEvent) {
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      <Button isExpanded={isAsked} onPress={() => setAsked(!isAsked)}>
        {pageWords.story.prove}
      </Button>
      {isAsked && <Proof {...event} />}
    </>
  )
}
