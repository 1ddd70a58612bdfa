import type { JsonObject } from '../core/data/json.ts'
import type { ApiRequest, ApiStopCode } from './api.ts'
import { openQuestionsIn, questionsAreData, questionWords } from './question.ts'

/** Why an action is not executed although the service was asked and answered. */
export type StoppedCode = Exclude<ApiStopCode, 'succeeded' | 'failed'> | 'already-redeemed'

/** Whether a redemption may have reached the service, which then expects a report that never comes. */
export type Redeemed = 'no' | 'perhaps'

const mayAskAgain: ReadonlySet<StoppedCode> = new Set<StoppedCode>([
  'expired',
  'cancelled',
  'lapsed',
  'ended',
  'tampered',
])

/** The action is not executed: a person or the policy said no, the time is over, or the approval was used before. */
export class Stopped extends Error {
  readonly code: StoppedCode
  /** Private, so that no log line which shows this error shows the params or a reason. */
  readonly #request: ApiRequest

  constructor(code: StoppedCode, words: string, request: ApiRequest) {
    super(code === 'already-redeemed' ? usedWords : `Not executed (${code}): ${words}`)
    this.name = 'Stopped'
    this.code = code
    this.#request = request
  }

  get request(): ApiRequest {
    return this.#request
  }

  /** Whether the same action may be asked for again, under another key. A person's no is final. */
  get mayAskAgain(): boolean {
    return mayAskAgain.has(this.code)
  }
}

/** A model that reads "not executed" asks again, which must not happen to an action that took place. */
const usedWords = 'Not executed again (already-redeemed): it was carried out, or is under way, elsewhere.'

/** What a problem says, beside its code and its words. */
export interface RefusedDetails {
  readonly status?: number
  /** A JSON pointer (RFC 6901) to the member that is not valid. */
  readonly pointer?: string
  /** The id of the request that stands in the way. */
  readonly request?: string
  /** Seconds. */
  readonly retryAfter?: number
  readonly redeemed?: Redeemed
  /** The whole problem (RFC 9457), if the service answered one. */
  readonly problem?: JsonObject
}

/** The call was refused, by the service or before it was sent. `code` is the code of the problem. */
export class Refused extends Error {
  readonly code: string
  readonly status: number
  readonly pointer: string | undefined
  readonly request: string | undefined
  readonly retryAfter: number | undefined
  readonly redeemed: Redeemed
  readonly #problem: JsonObject | undefined

  constructor(code: string, words: string, details: RefusedDetails = {}) {
    super(words)
    this.name = 'Refused'
    this.code = code
    this.status = details.status ?? 400
    this.pointer = details.pointer
    this.request = details.request
    this.retryAfter = details.retryAfter
    this.redeemed = details.redeemed ?? 'no'
    this.#problem = details.problem
  }

  get problem(): JsonObject | undefined {
    return this.#problem
  }
}

/** No usable answer came. This call has executed nothing, and the same key goes on where it ended. */
export class Unreachable extends Error {
  readonly redeemed: Redeemed
  readonly #request: ApiRequest | undefined

  constructor(words: string, { redeemed = 'no', request }: { redeemed?: Redeemed; request?: ApiRequest } = {}) {
    super(words)
    this.name = 'Unreachable'
    this.redeemed = redeemed
    this.#request = request
  }

  /** The request, if the service has answered it before. */
  get request(): ApiRequest | undefined {
    return this.#request
  }
}

/**
 * A person asks what this agent has to answer before the wait goes on. This call has executed nothing, and the request
 * stays as it is: answer, and wait on from `request`, or call with the same key again.
 */
export class Questioned extends Error {
  /** Private, as that of {@link Stopped}. */
  readonly #request: ApiRequest

  constructor(request: ApiRequest) {
    super(`Not executed yet (answer): a person asks something about request ${request.id}, which this agent answers.`)
    this.name = 'Questioned'
    this.#request = request
  }

  get request(): ApiRequest {
    return this.#request
  }
}

/** A setting is missing or malformed. The message names it, and never its value. */
export class Misconfigured extends TypeError {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'Misconfigured'
  }
}

export type Failure = Stopped | Refused | Unreachable | Questioned

export const isFailure = (cause: unknown): cause is Failure =>
  [Stopped, Refused, Unreachable, Questioned].some((kind) => cause instanceof kind)

/**
 * Says to a model why an action was not executed: the code, the service's words, and the reason of the approver who
 * denied it, or what an approver asks. Names no person, no token and no place in the program.
 */
export function explain(failure: Failure): string {
  if (failure instanceof Refused) return `Not executed (${failure.code}): ${failure.message}`
  if (failure instanceof Unreachable) return `Not executed (unreachable): ${failure.message}`
  if (failure instanceof Questioned) return explainQuestions(failure)
  const denials = failure.code === 'denied' ? failure.request.approvals.decisions : []
  const reasons = denials.flatMap(({ verdict, reason }) => (verdict === 'deny' && reason !== undefined ? [reason] : []))
  return [failure.message, ...reasons].join(' ')
}

const explainQuestions = ({ message, request }: Questioned): string =>
  [message, ...openQuestionsIn(request).map(questionWords), questionsAreData].join(' ')
