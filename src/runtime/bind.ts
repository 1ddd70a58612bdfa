/** Functions by name, each of which takes the same parts before its own arguments. */
type TakingParts<Parts> = Readonly<Record<string, (parts: Parts, ...args: never[]) => unknown>>

/** The same functions, to be called without the parts. */
export type Bound<Functions> = {
  readonly [Name in keyof Functions]: Functions[Name] extends (parts: never, ...args: infer Args) => infer Result
    ? (...args: Args) => Result
    : never
}

/**
 * Binds functions to their parts, once, where the program is composed. The functions themselves stay in their modules,
 * so that each can be found by name and tested alone.
 *
 * @param failed is called with each error of a bound function; the function's caller gets the error all the same
 */
export function bind<Parts, Functions extends TakingParts<Parts>>(
  parts: Parts,
  functions: Functions,
  failed: (cause: unknown) => void = () => undefined,
): Bound<Functions> {
  const bound = Object.entries(functions).map(([name, call]) => [
    name,
    (...args: never[]): unknown => {
      const result = call(parts, ...args)
      if (result instanceof Promise) result.catch(failed)
      return result
    },
  ])
  return Object.fromEntries(bound) as Bound<Functions>
}
