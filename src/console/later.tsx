import type { ComponentType } from 'preact'
import { useAnswer } from './answers.ts'
import { Loaded } from './kit.tsx'

/** Makes a page whose program is loaded when somebody first goes to it. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  return function Later(props: Props) {
    const page = useAnswer('program', load)
    return <Loaded loading={page}>{(Drawn) => <Drawn {...props} />}</Loaded>
  }
}
