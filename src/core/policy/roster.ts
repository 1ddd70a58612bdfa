import type { ObjectId } from '../data/id.ts'
import { jsonIn } from '../data/json.ts'
import { atLeast, type Form, guid, list, oneOf, truth } from '../data/shape.ts'
import { joinedAccounts, type JoinedPerson, type People, type Responsible } from './people.ts'

/** The file of a policy with groups, agents and people. */
export const rosterFile = 'approvers.json'

/** Who may answer what approvers ask about an agent's requests. `owners` are all people whom a request excludes. */
export const answerers = ['owners', 'agent', 'both', 'nobody'] as const
export type Answerers = (typeof answerers)[number]

/** What of an agent's registration its requests depend on. */
interface PlainAgent extends Responsible {
  readonly executors: readonly ObjectId[]
  readonly onBehalfOf: 'required' | 'optional' | 'refused'
  /** The only accounts that it may act for; absent if there is no list. */
  readonly principals?: readonly ObjectId[]
  readonly answers: Answerers
  /** Whether approvers may make smaller what it asks for. */
  readonly narrowing: boolean
}

export interface PlainGroup {
  readonly members: ReadonlySet<ObjectId>
  /** Whether all its members are listed here, and none in the directory. */
  readonly isList: boolean
  /** Who may act for a member who is away. */
  readonly deputies: readonly ObjectId[]
  /** Absent for a list. */
  readonly entraGroup?: ObjectId
}

/** What a reader of evidence needs of `approvers.json`. */
export interface PlainRoster extends People {
  readonly agents: ReadonlyMap<ObjectId, PlainAgent>
  readonly groups: ReadonlyMap<string, PlainGroup>
}

/** As the loader of policies has them. */
const limits = { bytes: 262_144, depth: 8, nodes: 20_000 }

const ids = list(guid)
const rule = oneOf('required', 'optional', 'refused')
const principals = atLeast({ 'required?': ids, 'optional?': ids })
const whom: Form = (value) => {
  return typeof value === 'string' ? rule(value) : principals(value)
}

const recordOf = (key: Form, form: Form): Form => {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { path: '', how: 'wrong' }
    for (const [name, item] of Object.entries(value)) {
      const misfit = key(name) ?? form(item)
      if (misfit !== null) return misfit
    }
    return null
  }
}

const any: Form = () => null
const lists = {
  'owners?': ids,
  'sponsors?': ids,
  'executors?': ids,
  'onBehalfOf?': whom,
  'answers?': oneOf(...answerers),
  'narrowing?': truth,
}
const form = atLeast({
  version: oneOf(1),
  groups: recordOf(any, atLeast({ 'members?': ids, 'entraGroup?': guid, 'deputies?': ids })),
  agents: recordOf(guid, atLeast(lists)),
  'people?': recordOf(guid, atLeast({ 'sameAs?': ids })),
})

interface Document {
  readonly groups: Readonly<Record<string, DocumentGroup>>
  readonly agents: Readonly<Record<ObjectId, DocumentAgent>>
  readonly people?: Readonly<Record<ObjectId, JoinedPerson>>
}

interface DocumentGroup {
  readonly members?: readonly ObjectId[]
  readonly entraGroup?: ObjectId
  readonly deputies?: readonly ObjectId[]
}

interface DocumentAgent extends Partial<Responsible> {
  readonly executors?: readonly ObjectId[]
  readonly answers?: Answerers
  readonly narrowing?: boolean
  readonly onBehalfOf?: PlainAgent['onBehalfOf'] | { readonly [rule in 'required' | 'optional']?: readonly ObjectId[] }
}

/**
 * Reads `approvers.json` of a policy that was in force: its loader has checked it, so that only what is needed here is
 * looked at. Members that a later version adds are ignored.
 *
 * @returns `null` if it is not such a file
 */
export function readPlainRoster(bytes: Uint8Array): PlainRoster | null {
  const value = jsonIn(bytes, limits)
  if (form(value) !== null) return null
  const { groups, agents, people = {} } = value as unknown as Document
  return {
    agents: new Map(entries(agents).map(([id, agent]) => [id, plainAgent(agent)])),
    groups: new Map(
      Object.entries(groups).map(([name, { members = [], entraGroup, deputies = [] }]) => [
        name,
        { members: new Set(members), isList: entraGroup === undefined, deputies, ...(entraGroup && { entraGroup }) },
      ]),
    ),
    accounts: joinedAccounts(people),
  }
}

function plainAgent(agent: DocumentAgent): PlainAgent {
  const { owners = [], sponsors = [], executors = [], onBehalfOf = 'refused', answers = 'owners' } = agent
  const rest = { owners, sponsors, executors, answers, narrowing: agent.narrowing ?? false }
  if (typeof onBehalfOf === 'string') return { ...rest, onBehalfOf }
  const { required, optional } = onBehalfOf
  return required
    ? { ...rest, onBehalfOf: 'required', principals: required }
    : { ...rest, onBehalfOf: 'optional', principals: optional ?? [] }
}

const entries = (agents: Document['agents']) => Object.entries(agents) as [ObjectId, DocumentAgent][]
