import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { failureIn } from './answers.ts'
import { browserAddress } from './browserAddress.ts'
import { Button } from './kit.tsx'
import { useSigned } from './me.ts'
import { isInTeams } from './router.ts'
import { type Drafts, refusedStepUp, stepUpOf } from './session.ts'
import { stepUpWords } from './stepUpWords.ts'
import { teamsWords } from './teamsWords.ts'
import { words } from './words.ts'

interface StepUpProps {
  /** The request that it is for. */
  readonly id: string
  /** What to sign in with: the parameter `claims`. */
  readonly claims: string
  /** Is called after a fresh sign-in that did not leave the page. */
  readonly done: () => void
  readonly close: () => void
}

/**
 * Explains why the person has to sign in once more, and sends them there. If the fresh sign-in does not come, it says so,
 * also to who comes back to the page without one. Where Teams does not get it, a browser may.
 */
export function StepUp({ id, claims, done, close }: StepUpProps) {
  const { isBusy, fault, go } = useStepUp(id, claims, done)
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={close}>
      <h2 id={title}>{words.stepUp.title}</h2>
      <p>{stepUpWords.about}</p>
      <p>{stepUpWords.kept}</p>
      {fault !== null && (
        <p class="error" role="alert">
          {stepUpWords.missed} {fault}
        </p>
      )}
      {/* What a screen reader reads out when it changes has to be there before. */}
      <p class="quiet" role="status">
        {isBusy && stepUpWords.waiting}
      </p>
      <div class="actions">
        <Button tone="primary" isBusy={isBusy} onPress={() => void go()}>
          {stepUpWords.go}
        </Button>
        {fault !== null && isInTeams && (
          <a class="button" href={browserAddress()} target="_blank">
            {teamsWords.inBrowser}
          </a>
        )}
        <Button onPress={() => dialog.current?.close()}>{stepUpWords.later}</Button>
      </div>
    </dialog>
  )
}

/** Goes to a step-up, and knows why an earlier one did not come: `null` while none is known to be missed. */
function useStepUp(id: string, claims: string, done: () => void) {
  const { session } = useSigned()
  const { drafts } = session
  const [isBusy, setBusy] = useState(false)
  const [fault, setFault] = useState(() => (drafts.of(stepUpOf(id)) ? refusalIn(drafts) : null))
  const forget = () => {
    drafts.drop(stepUpOf(id))
    drafts.drop(refusedStepUp)
  }
  useEffect(() => {
    forget()
    return forget
  }, [])
  const go = async () => {
    setBusy(true)
    setFault(null)
    // Travels through a sign-in that leaves the page: who comes back without a fresh one is told so.
    drafts.put(stepUpOf(id), true)
    try {
      await session.stepUp(claims)
      done()
    } catch (cause) {
      setFault(failureIn(cause).message)
    } finally {
      forget()
      setBusy(false)
    }
  }
  return { isBusy, fault, go }
}

/** Says why a step-up was refused: nothing, if it was given up or its answer could not be used. */
function refusalIn(drafts: Drafts): string {
  const code = drafts.of<string>(refusedStepUp)
  return code === null ? '' : stepUpWords.refused(code)
}
