import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownTypes } from './ownTypes.ts'
import type { Path } from './place.ts'
import { root } from '../../support/root.ts'

/** What a resource's body, or a part of it, has to look like. Types may contain themselves, so parts are functions. */
export type Type =
  | { readonly kind: 'any' | 'boolean' | 'null' }
  | { readonly kind: 'text'; readonly min?: number; readonly max?: number; readonly pattern?: string }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'union'; readonly of: readonly (() => Type)[] }
  | { readonly kind: 'list'; readonly of: () => Type }
  | { readonly kind: 'object'; readonly members: Members; readonly others: (() => Type) | null }
  /** Which members there are depends on one of them. */
  | {
      readonly kind: 'cases'
      readonly by: string
      readonly members: Members
      readonly cases: Readonly<Record<string, () => Type>>
    }

type Members = Readonly<Record<string, Member>>

interface Member {
  readonly type: () => Type
  readonly isRequired: boolean
  readonly isReadOnly: boolean
}

/** Bicep's own definitions, in the words of the program that knows them. `npm run infra -- --types` writes this file. */
export interface TypesFile {
  /** The package that they were taken from. */
  readonly source: string
  /** By `Microsoft.Storage/storageAccounts@2025-01-01`. */
  readonly types: Readonly<Record<string, Definition>>
}

export interface Definition {
  readonly body: string
  readonly parts: Readonly<Record<string, Part>>
}

export interface Part {
  readonly members: Readonly<Record<string, WrittenMember>>
  /** The type of members with any other name. */
  readonly others?: string
  /** The member that says which of the cases it is. */
  readonly by?: string
  readonly cases?: Readonly<Record<string, string>>
}

/** Type, flags and limits: `['string', 'Required', 'minLength: 3, maxLength: 24']`. */
export type WrittenMember = readonly [type: string, flags?: string, limits?: string]

export const typesPath = join(root, 'test/infra/types.json')

const known = new Map<string, Type | null>()
let file: TypesFile | undefined

/** Finds the definition of `Microsoft.Storage/storageAccounts@2025-01-01`; `null` for a type that does not exist. */
export function typeOf(name: string): Type | null {
  const found = known.get(name)
  if (found !== undefined) return found
  file ??= JSON.parse(readFileSync(typesPath, 'utf8')) as TypesFile
  const definition = file.types[name]
  const type = definition ? reader(definition)(definition.body)() : (ownTypes[name] ?? null)
  known.set(name, type)
  return type
}

/** Reads types by how they are written, each once. */
function reader({ parts }: Definition): (written: string, limits?: string) => () => Type {
  const read = new Map<string, Type>()
  const at =
    (written: string, limits = ''): (() => Type) =>
    () => {
      const key = `${written} ${limits}`
      const known = read.get(key) ?? typeFrom(written, limits)
      read.set(key, known)
      return known
    }

  function typeFrom(written: string, limits: string): Type {
    if (written.includes(' | ')) return { kind: 'union', of: written.split(' | ').map((one) => wordOr(one, limits)) }
    if (written.endsWith('[]')) return { kind: 'list', of: at(written.slice(0, -2)) }
    switch (written) {
      case 'string':
        return { kind: 'text', ...limitsIn(limits, 'Length'), ...patternIn(limits) }
      case 'int':
        return { kind: 'number', ...limitsIn(limits, 'Value') }
      case 'bool':
        return { kind: 'boolean' }
      case 'any':
      case 'array':
      case 'object':
        return { kind: 'any' }
      default: {
        const part = Object.hasOwn(parts, written) ? parts[written] : undefined
        return part ? partFrom(part) : { kind: 'literal', value: written }
      }
    }
  }

  /** A union is of words, and some words are also the names of parts. */
  const wordOr = (written: string, limits: string) =>
    Object.hasOwn(parts, written) ? () => ({ kind: 'literal', value: written }) as const : at(written, limits)

  function partFrom({ members, others, by, cases }: Part): Type {
    const named = Object.entries(members).map(([name, [written, flags = '', limits]]) => {
      // The member that names the case is a word, although a part may have the same name.
      const type =
        by === undefined && isCaseName(written)
          ? () => ({ kind: 'literal', value: written }) as const
          : at(written, limits)
      return [name, { type, isRequired: flags.includes('Required'), isReadOnly: flags.includes('ReadOnly') }] as const
    })
    const own = Object.fromEntries(named)
    if (by === undefined) return { kind: 'object', members: own, others: others === undefined ? null : at(others) }
    const each = Object.entries(cases ?? {}).map(([name, written]) => [name, at(written)] as const)
    return { kind: 'cases', by, members: own, cases: Object.fromEntries(each) }
  }

  const names = new Set(Object.values(parts).flatMap(({ cases }) => Object.keys(cases ?? {})))
  const isCaseName = (written: string) => names.has(written)

  return at
}

function limitsIn(limits: string, of: 'Length' | 'Value'): { readonly min?: number; readonly max?: number } {
  const [min, max] = ['min', 'max'].map((which) => new RegExp(`${which}${of}: (\\d+)`).exec(limits)?.[1])
  return { ...(min !== undefined && { min: Number(min) }), ...(max !== undefined && { max: Number(max) }) }
}

function patternIn(limits: string): { readonly pattern?: string } {
  const pattern = /pattern: (.*)$/.exec(limits)?.[1]
  return pattern === undefined ? {} : { pattern }
}

/** Finds what can be read of a resource at a path; `null` if there is no such thing. */
export function partOf(type: Type, name: string): Type | null {
  switch (type.kind) {
    case 'any':
      return type
    case 'object':
      return (Object.hasOwn(type.members, name) ? type.members[name]?.type() : type.others?.()) ?? null
    case 'cases': {
      const all = Object.values(type.cases).map((one) => partOf(one(), name))
      return type.members[name]?.type() ?? all.find((part) => part !== null) ?? null
    }
    case 'union':
      return type.of.map((one) => partOf(one(), name)).find((part) => part !== null) ?? null
    default:
      return null
  }
}

/** What is wrong with a part of a value. */
export interface Mismatch {
  readonly path: Path
  readonly words: string
}

/** Stands for a value that is not known because of a flaw that was reported already. */
export const anything: unique symbol = Symbol('anything')

/** Says what is wrong with a value, part by part. */
export function mismatches(type: Type, value: unknown, path: Path = []): readonly Mismatch[] {
  if (value === null || value === undefined || value === anything) return []
  switch (type.kind) {
    case 'any':
      return []
    case 'list':
      if (!Array.isArray(value)) return [{ path, words: `${nameOf(path)} is no list` }]
      return value.flatMap((item: unknown, i) => mismatches(type.of(), item, [...path, i]))
    case 'object':
      if (!isRecord(value)) return [{ path, words: `${nameOf(path)} is no object` }]
      return membersMismatch(type.members, type.others, value, path)
    case 'cases': {
      if (!isRecord(value)) return [{ path, words: `${nameOf(path)} is no object` }]
      const chosen = value[type.by]
      const found = typeof chosen === 'string' && Object.hasOwn(type.cases, chosen) ? type.cases[chosen]?.() : undefined
      if (found?.kind !== 'object') {
        const words = `${nameOf([...path, type.by])} is ${shown(chosen)}, none of ${Object.keys(type.cases).join(', ')}`
        return [{ path: [...path, type.by], words }]
      }
      return membersMismatch({ ...type.members, ...found.members }, found.others, value, path)
    }
    case 'union':
      return unionMismatch(
        type.of.map((one) => one()),
        value,
        path,
      )
    default:
      return accepts(type, value) ? [] : [{ path, words: `${nameOf(path)} is ${shown(value)}, not ${wanted(type)}` }]
  }
}

/** A union of words that is open to other words is taken for closed: an unknown word is more likely a slip. */
function unionMismatch(types: readonly Type[], value: unknown, path: Path): readonly Mismatch[] {
  const hasWords = types.some((one) => one.kind === 'literal')
  const fitting = hasWords ? types.filter((one) => one.kind !== 'text') : types
  if (fitting.some((one) => mismatches(one, value, path).length === 0)) return []
  return [{ path, words: `${nameOf(path)} is ${shown(value)}, none of ${fitting.map(wanted).join(', ')}` }]
}

function membersMismatch(
  members: Members,
  others: (() => Type) | null,
  value: Readonly<Record<string, unknown>>,
  path: Path,
): readonly Mismatch[] {
  const given = Object.entries(value).flatMap(([name, part]) => {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    const at = [...path, name]
    if (member?.isReadOnly && !member.isRequired) return [{ path: at, words: `${nameOf(at)} is read-only` }]
    if (member) return mismatches(member.type(), part, at)
    if (others) return mismatches(others(), part, at)
    const near = Object.keys(members).find((one) => one.toLowerCase() === name.toLowerCase())
    return [{ path: at, words: `${nameOf(path)} has no ${name}${near ? `; it is ${near}` : ''}` }]
  })
  const missing = Object.entries(members)
    .filter(([name, { isRequired, isReadOnly }]) => isRequired && !isReadOnly && (value[name] ?? null) === null)
    .map(([name]) => ({ path, words: `${nameOf([...path, name])} is missing` }))
  return [...given, ...missing]
}

const nameOf = (path: Path): string => (path.length === 0 ? 'the resource' : path.join('.'))

function accepts(type: Type, value: unknown): boolean {
  switch (type.kind) {
    case 'text': {
      if (typeof value !== 'string') return false
      const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = type
      return value.length >= min && value.length <= max && (pattern === undefined || new RegExp(pattern).test(value))
    }
    case 'number': {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = type
      return Number.isInteger(value) && Number(value) >= min && Number(value) <= max
    }
    case 'boolean':
      return typeof value === 'boolean'
    case 'literal':
      return value === type.value
    default:
      return false
  }
}

function wanted(type: Type): string {
  switch (type.kind) {
    case 'literal':
      return type.value
    case 'text': {
      const { min, max, pattern } = type
      const size = min === undefined && max === undefined ? '' : ` of ${min ?? 0} to ${max ?? 'any number of'} letters`
      return `text${size}${pattern === undefined ? '' : ` like ${pattern}`}`
    }
    case 'number':
      return `a number${type.min === undefined && type.max === undefined ? '' : ` from ${type.min} to ${type.max}`}`
    default:
      return type.kind
  }
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 80)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
