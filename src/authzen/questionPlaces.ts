import type { AuthzenQuestion } from '../contract/authzen.ts'
import { Problem } from '../core/data/problem.ts'

/** Where the members of an ask stand in a question: the first pointer that fits counts. */
const placesIn = ({ action: { properties = {} } }: AuthzenQuestion): readonly (readonly [string, string])[] => [
  ...(['subject', 'resource'] as const)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => [`/params/${name}`, `/${name}`] as const),
  ['/params', '/action/properties'],
  ['/onBehalfOf', '/subject/id'],
  ['/action', '/action/name'],
  ['/target', '/resource/id'],
  ['/environment', '/context/environment'],
  ['/reason', '/context/reason'],
]

/**
 * Does what an ask of this question stands for. The caller sent no ask, so that a problem names the member of the question
 * that it is about.
 *
 * @throws {Problem} as the work does, with the pointer, and the words that begin with it, translated
 */
export async function namedInQuestion<T>(question: AuthzenQuestion, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.details.pointer === undefined) throw cause
    const { code, message, details } = cause
    const translated = (text: string): string => {
      const [from, to] = placesIn(question).find(([from]) => new RegExp(`^${from}(?=[/: ]|$)`).test(text)) ?? ['', '']
      return to + text.slice(from.length)
    }
    throw new Problem(code, translated(message), { ...details, pointer: translated(cause.details.pointer), cause })
  }
}
