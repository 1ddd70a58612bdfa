import { useState } from 'preact/hooks'
import { Button } from '../kit.tsx'
import { later } from '../later.tsx'
import { pageWords } from '../pageWords.ts'
import type { ProvedEvent } from './provedEvent.ts'

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
