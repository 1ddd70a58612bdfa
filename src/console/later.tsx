import type { ComponentType } from 'preact'
import { useAnswer } from './answers.ts'
import { CallFailure } from './api.ts'
import { Loaded } from './kit.tsx'
import { words } from './words.ts'

/** Makes a page whose program is loaded when somebody first goes to it. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  return function Later(props: Props) {
    const page = useAnswer('program', () => load().catch(unloaded))
    return <Loaded loading={page}>{(Drawn) => <Drawn {...props} />}</Loaded>
  }
}

/** A browser says in its own words, with an address, that a program could not be loaded. */
const unloaded = (): never => {
  throw new CallFailure('unreachable', words.unreachable)
}
