import type { TokenCredential } from '@azure/identity'
import { z } from 'zod'
import { isObjectId, type ObjectId, parseObjectId } from '../core/data/id.ts'
import { type Instant, milliseconds } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { parseRetryAfter } from '../core/data/retryAfter.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory, Person } from '../ports/directory.ts'
import { UnexpectedStatus } from './unexpectedStatus.ts'

export interface GraphSettings {
  /** `https://graph.microsoft.com/v1.0` */
  readonly url: string
  /** The audience of tokens for Graph: its origin in this cloud. */
  readonly audience: string
  readonly credential: TokenCredential
  readonly clock: Clock
  /** In milliseconds, for one lookup with all its pages and retries. */
  readonly timeout?: number
}

/** The id that no user has: RFC 9562 section 5.9. */
const unknownPerson = '00000000-0000-0000-0000-000000000000'

const oneMinute = 60_000

/** With 999 to a page, more members than any group of approvers has. */
const mostPages = 20

/** The ids come from callers too, so what is remembered is bounded. */
const mostRemembered = 10_000

/** Asks Microsoft Graph for people and groups. An answer is used for a minute, and "there is no such person" too. */
export class GraphDirectory implements Directory {
  readonly #settings: GraphSettings
  readonly #people: Remembered<Omit<Person, 'asOf'> | null>
  readonly #groups: Remembered<readonly ObjectId[]>

  constructor(settings: GraphSettings) {
    this.#settings = settings
    this.#people = remembered(settings.clock, (id) => this.#person(id))
    this.#groups = remembered(settings.clock, (id) => this.#members(id))
  }

  async person(id: ObjectId): Promise<Person | null> {
    const { asOf, value } = this.#people(id)
    const person = await value
    return person === null ? null : { ...person, asOf }
  }

  members(group: ObjectId): Promise<readonly ObjectId[]> {
    return this.#groups(group).value
  }

  /** Asks for a user that does not exist, which needs the directory, its permission and nothing else. */
  async ping(): Promise<void> {
    await this.#lookUp((read) => read(`${this.#settings.url}/users/${unknownPerson}?$select=id`))
  }

  #person(id: ObjectId): Promise<Omit<Person, 'asOf'> | null> {
    return this.#lookUp(async (read) => {
      const wanted = 'id,displayName,userType,accountEnabled,identityParentId'
      const body = await read(`${this.#settings.url}/users/${id}?$select=${wanted}`)
      if (body === null) return null
      const user = userSchema.parse(body)
      if (user.id.toLowerCase() !== id) throw new Error('The directory answered about another person.')
      if (isAgentUser(user)) return null
      return { name: user.displayName, member: user.userType === 'Member', enabled: user.accountEnabled === true }
    })
  }

  /**
   * All transitive members are asked for, and people picked out here. Graph would do that itself, but answer from an
   * index that lags behind: https://learn.microsoft.com/graph/api/group-list-transitivemembers
   */
  #members(group: ObjectId): Promise<readonly ObjectId[]> {
    return this.#lookUp(async (read) => {
      const members = new Set<ObjectId>()
      let next: string | undefined = `${this.#settings.url}/groups/${group}/transitiveMembers?$select=id&$top=999`
      for (let page = 0; next !== undefined; page++) {
        if (page === mostPages) throw new Error('The group is too large.')
        const body = await read(next)
        // a group that goes away between two pages has no members
        if (body === null) return []
        const { value, '@odata.nextLink': link } = pageSchema.parse(body)
        for (const { id, '@odata.type': type } of value)
          if (type === '#microsoft.graph.user') members.add(parseObjectId(id))
        next = link
      }
      return [...members]
    })
  }

  /** Gives the work a `read` with one deadline, and lets nothing out but its answer or `unavailable`. */
  async #lookUp<T>(work: (read: Read) => Promise<T>): Promise<T> {
    const { url, audience, credential, timeout = 5_000 } = this.#settings
    const deadline = performance.now() + timeout
    try {
      return await work((address) => get(address, { origin: new URL(url).origin, audience, credential, deadline }))
    } catch (cause) {
      throw new Problem('unavailable', 'The directory of people cannot be asked.', { cause, retryAfter: 5 })
    }
  }
}

/** The body; `null` for what the directory does not have. */
type Read = (address: string) => Promise<unknown>

const userSchema = z.object({
  id: z.string(),
  displayName: z.string().min(1),
  userType: z.string().nullable(),
  accountEnabled: z.boolean().nullable(),
  '@odata.type': z.string().optional(),
  identityParentId: z.unknown().optional(),
})

/**
 * An account that an agent signs in to is no person, although it is a member who is enabled. Graph names its type, and
 * the agent it belongs to: https://learn.microsoft.com/graph/api/resources/agentuser
 */
function isAgentUser({ '@odata.type': type, identityParentId: parent }: z.infer<typeof userSchema>): boolean {
  return (type !== undefined && type !== '#microsoft.graph.user') || (parent !== undefined && parent !== null)
}

const pageSchema = z.object({
  value: z.array(z.object({ '@odata.type': z.string(), id: z.string().refine(isObjectId) })),
  '@odata.nextLink': z.string().optional(),
})

/** A 404 without this is not the directory's: a proxy's, or a wrong address. */
const missingSchema = z.object({ error: z.object({ code: z.literal('Request_ResourceNotFound') }) })

interface Reach {
  readonly origin: string
  readonly audience: string
  readonly credential: TokenCredential
  /** On the scale of `performance.now()`. */
  readonly deadline: number
}

async function get(address: string, { origin, audience, credential, deadline }: Reach): Promise<unknown> {
  // The link to the next page comes from outside: the token is sent to the directory's origin only.
  if (new URL(address).origin !== origin) throw new Error('The directory named a page that is not its own.')
  for (;;) {
    const abortSignal = AbortSignal.timeout(Math.max(0, Math.ceil(deadline - performance.now())))
    const token = await credential.getToken(`${audience}/.default`, { abortSignal })
    if (token === null) throw new Error('There is no token for the directory.')
    const response = await fetch(address, {
      headers: { authorization: `Bearer ${token.token}` },
      redirect: 'error',
      signal: abortSignal,
    })
    if (response.status === 200) return response.json()
    if (response.status === 404) {
      missingSchema.parse(await response.json())
      return null
    }
    await response.body?.cancel()
    const wait = pause(response)
    if (wait === null || performance.now() + wait >= deadline)
      throw new UnexpectedStatus('The directory', response.status)
    await new Promise((done) => setTimeout(done, wait))
  }
}

/** Says how many milliseconds to wait before the next try; `null` if another try is of no use. */
function pause({ status, headers }: Response): number | null {
  if (status !== 429 && status !== 503 && status !== 504) return null
  const seconds = parseRetryAfter(headers.get('retry-after'), Date.now())
  return seconds === null ? 500 : Math.max(100, seconds * 1000)
}

type Remembered<T> = (id: ObjectId) => { readonly asOf: Instant; readonly value: Promise<T> }

/** Remembers answers, and shares those under way. What failed is asked again. `asOf` is when the asking began. */
function remembered<T>(clock: Clock, ask: (id: ObjectId) => Promise<T>): Remembered<T> {
  const answers = new Map<ObjectId, { readonly asOf: Instant; readonly since: number; readonly value: Promise<T> }>()
  return (id) => {
    const now = clock.now()
    const earlier = answers.get(id)
    if (earlier !== undefined && performance.now() - earlier.since < oneMinute && near(earlier.asOf, now))
      return earlier
    const answer = { asOf: now, since: performance.now(), value: ask(id) }
    answers.delete(id)
    answers.set(id, answer)
    const [oldest] = answers.keys()
    if (answers.size > mostRemembered && oldest !== undefined) answers.delete(oldest)
    answer.value.catch(() => {
      if (answers.get(id) === answer) answers.delete(id)
    })
    return answer
  }
}

/** Real time measures the age, but decisions record `asOf` beside the clock's time: a clock that was set asks anew. */
const near = (asOf: Instant, now: Instant): boolean => Math.abs(milliseconds(now) - milliseconds(asOf)) < oneMinute
