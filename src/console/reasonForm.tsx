import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { failureIn, repeating } from './answers.ts'
import type { CallFailure } from './api.ts'
import { Dialog } from './dialog.tsx'
import { Button, Failed } from './kit.tsx'
import { WhyField } from './whyField.tsx'

/** What every form with a reason tells the page that it is on. */
export interface ReasonFormOwner {
  /** Is called after the service has recorded it. */
  readonly done: () => void
  /** Is called after the dialog was closed. */
  readonly closed: () => void
}

interface ReasonFormProps extends ReasonFormOwner {
  readonly title: string
  readonly about: string
  /** Of the reason. */
  readonly label: string
  readonly hint?: string
  /** What is said if the reason is empty. */
  readonly missing: string
  /** Characters of the reason, at most; 500 unless given. */
  readonly most?: number
  readonly why: string
  readonly setWhy: (why: string) => void
  readonly button: string
  readonly tone: 'primary' | 'danger'
  /** Whether everything but the reason is there. */
  readonly isComplete: boolean
  /** Whether sending once more what was recorded changes nothing: another hold is one more. */
  readonly isHarmless: boolean
  readonly send: (why: string) => Promise<unknown>
  /** Takes a failure that the page deals with, and says that it did. What was typed stays. */
  readonly failed?: (failure: CallFailure) => boolean
  /** Draws what stands above the reason. */
  readonly children?: (isAsked: boolean) => ComponentChildren
}

/** A dialog that asks for a reason. What was typed stays there if the call fails. */
export function ReasonForm({
  done,
  closed,
  children,
  send,
  isComplete,
  isHarmless,
  why,
  setWhy,
  failed,
  ...said
}: ReasonFormProps) {
  const [isAsked, setAsked] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const submit = async (close: () => void) => {
    setAsked(true)
    if (!isComplete || why.trim() === '') return
    setBusy(true)
    setFailure(null)
    try {
      await send(why.trim())
      done()
      close()
    } catch (cause) {
      const failure = failureIn(cause)
      if (!failed?.(failure)) setFailure(failure)
      setBusy(false)
    }
  }
  return (
    <Dialog title={said.title} closed={closed}>
      {(close) => (
        <form
          class="stacked"
          onSubmit={(event) => {
            event.preventDefault()
            if (!isBusy) void submit(close)
          }}
        >
          <p class="quiet">{said.about}</p>
          {failure && <Failed failure={failure} {...repeating(failure, () => void submit(close), isHarmless)} />}
          {children?.(isAsked)}
          <WhyField
            {...{ label: said.label, most: said.most, value: why, set: setWhy }}
            {...(said.hint !== undefined && { hint: said.hint })}
            error={isAsked && why.trim() === '' ? said.missing : null}
          />
          <Button type="submit" tone={said.tone} isBusy={isBusy}>
            {said.button}
          </Button>
        </form>
      )}
    </Dialog>
  )
}
