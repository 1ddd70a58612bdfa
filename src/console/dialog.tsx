import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Button } from './kit.tsx'
import { pageWords } from './pageWords.ts'

interface DialogProps {
  readonly title: string
  /** Is called after the dialog has been closed, by whatever means. It is taken out of the page then. */
  readonly closed: () => void
  /** Draws what is in it. `close` closes it. */
  readonly children: (close: () => void) => ComponentChildren
}

/** A dialog over the page, which waits for it. The browser keeps the focus in it, and gives it back to where it was. */
export function Dialog({ title, closed, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  const close = () => dialog.current?.close()
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={closed}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button onPress={close}>{pageWords.close}</Button>
      </header>
      {children(close)}
    </dialog>
  )
}
