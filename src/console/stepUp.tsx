import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { browserAddress } from './browserAddress.ts'
import { Button } from './kit.tsx'
import { useSigned } from './me.ts'
import { isInTeams } from './router.ts'
import { stepUpWords } from './stepUpWords.ts'
import { teamsWords } from './teamsWords.ts'
import { words } from './words.ts'

interface StepUpProps {
  /** What to sign in with: the parameter `claims`. */
  readonly claims: string
  /** Is called after a fresh sign-in that did not leave the page. */
  readonly done: () => void
  readonly close: () => void
}

/**
 * Explains why the person has to sign in once more, and sends them there. Where Teams does not get that, a browser may.
 */
export function StepUp({ claims, done, close }: StepUpProps) {
  const { session } = useSigned()
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()
  const [fault, setFault] = useState<string | null>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const go = () =>
    session
      .stepUp(claims)
      .then(done, (cause: unknown) => setFault(cause instanceof Error ? cause.message : String(cause)))
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={close}>
      <h2 id={title}>{words.stepUp.title}</h2>
      <p>{stepUpWords.about}</p>
      <p>{stepUpWords.kept}</p>
      {fault !== null && (
        <p class="error" role="alert">
          {words.failed}: {fault}
        </p>
      )}
      <div class="actions">
        <Button tone="primary" onPress={() => void go()}>
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
