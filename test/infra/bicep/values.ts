import type { Plain } from './functions.ts'
import type { Declaration, ResourceDeclaration, Template } from './syntax.ts'
import { anything, type Type } from './types.ts'

/** What an expression is worth while a template is evaluated: also references, and what follows from a flaw. */
export type Value = string | number | boolean | null | readonly Value[] | ValueObject | Special
export interface ValueObject {
  readonly [key: string]: Value
}
type Special = ResourceRef | ModuleRef | OutputsRef | ReadBack | Unknown

/** What follows from a flaw that was already reported. */
export class Unknown {
  readonly isKnown = false
}
export const unknown = new Unknown()

export class ResourceRef {
  readonly resource: Resource
  /** Of a loop: the place. `null` is all of it. */
  readonly place: number | null

  constructor(resource: Resource, place: number | null) {
    this.resource = resource
    this.place = place
  }
}

export class ModuleRef {
  /** `null` for a module whose condition does not hold. */
  readonly module: Module | null
  readonly name: string

  constructor(module: Module | null, name: string) {
    this.module = module
    this.name = name
  }
}

export class OutputsRef {
  readonly module: Module
  readonly name: string

  constructor(module: Module, name: string) {
    this.module = module
    this.name = name
  }
}

/** Something that Azure answers, of which no value is known yet. */
export class ReadBack {
  readonly ref: ResourceRef
  readonly path: readonly string[]
  readonly type: Type

  constructor(ref: ResourceRef, path: readonly string[], type: Type) {
    this.ref = ref
    this.path = path
    this.type = type
  }
}

export interface Resource {
  readonly declaration: ResourceDeclaration
  readonly module: Module
  readonly above: Resource | null
  readonly type: string
  readonly version: string
  readonly definition: Type | null
  readonly below: ReadonlyMap<string, Resource>
}

export interface Module {
  readonly path: string
  readonly template: Template
  readonly declarations: ReadonlyMap<string, Declaration>
  readonly resources: Map<string, Resource>
  readonly values: Map<string, Value>
  readonly modules: Map<string, Module | null>
  /** Names whose value is being worked out. */
  readonly busy: Set<string>
  readonly outputs: Map<string, Value>
}

export const isObject = (value: Value | undefined): value is ValueObject =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Whether a value may be given where a type is declared. What is not known yet may. */
export function fits(type: string, value: Value): boolean {
  if (value === unknown || value instanceof ReadBack) return true
  if (type.endsWith('?')) return value === null || fits(type.slice(0, -1), value)
  if (type.endsWith('[]'))
    return Array.isArray(value) && (value as Value[]).every((one) => fits(type.slice(0, -2), one))
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'int':
      return typeof value === 'number'
    case 'bool':
      return typeof value === 'boolean'
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    default:
      return false
  }
}

/** A value as a key, or as words. */
export const keyOf = (value: Value | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(plain(value ?? null))

/** A value for the types to check. */
export function checkable(value: Value): unknown {
  if (value instanceof Unknown || value instanceof ReadBack) return anything
  if (Array.isArray(value)) return (value as Value[]).map(checkable)
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, checkable(one)]))
    : plain(value)
}

/** A value without references; what is not known is left out. */
export function plain(value: Value): Plain {
  if (Array.isArray(value)) return (value as Value[]).map(plain)
  if (isObject(value)) {
    const known = Object.entries(value).filter(([, one]) => one !== unknown && !(one instanceof ReadBack))
    return Object.fromEntries(known.map(([key, one]) => [key, plain(one)]))
  }
  return typeof value === 'object' ? null : value
}

export const plainOr = (value: Value): unknown =>
  typeof value === 'object' && value !== null && !isObject(value) && !Array.isArray(value) ? value : plain(value)

export const operators: Readonly<
  Record<string, { readonly takes: 'any' | 'number' | 'boolean'; readonly gives: (left: never, right: never) => Value }>
> = {
  '&&': { takes: 'boolean', gives: (left: boolean, right: boolean) => left && right },
  '||': { takes: 'boolean', gives: (left: boolean, right: boolean) => left || right },
  '==': { takes: 'any', gives: (left: Value, right: Value) => left === right },
  '!=': { takes: 'any', gives: (left: Value, right: Value) => left !== right },
  '<': { takes: 'number', gives: (left: number, right: number) => left < right },
  '>': { takes: 'number', gives: (left: number, right: number) => left > right },
  '<=': { takes: 'number', gives: (left: number, right: number) => left <= right },
  '>=': { takes: 'number', gives: (left: number, right: number) => left >= right },
  '+': { takes: 'number', gives: (left: number, right: number) => left + right },
  '-': { takes: 'number', gives: (left: number, right: number) => left - right },
}
