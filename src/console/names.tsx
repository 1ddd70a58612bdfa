import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Button, Untrusted } from './kit.tsx'
import { pageWords } from './pageWords.ts'

/** Whether object ids stand below names, and the button with which the reader says so. */
export function useIds(): readonly [isShown: boolean, button: JSX.Element] {
  const [isShown, setShown] = useState(false)
  return [
    isShown,
    <Button isPressed={isShown} onPress={() => setShown(!isShown)}>
      {pageWords.showIds}
    </Button>,
  ]
}

interface NamedProps {
  readonly id: string
  /** Absent for one whom neither directory nor policy knows. The id stands there then. */
  readonly name?: string | undefined
  readonly withId?: boolean
}

/** A person or an agent by name, with the object id where that is wanted or no name is known. */
export function Named({ id, name, withId = false }: NamedProps) {
  if (name === undefined) return <span class="mono small">{id}</span>
  return (
    <span title={id}>
      <Untrusted text={name} />
      {withId && <small class="mono id">{id}</small>}
    </span>
  )
}
