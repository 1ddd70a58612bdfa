import { useState } from 'preact/hooks'
import { useSigned } from './me.ts'

/**
 * State of a form that outlives a sign-in: it begins with what this person typed before, and the session keeps what they
 * type now. The third member drops what the session keeps, after it was sent or given up.
 *
 * @param form names the form, and what it is about
 */
export function useDraft<T extends object>(form: string, blank: T): [T, (typed: T) => void, () => void] {
  const { drafts } = useSigned().session
  const [typed, setTyped] = useState<T>(() => ({ ...blank, ...drafts.of<T>(form) }))
  const type = (now: T) => {
    drafts.put(form, now)
    setTyped(now)
  }
  return [typed, type, () => drafts.drop(form)]
}
