import { useState } from 'preact/hooks'
import { Button } from '../kit.tsx'
import { later } from '../later.tsx'
import { pageWords } from '../pageWords.ts'
import type { ProvedEvent } from './provedEvent.ts'

const Proof = later(async () => (await import('./proof.tsx')).Proof)

interface ProveProps extends ProvedEvent {
  /** Whether it is proved without being asked for. */
  readonly isOpen?: boolean
}

/** Offers to prove that the log has an event. What proves it is loaded when somebody asks. */
export function Prove({ isOpen = false, ...event }: ProveProps) {
  const [isAsked, setAsked] = useState(isOpen)
  return (
    <>
      <Button isExpanded={isAsked} onPress={() => setAsked(!isAsked)}>
        {pageWords.story.prove}
      </Button>
      {isAsked && <Proof {...event} />}
    </>
  )
}
