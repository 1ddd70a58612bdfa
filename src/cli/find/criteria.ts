import { isObjectId } from '../../core/data/id.ts'
import { isArray, isObject, type Json, type JsonObject } from '../../core/data/json.ts'
import { wildcard } from '../../core/data/wildcard.ts'
import { tiers } from '../../core/request/event.ts'
import { statuses } from '../../core/request/request.ts'
import { Exit, exits } from '../exit.ts'
import type { Options } from '../options.ts'

/** What is looked for: a part that the service filters by, and a part that is compared here. */
export interface Criteria {
  /** Query parameters of the API. */
  readonly query: Readonly<Record<string, string>>
  readonly fits: (request: JsonObject) => boolean
}

/**
 * Reads the options that narrow a list. Agents and people are named by id or by name, and `*` in an action or a target
 * stands for any characters: the API takes ids and exact names, so the rest is compared here.
 *
 * @throws {Exit} 78, naming the option and what it may be
 */
export function readCriteria(options: Options): Criteria {
  checkOneOf(options, 'status', statuses)
  checkOneOf(options, 'tier', tiers)
  checkOneOf(options, 'review', ['due'])
  checkOneOf(options, 'standing', ['open'])
  const parts = [
    ...exactly(options, 'status'),
    ...exactly(options, 'tier'),
    ...exactly(options, 'review'),
    ...exactly(options, 'standing'),
    ...exactly(options, 'environment'),
    ...exactly(options, 'rule'),
    ...pattern(options, 'action'),
    ...pattern(options, 'target'),
    ...person(options, 'agent', agentsOf),
    ...person(options, 'approver', approversOf),
  ]
  return {
    query: Object.fromEntries(parts.flatMap(({ query }) => Object.entries(query ?? {}))),
    fits: (request) => parts.every(({ fits }) => fits === undefined || fits(request)),
  }
}

type Part = Partial<Criteria>

function checkOneOf(options: Options, name: string, known: readonly string[]): void {
  const given = options.one(name)
  if (given === undefined || known.includes(given)) return
  throw new Exit(exits.usage, `--${name}: "${given}" is none of ${known.join(', ')}.`)
}

function exactly(options: Options, name: string): readonly Part[] {
  const given = options.one(name)
  return given === undefined ? [] : [{ query: { [name]: given } }]
}

function pattern(options: Options, name: 'action' | 'target'): readonly Part[] {
  const given = options.one(name)
  if (given === undefined) return []
  if (!given.includes('*')) return [{ query: { [name]: given } }]
  const form = wildcard(given)
  const [prefix = ''] = given.split('*')
  const query = name === 'target' && prefix !== '' ? { prefix } : {}
  return [{ query, fits: ({ [name]: text }) => typeof text === 'string' && form.test(text) }]
}

function person(options: Options, name: string, namesOf: (request: JsonObject) => readonly string[]): readonly Part[] {
  const given = options.one(name)
  if (given === undefined) return []
  if (isObjectId(given)) return [{ query: { [name]: given.toLowerCase() } }]
  const wanted = given.toLowerCase()
  return [{ fits: (request) => namesOf(request).some((one) => one.toLowerCase() === wanted) }]
}

/** The name of the agent that asked, as a list of one, or of none if the service does not say. */
export const agentsOf = ({ agent }: JsonObject): readonly string[] => nameIn(agent)

/** The names of people who decided. */
export function approversOf({ approvals }: JsonObject): readonly string[] {
  const { decisions } = isObject(approvals) ? approvals : {}
  return isArray(decisions) ? decisions.flatMap(nameIn) : []
}

const nameIn = (one: Json | undefined): readonly string[] =>
  isObject(one) && typeof one['name'] === 'string' ? [one['name']] : []
