import * as z from 'zod'

/** The schemas that have a name of their own in the OpenAPI document. */
export const components = z.registry<{ readonly id: string }>()

/** What a named schema takes, as an example, by its name. */
export const examples = new Map<string, unknown>()

/** Names a schema. Code generators call the type by this name. */
export function component<T extends z.ZodType>(id: string, schema: T, example?: z.input<T>): T {
  components.add(schema, { id })
  if (example !== undefined) examples.set(id, example)
  return schema
}

/** The same value, with nothing in it to be changed. */
export type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T
