import type { TokenCredential } from '@azure/identity'
import * as z from 'zod'
import { bounds } from '../core/data/bound.ts'
import { isObjectId, type ObjectId, parseObjectId } from '../core/data/id.ts'
import { type Instant, milliseconds } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { parseRetryAfter } from '../core/data/retryAfter.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory, Person } from '../ports/directory.ts'
import { UnexpectedStatus } from './unexpectedStatus.ts'
import { remember } from '../runtime/remember.ts'

export interface GraphSettings {
  /** `https://graph.microsoft.com/v1.0` */
  readonly url: string
  /** The audience of tokens for Graph: its origin in this cloud. */
  readonly audience: string
  readonly credential: TokenCredential
  readonly clock: Clock
  /** Milliseconds for one lookup with all its pages and retries. */
  readonly timeout?: number
}

/** An id that no user has: RFC 9562 section 5.9. */
const unknownPerson = '00000000-0000-0000-0000-000000000000'

const oneMinute = bounds.facts.remembered * 1000

/** The most pages of a group. With 999 members each, no group of approvers has more. */
const mostPages = 20

/** The most answers that are remembered. Callers send ids, too, so their number must be limited. */
const mostRemembered = 10_000

/** Asks Microsoft Graph for people and groups. An answer is used for a minute, also that a person does not exist. */
export class GraphDirectory implements Directory {
  readonly #settings: GraphSettings
  readonly #people: RecentAnswers<Omit<Person, 'asOf'> | null>
  readonly #groups: RecentAnswers<readonly ObjectId[]>

  constructor(settings: GraphSettings) {
    this.#settings = settings
    this.#people = new RecentAnswers(settings.clock, (id) => this.#person(id))
    this.#groups = new RecentAnswers(settings.clock, (id) => this.#members(id))
  }

  async person(id: ObjectId): Promise<Person | null> {
    const { asOf, value } = this.#people.get(id)
    const person = await value
    return person === null ? null : { ...person, asOf }
  }

  members(group: ObjectId): Promise<readonly ObjectId[]> {
    return this.#groups.get(group).value
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
   * Reads all transitive members and selects the people. Graph could select them itself, but only from an index that
   * lags behind: https://learn.microsoft.com/graph/api/group-list-transitivemembers
   */
  #members(group: ObjectId): Promise<readonly ObjectId[]> {
    return this.#lookUp(async (read) => {
      const members = new Set<ObjectId>()
      let next: string | undefined = `${this.#settings.url}/groups/${group}/transitiveMembers?$select=id&$top=999`
      for (let page = 0; next !== undefined; page++) {
        if (page === mostPages) throw new Error('The group is too large.')
        const body = await read(next)
        // A group that is deleted between two pages has no members.
        if (body === null) return []
        const { value, '@odata.nextLink': link } = pageSchema.parse(body)
        for (const { id, '@odata.type': type } of value)
          if (type === '#microsoft.graph.user') members.add(parseObjectId(id))
        next = link
      }
      return [...members]
    })
  }

  /** Gives the work a `read` with one deadline. Turns every error into `unavailable`. */
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

/** Reads the body at an address; `null` if the directory does not have it. */
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
 * Whether an account belongs to an agent. Such an account is not a person, even if it is an enabled member. Graph names
 * its type and its agent: https://learn.microsoft.com/graph/api/resources/agentuser
 */
function isAgentUser({ '@odata.type': type, identityParentId: parent }: z.infer<typeof userSchema>): boolean {
  return (type !== undefined && type !== '#microsoft.graph.user') || (parent !== undefined && parent !== null)
}

const pageSchema = z.object({
  value: z.array(z.object({ '@odata.type': z.string(), id: z.string().refine(isObjectId) })),
  '@odata.nextLink': z.string().optional(),
})

/** The body of the directory's own 404. Any other 404 comes from a proxy or a wrong address. */
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

/** Milliseconds to wait before the next try; `null` if another try is useless. */
function pause({ status, headers }: Response): number | null {
  if (status !== 429 && status !== 503 && status !== 504) return null
  const seconds = parseRetryAfter(headers.get('retry-after'), Date.now())
  return seconds === null ? 500 : Math.max(100, seconds * 1000)
}

/** An answer, and when the directory was asked: by the clock, and on the scale of `performance.now()`. */
interface RecentAnswer<T> {
  readonly asOf: Instant
  readonly since: number
  readonly value: Promise<T>
}

/** Remembers answers, and shares calls that are under way. A failed call is not remembered. */
class RecentAnswers<T> {
  readonly #clock: Clock
  readonly #ask: (id: ObjectId) => Promise<T>
  /** The oldest first. */
  readonly #answers = new Map<ObjectId, RecentAnswer<T>>()

  constructor(clock: Clock, ask: (id: ObjectId) => Promise<T>) {
    this.#clock = clock
    this.#ask = ask
  }

  get(id: ObjectId): RecentAnswer<T> {
    const now = this.#clock.now()
    const earlier = this.#answers.get(id)
    if (earlier !== undefined && performance.now() - earlier.since < oneMinute && near(earlier.asOf, now))
      return earlier
    const answer = { asOf: now, since: performance.now(), value: this.#ask(id) }
    this.#remember(id, answer)
    answer.value.catch(() => {
      if (this.#answers.get(id) === answer) this.#answers.delete(id)
    })
    return answer
  }

  #remember(id: ObjectId, answer: RecentAnswer<T>): void {
    remember(this.#answers, id, answer, mostRemembered)
  }
}

/**
 * The age is measured in real time. But decisions record `asOf`, so an answer from before the clock was set is not
 * used.
 */
const near = (asOf: Instant, now: Instant): boolean => Math.abs(milliseconds(now) - milliseconds(asOf)) < oneMinute
