import { randomUUID } from 'node:crypto'
import { type Action, actionDigest } from '../core/action/action.ts'
import { isRequestId } from '../core/data/id.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { isExecutable } from '../client/approval.ts'
import { keyOf, Refused, type Request } from '../client/countersign.ts'
import { isProtocolError, metaNames, NotRun, notRun, type ToolResult } from './answer.ts'
import { type GatedTool, reasonName, resumeName } from './catalogue.ts'
import type { GatewayConfig } from './config.ts'
import type { HostCall } from './hostCall.ts'
import { PendingCall, type PendingParts, type PendingState } from './pendingCall.ts'
import type { HostSeals } from './seal.ts'
import { isAbout, type LikeCall, OwnStandings } from './ownStandings.ts'
import { answerArguments, answerName, toAnswer } from './question.ts'
import { told, waitingWords } from './told.ts'
import { argumentsIn } from '../toolCall/toolAction.ts'
import { actionOf } from './gatewayAction.ts'
import { isNarrowed, toTake } from './left.ts'

export interface GatewayParts extends Omit<PendingParts, 'dropped' | 'closing' | 'environment' | 'grace'> {
  readonly config: Pick<GatewayConfig, 'environment' | 'grace'>
  readonly seals: HostSeals
}

/** What a host is answered. */
export type GatewayAnswer =
  | { readonly kind: 'result'; readonly result: ToolResult }
  /** Call again, with this state. */
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'task'; readonly task: TaskAnswer }

/** A task as the extension `io.modelcontextprotocol/tasks` describes it. */
export interface TaskAnswer {
  readonly taskId: string
  readonly status: 'working' | 'completed' | 'cancelled' | 'failed'
  readonly statusMessage?: string
  readonly createdAt: string
  readonly lastUpdatedAt: string
  /** Milliseconds from `createdAt` for which the task is kept at least. Each look at the task makes it longer. */
  readonly ttlMs: number
  readonly pollIntervalMs: number
  /** What the tool answered, or why it was not carried out; of a task that is completed. */
  readonly result?: ToolResult
  /** What the tool's server answered by the protocol in place of a result; of a task that failed. */
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** Hosts call again ten times by themselves, and then fail. The eighth answer leaves that to the model. */
const mostRounds = 8

/** Milliseconds between two signs of life to a host that asked for them. */
const beat = 10_000

/** Milliseconds in which running tools may end when the gateway closes. */
const lastMoments = 5_000

/** The calls of all hosts. What lasts is at the service: another process can go on with any call. */
export class Gateway {
  readonly #parts: GatewayParts
  readonly #calls = new Map<string, PendingCall>()
  readonly #closing = new AbortController()
  readonly #boot = randomUUID()
  readonly #standings: OwnStandings
  #number = 0

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#standings = new OwnStandings(parts.client)
  }

  /** Answers a call of a tool. Every fault is an answer that says what was not carried out. */
  async call(host: HostCall, name: string, given: JsonObject): Promise<GatewayAnswer> {
    return this.#held(host, (held, about) => {
      if (host.state) return this.#again(host, name, given, held, about)
      if (name === resumeName) return this.#resume(host, given, held, about)
      if (name === answerName) return this.#answer(host, given, held, about)
      return this.#first(host, name, given, held, about)
    })
  }

  /** Says how a task stands, and carries it out once it is approved. @throws {NotRun} for an unknown task */
  async task(caller: Pick<HostCall, 'caller' | 'onBehalfOf'>, taskId: string): Promise<TaskAnswer> {
    const id = this.#idOfTask(caller.caller, taskId)
    const call = this.#calls.get(id) ?? (await this.#remembered(caller, id))
    const { state, outcome } = call.glance()
    if (!outcome) return this.#taskOf(call, { status: 'working', statusMessage: wordsFor(call, state) })
    try {
      return this.#taskOf(call, { status: 'completed', result: await outcome })
    } catch (cause) {
      return this.#taskOf(call, endOf(cause, this.#parts.say))
    }
  }

  /** Withdraws the request of a task. @throws {NotRun} for an unknown task */
  async cancelTask({ caller }: Pick<HostCall, 'caller'>, taskId: string): Promise<void> {
    const id = this.#idOfTask(caller, taskId)
    await this.#parts.client.cancel(id, 'The agent cancelled it.').catch(ignoreRefusal)
  }

  /** Takes no input for a task, because none of this gateway's tasks asks for any. @throws {NotRun} for an unknown task */
  updateTask({ caller }: Pick<HostCall, 'caller'>, taskId: string): void {
    this.#idOfTask(caller, taskId)
  }

  #idOfTask(caller: string, taskId: string): string {
    const sealed = this.#parts.seals.open('task', taskId, caller)
    if (!sealed) throw unknownRequest()
    return sealed.id
  }

  /** Ends the waits of this process, and lets running tools end. Requests stay, for another process to go on with. */
  async close(): Promise<void> {
    this.#closing.abort(new NotRun('closing', 'The gateway is closing.'))
    const over = new AbortController()
    const running = Promise.all([...this.#calls.values()].map(({ idle }) => idle))
    await Promise.race([running, this.#parts.after(lastMoments, over.signal)])
    over.abort()
  }

  /** Asks for the action of a call, and waits. */
  async #first(host: HostCall, name: string, given: JsonObject, held: Held, about: About): Promise<GatewayAnswer> {
    const tool = await this.#find(name)
    const { [reasonName]: reason, ...rest } = given
    const args = tool.asksReason ? rest : given
    const action = actionOf(tool, args, this.#parts.config.environment)
    const words =
      tool.asksReason && typeof reason === 'string' && reason.trim() ? reason : `${tool.name}, called over MCP`
    // What policy allows is redeemed with the ask: then the tool has to be there.
    await tool.upstream.ready()
    const over = new AbortController()
    const like = likeCall(host, tool, action)
    const asked = this.#ask(host, { tool, args, action, reason: words, like }, over.signal)
    const call = await Promise.race([asked, held])
    if (call !== 'held') return this.#wait(host, call, 0, held, about)
    // What the last attempt may have made is withdrawn, unless the host calls again.
    const later = notYet(like && this.#standings.waiting(like))
    over.abort(later)
    asked.then(
      (late) => late.touch(),
      () => undefined,
    )
    throw later
  }

  async #ask(host: HostCall, asking: Asking, signal: AbortSignal): Promise<PendingCall> {
    const { tool, args, action, reason, like } = asking
    const { caller, callId, onBehalfOf } = host
    const key = callId ? keyOf('mcp', caller, ...callId) : keyOf('mcp', this.#boot, String(++this.#number))
    const redemption = randomUUID()
    const given = { reason, key, signal, onBehalfOf }
    const request =
      (like && ((await this.#use(like, { ...given, redemption })) ?? (await this.#askStanding(like, given)))) ??
      (await this.#askAlone(host, asking, { ...given, redemption }))
    return this.#keep({ tool, args, action, caller, request, redemption })
  }

  /** Asks for a call by itself. */
  async #askAlone({ callId, onBehalfOf }: HostCall, { action, like }: Asking, given: AskGiven): Promise<Request> {
    const { client } = this.#parts
    try {
      const request = await client.ask(action, given)
      if (like && request.next === 'wait') this.#standings.asked(like, request)
      return request
    } catch (cause) {
      const other = cause instanceof Refused ? cause.request : undefined
      if (!(cause instanceof Refused) || other === undefined) throw cause
      // A call without a name of its own is taken for the one that waits already.
      const isTwin = cause.code === 'already-pending' && !callId
      // An earlier process asked for a standing approval with this call.
      const isSample = cause.code === 'idempotency-mismatch' && like !== null
      if (!isTwin && !isSample) throw cause
      const request = await client.read(other)
      if (request.onBehalfOf !== onBehalfOf || !isAbout(request, action)) throw cause
      return request
    }
  }

  /**
   * Asks for a call under the standing approval that covers it. While people decide on that one, the call waits for it.
   *
   * @returns `null` if there is none, or it does not cover the call any more
   */
  async #use(like: LikeCall, given: AskGiven): Promise<Request | null> {
    const { client } = this.#parts
    const standing = await this.#standings.covering(like)
    if (standing === null) return null
    const { id, next } = standing
    const asked = await this.#askUnder(like, id, given)
    if (asked !== 'standing-over') return asked
    if (next === 'use') this.#standings.ended(like, await client.read(id))
    else if (await this.#standings.isGiven(like, standing, given.signal)) return this.#use(like, given)
    return null
  }

  async #askUnder(like: LikeCall, under: string, given: AskGiven): Promise<Request | 'standing-over' | null> {
    const { client } = this.#parts
    try {
      return await client.ask(like.action, { ...given, under })
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause
      if (cause.code === 'standing-over') return cause.code
      // It is this very call that asked for the standing approval.
      if (cause.code === 'idempotency-mismatch' && cause.request === under) return client.read(under)
      if (cause.code !== 'not-covered' && cause.code !== 'idempotency-mismatch') throw cause
      return null
    }
  }

  /** Asks for a standing approval, once there were enough like calls; `null` if there were not, or it is not to be had. */
  async #askStanding(like: LikeCall, given: Omit<AskGiven, 'redemption'>): Promise<Request | null> {
    if (!this.#standings.isDue(like)) return null
    try {
      const standing = await this.#parts.client.askStanding(like.action, like.rule, given)
      if (standing.next === 'stop') return standing
      this.#standings.opened(like, standing)
      return standing
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause
      // The call was asked for by itself before.
      if (cause.code === 'idempotency-mismatch') return null
      // No fault of a passing kind: policy gives none for such calls, or not this one.
      if (cause.status >= 500) throw cause
      this.#standings.refused(like)
      return null
    }
  }

  /** A host calls again with the state that it was given: nothing of the call may have changed. */
  async #again(host: HostCall, name: string, given: JsonObject, held: Held, about: About): Promise<GatewayAnswer> {
    const { id, round } = host.state ?? { id: '', round: 0 }
    const left = name === resumeName ? given['left'] : undefined
    const call = this.#calls.get(id) ?? (await this.#remembered(host, id, left))
    if (name !== resumeName && name !== answerName) {
      const tool = await this.#find(name)
      const { [reasonName]: _, ...rest } = given
      const action = actionOf(tool, tool.asksReason ? rest : given, this.#parts.config.environment)
      if (!isAbout(call.request, action)) throw new NotRun('digest-mismatch', 'This is not the call that waits.', id)
    }
    return this.#wait(host, call, round, held, about)
  }

  async #resume(host: HostCall, given: JsonObject, held: Held, about: About): Promise<GatewayAnswer> {
    const { request: id, left } = given
    const call = left === undefined ? await this.#own(host, id) : await this.#taken(host, id, left)
    return this.#wait(host, call, 0, held, about)
  }

  /** Finds the call of what approvers left, to which the model agrees by its digest. Before they decided, it is none yet. */
  async #taken(host: HostCall, id: Json | undefined, left: Json): Promise<PendingCall> {
    const call = await this.#own(host, id, left)
    if (call.state !== 'done' || actionDigest(call.action) === left) return call
    // What ended is the larger call, of which nothing was carried out.
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id)
    return this.#remembered(host, call.id, left)
  }

  /** Sends the model's answer to a question, and waits on. */
  async #answer(host: HostCall, given: JsonObject, held: Held, about: About): Promise<GatewayAnswer> {
    const { success, data } = answerArguments.safeParse(given)
    if (!success) throw new NotRun('invalid-input', `${answerName} takes the texts request, question and answer.`)
    const call = await this.#own(host, data.request)
    await call.answer(data.question, data.answer)
    return this.#wait(host, call, 0, held, about)
  }

  /** Finds a call of this host. @throws {NotRun} if there is none */
  async #own(host: HostCall, id: Json | undefined, left?: Json): Promise<PendingCall> {
    if (typeof id !== 'string' || !isRequestId(id)) throw unknownRequest()
    const call = this.#calls.get(id) ?? (await this.#remembered(host, id, left))
    if (call.caller !== host.caller) throw unknownRequest()
    return call
  }

  async #wait(host: HostCall, call: PendingCall, round: number, held: Held, about: About): Promise<GatewayAnswer> {
    about.call = call
    if (host.takesTasks && call.state === 'waiting') {
      call.touch()
      return {
        kind: 'task',
        task: this.#taskOf(call, { status: 'working', statusMessage: wordsFor(call, call.state) }),
      }
    }
    const result = await call.join(host, held)
    // A host that calls again by itself does not show its model what is asked.
    if (result === 'asked') return { kind: 'result', result: waitOn(call.request) }
    if (result !== 'held') return { kind: 'result', result }
    if (host.takesState && round + 1 < mostRounds) {
      const sealed = { id: call.id, round: round + 1 } as const
      return { kind: 'state', state: this.#parts.seals.seal('call', sealed, host.caller) }
    }
    return { kind: 'result', result: waitOn(call.request) }
  }

  /**
   * Makes a call anew from what the service recorded of it.
   *
   * @param left the digest of what approvers left of it, from a model that agrees to that
   * @throws {NotRun} if it is not known, or not to this caller
   */
  async #remembered(host: Pick<HostCall, 'caller' | 'onBehalfOf'>, id: string, left?: Json): Promise<PendingCall> {
    const request = await this.#parts.client.read(id).catch((cause: unknown) => {
      throw cause instanceof Refused && cause.status === 404 ? unknownRequest() : cause
    })
    const known = this.#calls.get(id)
    if (known) return known
    const params = request.params as JsonObject | undefined
    const tools = [...(await this.#parts.catalogue.tools()).values()]
    const tool = tools.find(({ server, name }) => server === params?.['server'] && name === params?.['tool'])
    const args = tool && params && isObject(params) ? argumentsIn(params, tool.rule, ['server', 'tool']) : null
    if (!tool || !args || request.onBehalfOf !== host.onBehalfOf) throw unknownRequest()
    return this.#keep({
      tool,
      args,
      action: remade({ tool, args, environment: this.#parts.config.environment, left }, request),
      caller: host.caller,
      request,
    })
  }

  #keep(about: ConstructorParameters<typeof PendingCall>[1]): PendingCall {
    const { config, ...parts } = this.#parts
    const known = this.#calls.get(about.request.id)
    if (known && known.caller !== about.caller) throw unknownRequest()
    // Answers to two asks for one call may come in another order: the one that claimed it carries it out.
    if (known && !isExecutable(about.request, about.redemption)) return known
    const call = new PendingCall(
      {
        ...parts,
        ...config,
        closing: this.#closing.signal,
        dropped: (one) => {
          if (this.#calls.get(one.id) === one) this.#calls.delete(one.id)
        },
      },
      about,
    )
    this.#calls.set(call.id, call)
    return call
  }

  async #find(name: string): Promise<GatedTool> {
    const { catalogue } = this.#parts
    const tool = (await catalogue.tools()).get(name)
    if (tool) return tool
    if (await catalogue.isUnpinned(name))
      throw new NotRun(
        'tool-changed',
        `${name} is not what people looked at: someone has to look at it and pin it again.`,
      )
    throw new NotRun('not-found', `There is no tool ${name}.`)
  }

  /** Answers within the time that the host has, gives signs of life, and turns every fault into an answer. */
  async #held(host: HostCall, work: (held: Held, about: About) => Promise<GatewayAnswer>): Promise<GatewayAnswer> {
    const { after, say } = this.#parts
    const over = new AbortController()
    const held = Promise.race([after(host.hold * 1000, over.signal), abortOf(host.signal)]).then(() => 'held' as const)
    const about: About = { call: null }
    void this.#beat(host, about, over.signal)
    try {
      return await work(held, about)
    } catch (cause) {
      return { kind: 'result', result: told(cause, say) }
    } finally {
      over.abort()
    }
  }

  async #beat({ progress }: HostCall, about: About, over: AbortSignal): Promise<void> {
    if (!progress) return
    for (let count = 1; ; count++) {
      await this.#parts.after(beat, over)
      if (over.aborted) return
      // The tool itself tells how it goes, once it runs.
      if (about.call?.state !== 'running')
        progress({ progress: count * 1e-6, message: waitingWords(about.call?.request) })
    }
  }

  #taskOf(call: PendingCall, more: TaskState): TaskAnswer {
    const { createdAt } = call.request
    const now = new Date()
    // The clock of the service may be ahead of this one.
    const age = Math.max(0, now.getTime() - Date.parse(createdAt))
    return {
      taskId: this.#parts.seals.seal('task', { id: call.id, round: 0 }, call.caller),
      createdAt,
      lastUpdatedAt: now.toISOString(),
      ttlMs: age + this.#parts.config.grace * 1000,
      pollIntervalMs: 5_000,
      ...more,
    }
  }
}

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })

type TaskState = Pick<TaskAnswer, 'status' | 'statusMessage' | 'result' | 'error'>

/** Says how a task ended without a result of the tool. */
function endOf(cause: unknown, say: (line: string) => void): TaskState {
  try {
    const result = told(cause, say)
    return result._meta?.[metaNames.code] === 'cancelled' ? { status: 'cancelled' } : { status: 'completed', result }
  } catch (error) {
    if (!isProtocolError(error)) throw error
    const { code, message, data } = error
    const words = 'The server of the tool answered with an error of the protocol.'
    return { status: 'failed', statusMessage: words, error: { code, message, ...(data !== undefined && { data }) } }
  }
}

type Held = Promise<'held'>

/** What a call turned out to be about, for signs of life. */
interface About {
  call: PendingCall | null
}

type Asking = Pick<ConstructorParameters<typeof PendingCall>[1], 'tool' | 'args' | 'action'> & {
  readonly reason: string
  readonly like: LikeCall | null
}

/** What comes with an ask. */
interface AskGiven {
  readonly reason: string
  readonly key: string
  readonly signal: AbortSignal
  readonly onBehalfOf: string | undefined
  readonly redemption: string
}

function likeCall({ caller, onBehalfOf }: HostCall, { rule }: GatedTool, action: Action): LikeCall | null {
  return rule.standing === undefined ? null : { action, caller, onBehalfOf, rule: rule.standing }
}

/** Says why nothing could be asked for while the host waited. @param standing what people decide on in place of the call */
function notYet(standing: Request | null): NotRun {
  if (standing === null)
    return new NotRun('too-many', 'People have too much to decide at the moment. Call this tool again later.')
  const words =
    'People are deciding whether calls like this one may be carried out for a while without asking each time. Nothing ' +
    'was asked for this call. Call this tool again later.'
  return new NotRun('standing-pending', words, standing.id)
}

const unknownRequest = (): NotRun => new NotRun('not-found', 'There is no such call.')

/** A request that is decided or executed already is not to be withdrawn. */
function ignoreRefusal(cause: unknown): void {
  if (!(cause instanceof Refused)) throw cause
}

const wordsFor = (call: PendingCall, state: PendingState): string =>
  state === 'waiting' ? waitingWords(call.request) : 'approved'

/** Tells a model how to wait on, and what it has to answer first. */
function waitOn(request: Request): ToolResult {
  const { id, next } = request
  if (next === 'answer') return notRun(toAnswer(request), 'answer', id)
  const words =
    `Waiting for approval. Call ${resumeName} with ${JSON.stringify({ request: id })} to wait on and get the result. Do ` +
    'not call the tool again.'
  return notRun(words, 'pending', id)
}

/** What a call is made of again. */
interface Recorded {
  readonly tool: GatedTool
  readonly args: JsonObject
  readonly environment: string
  readonly left: Json | undefined
}

/** @throws {NotRun} if what was asked for cannot be made again, as with a text that is recorded by its digest */
function remade({ tool, args, environment, left }: Recorded, request: Request): Action {
  // The record has what is left, and not what the model asked for.
  if (isNarrowed(request) && left !== request.digest) throw toTake(request)
  try {
    const action = actionOf(tool, args, environment)
    if (isNarrowed(request) ? actionDigest(action) === left : isAbout(request, action)) return action
  } catch {
    // The record has something in it that no call can have.
  }
  throw new NotRun('digest-mismatch', 'The call cannot be made again from its record: call the tool again.', request.id)
}
