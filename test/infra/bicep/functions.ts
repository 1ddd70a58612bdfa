import { createHash } from 'node:crypto'

/** What an expression can be worth once it is known. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

type Kind = 'text' | 'number' | 'list' | 'object' | 'any'

interface BicepFunction {
  /** One for each argument that has to be given; the last of `more` may be repeated. */
  readonly takes: readonly Kind[]
  readonly more?: readonly Kind[]
  /** Absent for functions that the evaluation itself knows: they take lambdas, or fail. */
  readonly run?: (...args: readonly never[]) => Plain
}

/** The deployment that values are computed for. */
export const sample = {
  subscription: '00000000-0000-4000-8000-0000000000aa',
  tenant: '00000000-0000-4000-8000-0000000000bb',
  group: '/subscriptions/00000000-0000-4000-8000-0000000000aa/resourceGroups/rg-countersign',
} as const

const provider = (type: string, names: readonly string[]): string => {
  const [space = '', ...kinds] = type.split('/')
  return [space, ...kinds.flatMap((kind, i) => [kind, names[i] ?? ''])].join('/')
}

const keyOf = (value: Plain): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** A GUID that depends on nothing but the words. Azure computes another one. */
export function guidOf(...words: readonly string[]): string {
  const hex = createHash('sha256').update(words.join('\n')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The functions of Bicep that the templates use: https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions */
export const functions: Readonly<Record<string, BicepFunction>> = {
  contains: {
    takes: ['any', 'any'],
    run: (whole: Plain, part: Plain) => {
      if (typeof whole === 'string') return whole.includes(keyOf(part))
      return Array.isArray(whole) ? whole.includes(part) : Object.hasOwn(Object(whole) as object, keyOf(part))
    },
  },
  empty: {
    takes: ['any'],
    run: (value: Plain) =>
      value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0),
  },
  environment: {
    takes: [],
    run: () => ({
      name: 'AzureCloud',
      suffixes: { storage: 'core.windows.net', keyvaultDns: '.vault.azure.net' },
    }),
  },
  fail: { takes: ['text'] },
  filter: { takes: ['list', 'any'] },
  guid: { takes: ['text'], more: ['text'], run: (...words: string[]) => guidOf(...words) },
  join: { takes: ['list', 'text'], run: (items: readonly Plain[], between: string) => items.map(String).join(between) },
  length: { takes: ['any'], run: (value: string | readonly Plain[]) => value.length },
  map: { takes: ['list', 'any'] },
  range: {
    takes: ['number', 'number'],
    run: (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i),
  },
  replace: {
    takes: ['text', 'text', 'text'],
    run: (text: string, old: string, other: string) => text.replaceAll(old, other),
  },
  resourceId: {
    takes: ['text', 'text'],
    more: ['text'],
    run: (type: string, ...names: string[]) => `${sample.group}/providers/${provider(type, names)}`,
  },
  string: { takes: ['any'], run: (value: Plain) => (typeof value === 'string' ? value : JSON.stringify(value)) },
  subscription: {
    takes: [],
    run: () => ({ id: `/subscriptions/${sample.subscription}`, subscriptionId: sample.subscription }),
  },
  subscriptionResourceId: {
    takes: ['text', 'text'],
    more: ['text'],
    run: (type: string, ...names: string[]) =>
      `/subscriptions/${sample.subscription}/providers/${provider(type, names)}`,
  },
  substring: {
    takes: ['text', 'number', 'number'],
    run: (text: string, start: number, length: number) => text.slice(start, start + length),
  },
  take: {
    takes: ['any', 'number'],
    run: (value: string | readonly Plain[], count: number) => value.slice(0, count),
  },
  tenant: { takes: [], run: () => ({ tenantId: sample.tenant }) },
  union: {
    takes: ['any', 'any'],
    more: ['any'],
    run: (...parts: Plain[]) =>
      parts.every(Array.isArray) ? [...new Set(parts.flat())] : (Object.assign({}, ...parts) as Plain),
  },
  uniqueString: {
    takes: ['text'],
    more: ['text'],
    run: (...words: string[]) => createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 13),
  },
}

/** Says what is wrong with the arguments of a call; `null` if nothing is. */
export function misused(name: string, args: readonly unknown[]): string | null {
  const { takes, more = [] } = functions[name] ?? { takes: [] }
  const most = more.length > 0 ? Number.POSITIVE_INFINITY : takes.length
  if (args.length < takes.length || args.length > most)
    return `${name} takes ${takes.length}${more.length > 0 ? ' or more' : ''} arguments, not ${args.length}`
  const wrong = args.findIndex((value, i) => !isA(takes[i] ?? more[0] ?? 'any', value))
  return wrong < 0 ? null : `argument ${wrong + 1} of ${name} is no ${takes[wrong] ?? more[0]}`
}

function isA(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'any':
      return true
    case 'text':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'list':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
  }
}
