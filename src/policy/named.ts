import { flawInKey } from '../core/action/key.ts'
import type { Format } from '../core/action/presentation.ts'
import { runKey } from '../core/action/run.ts'
import { runShape } from './params.ts'
import type { DeclaredAction } from './schema.ts'
import type { RecordShape, Shape } from './paramShape.ts'

/** The params that an action can have; `null` if the schema declares none, so that requests may have any. */
export function declared({ params }: DeclaredAction): RecordShape | null {
  if (!params || params.members.has(runKey)) return params ?? null
  return { type: 'record', members: new Map([...params.members, [runKey, { shape: runShape, required: false }]]) }
}

/** A param that a name can mean. */
export interface Found {
  readonly path: readonly string[]
  readonly required: boolean
}

/**
 * Finds the params that a name, as `rows` or `filter.since`, can mean. There may be several, since keys may have dots.
 *
 * If the schema declares no params, a name with dots always has several meanings.
 */
export function find(name: string, shape: RecordShape | null): readonly Found[] {
  if (!shape) return anyOf(name)
  return [...shape.members].flatMap(([key, { shape: inner, required }]): readonly Found[] => {
    if (key === name) return [{ path: [key], required }]
    if (!name.startsWith(`${key}.`) || inner.type !== 'record') return []
    return find(name.slice(key.length + 1), inner).map((found) => ({
      path: [key, ...found.path],
      required: required && found.required,
    }))
  })
}

function anyOf(name: string): readonly Found[] {
  const paths = name.includes('.') ? [[name], name.split('.')] : [[name]]
  return paths.filter((path) => path.every((key) => flawInKey(key) === null)).map((path) => ({ path, required: false }))
}

/** Whether a value of this shape can be written in the format. */
export function fits(format: Format, shape: Shape): boolean {
  switch (format) {
    case 'number':
      return shape.type === 'integer' || shape.type === 'decimal'
    case 'bytes':
      return shape.type === 'integer'
    case 'duration':
      return shape.type === 'integer' || shape.type === 'decimal' || shape.type === 'text'
    case 'list':
      return shape.type === 'set'
    case 'pair':
      return shape.type === 'record' && [...shape.members.keys()].sort().join() === 'after,before'
  }
}
