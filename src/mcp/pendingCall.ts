import type { Progress } from '@modelcontextprotocol/client'
import { type Action, actionDigest } from '../core/action/action.ts'
import type { JsonObject } from '../core/data/json.ts'
import { isExecutable } from '../client/approval.ts'
import { type Countersign, keyOf, Refused, type Request } from '../client/countersign.ts'
import { isProtocolError, NotRun, notRun, outputOf, type ToolResult, withRequest } from './answer.ts'
import type { Catalogue, GatedTool } from './catalogue.ts'
import type { HostCall } from './hostCall.ts'
import { actionOf } from './gatewayAction.ts'
import { isNarrowed, toTake } from './left.ts'

export interface PendingParts {
  readonly client: Countersign
  readonly catalogue: Catalogue
  readonly environment: string
  /** Seconds for which a call stays when no host holds it. */
  readonly grace: number
  /** Resolves after so many milliseconds, or never after an abort. */
  readonly after: (ms: number, signal: AbortSignal) => Promise<void>
  /** Ends the waits of this process. The requests stay. */
  readonly closing: AbortSignal
  /** Is told that this call is not to be found any more. */
  readonly dropped: (call: PendingCall) => void
  readonly say: (line: string) => void
}

/** What a call of a tool is about. */
export interface PendingAbout {
  readonly tool: GatedTool
  /** What goes to the tool. Nothing changes it. */
  readonly args: JsonObject
  readonly action: Action
  readonly caller: string
  readonly request: Request
  /** The redemption that was sent with the ask. */
  readonly redemption?: string | undefined
}

export type PendingState = 'waiting' | 'approved' | 'running' | 'done'

/**
 * A call of a tool from the ask to its result. Several calls of a host may hold it, one after the other or at once; it is
 * carried out once, while at least one of them is there to take the result.
 */
export class PendingCall {
  readonly #parts: PendingParts
  readonly #about: PendingAbout
  readonly #approval: Promise<Request>
  readonly #wasDecidedByPeople: boolean
  /** Ends the wait, so that it begins anew after an answer, in place of seldom looks. */
  #answered = new AbortController()
  /** Whether people ask something that no host was told yet. */
  #isUntold = false
  /** Tells the hosts that hold this call that people ask something. */
  readonly #askers = new Set<() => void>()
  readonly #stop = new AbortController()
  readonly #progress = new Set<(progress: Progress) => void>()
  #newest: Request
  #holders = 0
  #alone = new AbortController()
  #state: PendingState = 'waiting'
  #outcome: Promise<ToolResult> | null = null

  constructor(parts: PendingParts, about: PendingAbout) {
    this.#parts = parts
    this.#about = about
    this.#newest = about.request
    this.#wasDecidedByPeople = about.request.next === 'wait' || about.request.next === 'answer'
    const isRedeemed = isExecutable(about.request, about.redemption)
    if (isRedeemed || about.request.next === 'redeem') this.#state = 'approved'
    this.#approval = isRedeemed ? Promise.resolve(about.request) : this.#approved()
    void this.#decided()
  }

  get id(): string {
    return this.#about.request.id
  }

  get caller(): string {
    return this.#about.caller
  }

  get action(): Action {
    return this.#about.action
  }

  get request(): Request {
    return this.#newest
  }

  get state(): PendingState {
    return this.#state
  }

  /** Resolves once nothing runs. */
  get idle(): Promise<unknown> {
    return this.#state === 'running' ? (this.#outcome?.catch(() => undefined) ?? Promise.resolve()) : Promise.resolve()
  }

  /**
   * Waits for the decision and carries the call out, as long as the host holds it.
   *
   * @param held resolves when the host has to be answered, and is ignored once the tool runs
   * @returns `asked` once if its model has to answer something first
   * @throws what explains that the tool was not carried out, or what the tool answered in place of a result
   */
  async join(
    host: Pick<HostCall, 'signal' | 'stopsTool' | 'progress'>,
    held: Promise<'held'>,
  ): Promise<ToolResult | 'held' | 'asked'> {
    this.#enter()
    const over = new AbortController()
    try {
      const asked = this.#asked(over.signal)
      const decided = await Promise.race([this.#approval.then(() => 'decided' as const), held, asked])
      if (decided === 'held' || host.signal.aborted) return 'held'
      if (decided === 'asked') {
        this.#isUntold = false
        return decided
      }
      return await this.#watched(host)
    } finally {
      over.abort()
      // A host whose connection broke may call again, and takes the result then.
      this.#leave(host.signal.aborted)
    }
  }

  /** Answers a question for the model. @throws {Refused} if it is not to be answered, or not by this agent */
  async answer(question: string, text: string): Promise<void> {
    this.#newest = await this.#parts.client.answer(this.id, question, text)
    const before = this.#answered
    this.#answered = new AbortController()
    before.abort()
  }

  async #approved(): Promise<Request> {
    const { client, closing } = this.#parts
    for (;;) {
      const { signal } = this.#answered
      try {
        const approved = await client.untilApproved(this.#newest, {
          onAbort: 'leave',
          signal: AbortSignal.any([closing, signal]),
          onProgress: (request) => {
            this.#newest = request
          },
          // The host's model answers, by a call of its own.
          onQuestion: (_, request) => this.#tellQuestion(request),
        })
        if (approved.next !== 'use') return approved
        this.#newest = await this.#firstUse(approved)
      } catch (cause) {
        if (closing.aborted || !signal.aborted) throw cause
      }
    }
  }

  /** Makes the first use of the standing approval that this call asked for. Its key follows from that, in every process. */
  #firstUse({ id, reason = '', onBehalfOf }: Request): Promise<Request> {
    const { client, closing } = this.#parts
    return client.ask(this.action, { key: keyOf('mcp', 'use', id), under: id, reason, onBehalfOf, signal: closing })
  }

  #tellQuestion(request: Request): undefined {
    this.#newest = request
    this.#isUntold = true
    for (const ask of this.#askers) ask()
    return undefined
  }

  /** Resolves once people ask something that no host was told yet. */
  #asked(over: AbortSignal): Promise<'asked'> {
    return new Promise((done) => {
      // What was decided, or answered by others, meanwhile is no news any more.
      const ask = () => this.#isUntold && this.#state === 'waiting' && this.#newest.next === 'answer' && done('asked')
      this.#askers.add(ask)
      over.addEventListener('abort', () => this.#askers.delete(ask), { once: true })
      ask()
    })
  }

  /** Gives a host another while to come back. */
  touch(): void {
    this.#enter()
    this.#leave()
  }

  /** Lets a host ask how the call stands, without holding it. Carries it out if it is approved. */
  glance(): { readonly state: PendingState; readonly outcome: Promise<ToolResult> | null } {
    this.#enter()
    // The outcome is taken by a later look.
    if (this.#state === 'approved') this.#carriedOut().catch(() => undefined)
    const outcome = this.#state === 'done' ? (this.#outcome ?? this.#approval.then(() => this.#carriedOut())) : null
    this.#leave(true)
    return { state: this.#state, outcome }
  }

  async #watched({ signal, stopsTool, progress }: Pick<HostCall, 'signal' | 'stopsTool' | 'progress'>) {
    const stop = () => {
      if (stopsTool && this.#holders === 1) this.#stop.abort(new DOMException('The host gave up.', 'AbortError'))
    }
    signal.addEventListener('abort', stop, { once: true })
    if (progress) this.#progress.add(progress)
    try {
      return await this.#carriedOut()
    } finally {
      signal.removeEventListener('abort', stop)
      if (progress) this.#progress.delete(progress)
    }
  }

  async #decided(): Promise<void> {
    try {
      await this.#approval
      if (this.#state === 'waiting') this.#state = 'approved'
    } catch {
      this.#state = 'done'
    }
  }

  #carriedOut(): Promise<ToolResult> {
    if (this.#outcome) return this.#outcome
    this.#state = 'running'
    this.#outcome = this.#carryOut().finally(() => {
      this.#state = 'done'
      if (this.#holders === 0) void this.#waitAlone()
    })
    return this.#outcome
  }

  async #carryOut(): Promise<ToolResult> {
    const { client, catalogue, environment, say } = this.#parts
    const { tool, args, action, redemption } = this.#about
    const approved = await this.#approval
    // What policy allowed is redeemed already, and the tool was looked at before the ask.
    const isRedeemed = approved.next === 'execute'
    const now = isRedeemed ? tool : await catalogue.current(tool, this.#wasDecidedByPeople)
    if (now === null) {
      await client.cancel(approved.id, 'The tool is not what it was when this was asked for.').catch(() => undefined)
      throw new NotRun('tool-changed', 'The tool is not what it was when this was asked for.', approved.id)
    }
    if (!isRedeemed) await now.upstream.ready()
    // What is forwarded is what was hashed, whatever happened to it in between.
    if (actionDigest(actionOf(tool, args, environment)) !== approved.digest)
      throw isNarrowed(approved)
        ? toTake(approved)
        : new Refused('digest-mismatch', 'The arguments are not those that were approved.', { status: 403 })
    let hasStarted = false
    const result = await client
      .execute<JsonObject, ToolResult | Lost>(
        approved,
        action,
        {
          signal: this.#stop.signal,
          onAbort: 'cancel',
          redemption,
          outcome: (said) =>
            said instanceof Lost
              ? { result: 'failed', summary: 'The tool gave no result: whether it was carried out is not known.' }
              : { result: said.isError ? 'failed' : 'succeeded', output: outputOf(said) },
          onUnreported: (_, { id }) => say(`request ${id} was carried out, and that could not be reported`),
        },
        async (_, signal = this.#stop.signal) => {
          hasStarted = true
          const called = now.upstream.call({
            ...{ tool: now.definition, args, signal },
            progress: (one) => this.#tell(one),
          })
          return called.then(said, lost)
        },
      )
      .catch((cause: unknown) => {
        throw hasStarted ? new Interrupted(cause, approved.id) : cause
      })
    if (result instanceof Lost) throw new Interrupted(result.cause, approved.id)
    return withRequest(result, approved.id)
  }

  #tell(progress: Progress): void {
    for (const tell of this.#progress) tell(progress)
  }

  #enter(): void {
    this.#holders++
    this.#alone.abort()
  }

  /** @param isKept whether a result stays, because a host may ask for it again */
  #leave(isKept = false): void {
    if (--this.#holders > 0) return
    if (this.#state === 'done' && !isKept) this.#parts.dropped(this)
    else if (this.#state !== 'running') void this.#waitAlone()
  }

  /** Withdraws the request when no host comes back for it in time, so that nobody approves what is not wanted any more. */
  async #waitAlone(): Promise<void> {
    const { after, grace, dropped } = this.#parts
    this.#alone = new AbortController()
    const { signal } = this.#alone
    await after(grace * 1000, signal)
    if (this.#holders > 0 || this.#state === 'running') return
    dropped(this)
    if (this.#state !== 'done') await this.#givenUp().catch(() => undefined)
  }

  /** What was redeemed with its ask cannot be withdrawn any more. */
  async #givenUp(): Promise<void> {
    const { client } = this.#parts
    const { id, next } = this.#newest
    if (next === 'execute') await client.report(id, { result: 'failed', summary: 'aborted before it was started' })
    else await client.cancel(id, 'The agent did not come back for it.')
  }
}

/** The tool was called, and gave no result. Whether it was carried out is not known. */
export class Interrupted extends Error {
  readonly request: string

  constructor(cause: unknown, request: string) {
    super('The tool gave no result.', { cause })
    this.name = 'Interrupted'
    this.request = request
  }
}

/** The connection ended, or the time was over, before the server of a tool answered. */
class Lost {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

/** @throws what the server answered by the protocol in place of a result */
function lost(cause: unknown): Lost {
  if (isProtocolError(cause)) throw cause
  return new Lost(cause)
}

/** A tool may ask its host for something, which a gateway does not pass on. */
function said(result: ToolResult): ToolResult {
  if (result['resultType'] !== 'input_required') return result
  return notRun('The tool asks for input, which this gateway does not pass on.', 'input-required')
}
