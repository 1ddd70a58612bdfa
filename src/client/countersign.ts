import type { ApiOutcomeBody, ApiRequest, ApiRequestList } from './api.ts'
import type { StandingScope } from '../core/action/canonicalAction.ts'
import { approved, type ApproveOptions, untilApproved, type WaitOptions } from './approval.ts'
import { type AskedAction, settled } from './asked.ts'
import { connect } from './connection.ts'
import { readCredentials } from './credentials.ts'
import {
  claimedHere,
  type ExecuteOptions,
  gated,
  type GateOptions,
  perform,
  redeemed,
  type RunAction,
  settledByHost,
} from './execution.ts'
import { Refused } from './failure.ts'
import type { Fetching, Patience } from './http.ts'
import { underOwn } from './ownStanding.ts'
import { type AskOptions, type MineQuery, type Operations, operationsOn, type ReadOptions } from './operations.ts'
import { misconfigured, needed, secondsIn, serviceUrl, settingsIn, type Variables } from './setting.ts'
import { type TokenSource, tokenSource } from './token.ts'

export interface CountersignSettings {
  /** The address of the service, which may have a path. */
  readonly url: string | URL
  /** The agent's access token, or what gives one. `renew` says that the last one was refused. */
  readonly token: string | TokenSource
  /** Seconds for which a call without an answer is repeated; 60 unless given. */
  readonly patience?: number
  /** Seconds for which a call is repeated while approvers have too many open requests; 600 unless given. */
  readonly queue?: number
  readonly fetch?: Fetching
}

const otherwise = { patience: 60, queue: 600 } as const

/** The options of each member. Any other is refused: what a program took for a limit must not be ignored. */
const known = {
  ask: ['reason', 'key', 'links', 'onBehalfOf', 'executor', 'expiresIn', 'under', 'signal'],
  wait: ['signal', 'onAbort', 'onProgress', 'onQuestion'],
  execute: ['outcome', 'onUnreported', 'redemption'],
  gate: ['join', 'onUsed', 'standing', 'takesLess'],
} as const

const ofAsk: readonly string[] = [...known.ask, 'redemption']
const ofWait: readonly string[] = known.wait
const ofApprove: readonly string[] = [...known.ask, ...known.wait, 'join']
const ofExecute: readonly string[] = [...known.wait, ...known.execute]
const ofGate: readonly string[] = Object.values(known).flat()

/**
 * Gates the actions of an agent: asks, waits for people, redeems, executes at most once, and reports.
 *
 * Members throw {@link Stopped} if the action is not to be executed, {@link Questioned} if this agent has to answer first, {@link Refused} if the service refuses the call,
 * {@link Unreachable} if no usable answer came, and the signal's reason after an abort. All of these mean that the call
 * has executed nothing.
 */
export class Countersign {
  readonly #operations: Operations

  constructor({ url, token, patience = otherwise.patience, queue = otherwise.queue, ...rest }: CountersignSettings) {
    for (const [name, value] of Object.entries({ patience, queue }))
      if (!Number.isFinite(value) || value < 0) misconfigured(`${name} is a number of seconds`)
    const given: Patience = { seconds: patience, queue, ...rest }
    this.#operations = operationsOn(
      connect({
        url: serviceUrl({ name: 'url', value: String(url) }),
        token: typeof token === 'string' ? () => token : token,
        patience: given,
      }),
    )
  }

  /**
   * Reads COUNTERSIGN_URL, COUNTERSIGN_PATIENCE and the credentials from the environment, as the command does.
   *
   * @throws {Misconfigured} naming the variable that is missing or malformed
   */
  static fromEnvironment(environment: Variables = process.env, more: Partial<CountersignSettings> = {}): Countersign {
    const find = settingsIn(environment)
    const hint = 'the address of the service, as https://countersign.example.org'
    const url = more.url ?? needed(find, 'COUNTERSIGN_URL', hint).value
    const patience = more.patience ?? secondsIn(find('COUNTERSIGN_PATIENCE'), otherwise.patience)
    const ofTokens: Patience = { seconds: patience, queue: patience, ...(more.fetch && { fetch: more.fetch }) }
    const token = more.token ?? tokenSource(readCredentials(find, environment), ofTokens)
    return new Countersign({ ...more, url, patience, token })
  }

  /**
   * Asks, waits, redeems, runs at most once, and reports.
   *
   * @param run executes exactly the action that it is given, which is a frozen copy: of what was asked for, or with
   *   `takesLess` of what approvers left of it
   * @returns what `run` returned. What it throws is reported as failed, by the error's name, and thrown on.
   */
  async gate<P extends object, R>(
    asked: AskedAction<P>,
    options: GateOptions<R>,
    run: RunAction<AskedAction<P>, R>,
  ): Promise<R> {
    check(options, ofGate)
    const action = settled(asked)
    let taken: Awaited<ReturnType<typeof gated>>
    try {
      taken = await gated(this.#operations, action, await underOwn(this.#operations, options))
    } catch (cause) {
      return (await settledByHost(this.#operations, cause, options)).value
    }
    return perform(this.#operations, taken.request, taken.action, options, run as RunAction<unknown, R>)
  }

  /** The first half of {@link gate}: asks, and waits until the request may be redeemed, here or elsewhere. */
  async approved(asked: AskedAction<object>, options: ApproveOptions): Promise<ApiRequest> {
    check(options, ofApprove)
    return approved(this.#operations, settled(asked), options)
  }

  /** Waits on from any answer until the request may be redeemed. Settles at once if it is decided. */
  async untilApproved(request: ApiRequest, options: WaitOptions = {}): Promise<ApiRequest> {
    check(options, ofWait)
    return untilApproved(this.#operations, request, options)
  }

  /** The second half of {@link gate}: redeems an approved request, runs, and reports. */
  async execute<P extends object, R>(
    request: ApiRequest,
    asked: AskedAction<P>,
    options: ExecuteOptions<R>,
    run: RunAction<AskedAction<P>, R>,
  ): Promise<R> {
    check(options, ofExecute)
    const action = settled(asked)
    const redeemed = await claimedHere(this.#operations, request, action, options)
    return perform(this.#operations, redeemed, action, options, run as RunAction<unknown, R>)
  }

  /**
   * Asks for a standing approval of actions like this one, and waits until people have given it. Its id is what `under`
   * names, in {@link gate} and in {@link ask}.
   */
  async standing(asked: AskedAction<object>, scope: StandingScope, options: ApproveOptions): Promise<ApiRequest> {
    check(options, ofApprove)
    const { for: seconds, uses, vary } = scope
    return approved(this.#operations, { ...settled(asked), standing: { for: seconds, uses, vary } }, options)
  }

  /** Does what {@link standing} does, without waiting. */
  async askStanding(asked: AskedAction<object>, scope: StandingScope, options: AskOptions): Promise<ApiRequest> {
    check(options, known.ask)
    const { for: seconds, uses, vary } = scope
    return this.#operations.ask({ ...settled(asked), standing: { for: seconds, uses, vary } }, options)
  }

  /**
   * Asks without waiting. With a redemption, what policy alone allows is redeemed in the same call: the answer then says
   * `execute`, and {@link execute} with the same redemption runs it.
   */
  async ask(asked: AskedAction<object>, options: AskOptions & { readonly redemption?: string }): Promise<ApiRequest> {
    check(options, ofAsk)
    const { redemption, ...rest } = options
    return this.#operations.ask(settled(asked), rest, redemption)
  }

  /** Reads a request as it stands, or waits for it to leave `pending` or for a question that this agent answers. */
  read(id: string, options?: ReadOptions): Promise<ApiRequest> {
    return this.#operations.read(id, options)
  }

  /** Withdraws a request, while it is pending or approved. */
  cancel(id: string, reason?: string): Promise<ApiRequest> {
    return this.#operations.cancel(id, { reason })
  }

  /**
   * Claims the grant for exactly this action. The caller executes it once this returns, and reports.
   *
   * @param redemption a uuid of this attempt: with the same one, a lost answer is answered again
   */
  async redeem(request: ApiRequest, asked: AskedAction<object>, redemption?: string): Promise<ApiRequest> {
    return redeemed(this.#operations, request, settled(asked), redemption)
  }

  /**
   * Answers a question of an approver, which {@link Questioned} or a waiting {@link read} tells. The same words again change
   * nothing.
   */
  answer(id: string, question: string, answer: string): Promise<ApiRequest> {
    return this.#operations.answer(id, { question, answer })
  }

  /** Reports what came of a redeemed action, once. */
  report(id: string, outcome: ApiOutcomeBody): Promise<ApiRequest> {
    return this.#operations.report(id, outcome)
  }

  /** Lists this agent's own requests, as after a crash. */
  mine(query?: MineQuery): Promise<ApiRequestList> {
    return this.#operations.mine(query)
  }
}

function check(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Refused('invalid-input', `${unknown} is not an option of this.`)
  const { onAbort } = options as WaitOptions
  if (onAbort !== undefined && onAbort !== 'cancel' && onAbort !== 'leave')
    throw new Refused('invalid-input', 'onAbort is cancel or leave.')
}

export type {
  ApiOutcomeBody as OutcomeBody,
  ApiQuestion as Question,
  ApiRequest as Request,
  ApiRequestList as RequestList,
} from './api.ts'
export type { ApproveOptions, WaitOptions } from './approval.ts'
export { type AskedAction, digestOf } from './asked.ts'
export type { ExecuteOptions, FoundOutcome, GateOptions, ReportedOutcome, RunAction } from './execution.ts'
export {
  explain,
  type Failure,
  isFailure,
  Misconfigured,
  Questioned,
  Refused,
  Stopped,
  type StoppedCode,
  Unreachable,
} from './failure.ts'
export type { ScopeVary, StandingScope } from '../core/action/canonicalAction.ts'
export { keyOf } from './key.ts'
export type { OwnStanding } from './ownStanding.ts'
export type { AnswerQuestion } from './questionTaker.ts'
export type { AskOptions, MineQuery, ReadOptions } from './operations.ts'
export type { TokenSource } from './token.ts'
