import { randomUUID } from 'node:crypto'
import { type Action, actionDigest } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { Problem } from '../core/data/problem.ts'
import { isExecutable } from '../client/approval.ts'
import { askedDigestOf } from '../client/asked.ts'
import {
  Countersign,
  explain,
  keyOf,
  Misconfigured,
  Refused,
  type Question,
  type Request,
  Stopped,
} from '../client/countersign.ts'
import { openQuestionsIn, questionsAreData, questionWords } from '../client/question.ts'
import type { Environment } from '../cli/environment.ts'
import { Exit, exits } from '../cli/exit.ts'
import { hookBlocks } from '../cli/hook.ts'
import type { Result } from '../cli/result.ts'
import type { Offline } from '../cli/session.ts'
import { answerCommand } from '../cli/talkLines.ts'
import { toolAction, verbFrom } from '../toolCall/toolAction.ts'
import {
  BadHookInput,
  type HookInput,
  type HookShape,
  isShape,
  parseHookText,
  readHookInput,
  readHookText,
  shapes,
} from './hookInput.ts'
import { isInteractive } from './interactive.ts'
import { type HookMapping, type HookRule, readMapping } from './mapping.ts'

/** Seconds for which a hook waits, by host. Copilot ends its hooks after 30. */
const waits: Readonly<Record<HookShape, number>> = { claude: 3_500, codex: 3_500, copilot: 25 }

/**
 * Does what a coding agent calls its hook for: before a tool it asks, waits and redeems; afterwards it reports. Whatever
 * goes wrong keeps the tool from being carried out.
 */
export const hook = async (
  { options, environment }: Pick<Offline, 'options' | 'environment'>,
  input: NodeJS.ReadableStream,
  connect: (environment: Environment) => Countersign = (from) => Countersign.fromEnvironment(from),
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<Result> => {
  try {
    const name = options.one('shape') ?? ''
    if (!isShape(name)) return blocked(`--shape is ${shapes.join(', ')}.`)
    const file = options.one('tools') ?? environment['COUNTERSIGN_TOOLS']
    if (!file) return blocked('COUNTERSIGN_TOOLS is not set: the file that says which tools are gated.')
    const mapping = readMapping(file)
    const said = readHookInput(parseHookText(await readHookText(input)), name)
    const rule = mapping.ruleFor(said.tool)
    if (rule.kind === 'pass') return passed()
    if (said.when === 'before' && isForbidden(rule, said, name))
      return denied(name, `Not executed (forbidden): the rules for ${said.tool} do not let it run.`)
    if (rule.kind === 'deny') return passed()
    const under = environment['COUNTERSIGN_UNDER'] || undefined
    const parts = { client: connect(environment), shape: name, said, mapping, rule, say, under }
    return said.when === 'before'
      ? await before(parts, waitIn(environment['COUNTERSIGN_WAIT'], name))
      : await after(parts)
  } catch (cause) {
    return blocked(wordsOf(cause))
  }
}

interface HookParts {
  readonly client: Countersign
  readonly shape: HookShape
  readonly said: HookInput
  readonly mapping: HookMapping
  readonly rule: Extract<HookRule, { kind: 'gate' }>
  /** A standing approval that covers some of the calls. */
  readonly under?: string | undefined
  /** Takes a line that is written while the hook waits. */
  readonly say: (line: string) => void
}

/** Codex writes into running programs without asking its hooks. */
const isForbidden = (rule: HookRule, { args }: HookInput, shape: HookShape): boolean =>
  rule.kind === 'deny' ||
  (rule.kind === 'gate' && shape === 'codex' && rule.isInteractive === 'deny' && isInteractive(args))

function waitIn(text: string | undefined, shape: HookShape): number {
  if (!text) return waits[shape]
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0)
    throw new Exit(exits.usage, 'COUNTERSIGN_WAIT is a number of seconds, from 1.')
  return Number(text)
}

/** Lets the tool be carried out only after the service has answered that this very hook may. */
async function before(parts: HookParts, wait: number): Promise<Result> {
  const { client, shape, said, mapping, rule, say } = parts
  const end = ending(wait)
  let newest: Request | undefined
  // The host holds its model back while the hook waits: somebody else has to answer.
  const onQuestion = (question: Question, request: Request): undefined => {
    newest = request
    say(`countersign: ${questionWords(question)} ${questionsAreData} To answer: ${answerCommand(request)}`)
    return undefined
  }
  try {
    const action = actionOf(said, mapping, rule, shape)
    const redemption = randomUUID()
    const asked = await ask(parts, action, { redemption, signal: end.signal })
    if (askedDigestOf(asked) !== actionDigest(action)) return blocked('The service answered about another action.')
    const redeemed = isExecutable(asked, redemption)
      ? asked
      : await client.redeem(await client.untilApproved(asked, { signal: end.signal, onQuestion }), action, redemption)
    if (!end.signal.aborted) return allowed(shape, said)
    await client.report(redeemed.id, { result: 'failed', summary: 'aborted before it was started' })
    throw end.signal.reason
  } catch (cause) {
    if (end.signal.aborted) return blocked([wordsOf(end.signal.reason), ...unanswered(newest)].join(' '))
    if (cause instanceof Stopped || cause instanceof Refused) return denied(shape, explain(cause))
    if (cause instanceof Problem) return denied(shape, `Not executed (${cause.code}): ${cause.message}`)
    throw cause
  } finally {
    end.done()
  }
}

/** Says to the model what people asked meanwhile, so that the reason of the next call can say it. */
const unanswered = (request: Request | undefined): readonly string[] =>
  request ? [...openQuestionsIn(request).map(questionWords), questionsAreData] : []

/** Reports what came of the tool. A host that carried out something else than what was approved is found out here. */
async function after(parts: HookParts): Promise<Result> {
  const { client, shape, said, mapping, rule } = parts
  const action = actionOf(said, mapping, rule, shape)
  const { id, isOther } = await requestOf(parts, action)
  if (id === undefined) return passed('countersign: nothing was approved under the name of this call.')
  const outcome = isOther
    ? ({ result: 'failed', summary: 'something else was executed' } as const)
    : ({ result: said.hasFailed ? 'failed' : 'succeeded' } as const)
  try {
    await client.report(id, outcome)
  } catch (cause) {
    return passed(`countersign: request ${id} was carried out, and that could not be reported (${codeOf(cause)}).`)
  }
  return isOther ? blocked('Something else was executed than what was approved.') : passed()
}

/** Asks under the standing approval, if there is one and it covers this call, and else for the call itself. */
async function ask(
  { client, shape, said, under }: HookParts,
  action: Action,
  more: { readonly redemption?: string; readonly signal?: AbortSignal } = {},
): Promise<Request> {
  const options = { ...askOf(said, shape), ...more }
  if (under === undefined) return client.ask(action, options)
  try {
    return await client.ask(action, { ...options, under })
  } catch (cause) {
    const isOutside = cause instanceof Refused && (cause.code === 'not-covered' || cause.code === 'standing-over')
    if (!isOutside) throw cause
    return client.ask(action, options)
  }
}

/** Finds the request of a call. */
async function requestOf(
  parts: HookParts,
  action: Action,
): Promise<{ readonly id?: string | undefined; readonly isOther: boolean }> {
  const { client, said } = parts
  if (said.call === undefined) {
    const { requests } = await client.mine({ status: 'redeemed', limit: bounds.list.most })
    return { id: requests.findLast(({ digest }) => digest === actionDigest(action))?.id, isOther: false }
  }
  try {
    const request = await ask(parts, action)
    if (request.status === 'redeemed') return { id: request.id, isOther: false }
    // The hook was not there before the tool. Nobody has to decide on what took place already.
    if (request.status === 'pending' || request.status === 'approved')
      await client.cancel(request.id, 'It was asked for after it was carried out.')
    return { isOther: false }
  } catch (cause) {
    if (cause instanceof Refused && cause.code === 'idempotency-mismatch') return { id: cause.request, isOther: true }
    throw cause
  }
}

function actionOf(
  { tool, args, cwd }: HookInput,
  { environment }: HookMapping,
  { rule }: HookParts['rule'],
  shape: string,
): Action {
  const verb = rule.action ?? verbFrom(shape, tool)
  const place = { verb, rule, environment, target: cwd || 'workspace', texts: { cwd } }
  return toolAction({ ...place, params: { tool, ...(cwd && { cwd }) } }, args)
}

/** All of it comes from the call, so that the same call gives the same request. */
function askOf({ session, call, at, tool, args }: HookInput, shape: HookShape) {
  const { description } = args
  const reason =
    typeof description === 'string' && description.trim() ? description : `${tool}, called by a coding agent`
  return {
    reason: reason.slice(0, bounds.text.reason).toWellFormed(),
    key: keyOf('hook', shape, session, call ?? at ?? ''),
  }
}

/** Milliseconds between two looks at whether the host is there. */
const look = 1_000

/**
 * Aborts when the time is over, a signal asks this program to end, or the host has ended: the request is then withdrawn. A
 * host that was killed tells nobody, and an approval that comes later would be redeemed for nothing. The system gives this
 * program another parent then; Windows does not.
 */
function ending(seconds: number): { readonly signal: AbortSignal; readonly done: () => void } {
  const end = new AbortController()
  const stop = (why: string) => () => end.abort(new Exit(exits.ended, why))
  const host = process.ppid
  const gone = stop('The host has ended, so the request was withdrawn.')
  const watch = setInterval(() => process.ppid !== host && gone(), look)
  const timer = setTimeout(stop('No one decided in time, so the request was withdrawn.'), seconds * 1000)
  const signalled = stop('The hook was ended, so the request was withdrawn.')
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, signalled)
  return {
    signal: end.signal,
    done: () => {
      clearInterval(watch)
      clearTimeout(timer)
      for (const signal of signals) process.off(signal, signalled)
    },
  }
}

const result = (exit: number, { text, words }: { text?: string; words?: string } = {}): Result => ({
  exit,
  lines: words === undefined ? [] : [['', words]],
  to: 'stderr',
  record: { exit },
  ...(text !== undefined && { text: `${text}\n` }),
})

const passed = (words?: string): Result => result(exits.ok, words === undefined ? {} : { words })

const blocked = (words: string): Result => result(hookBlocks, { words: `Not executed: ${words}` })

/** Codex takes silence for yes, and an explicit yes for a fault. What Claude Code carries out is what was hashed. */
function allowed(shape: HookShape, { args }: HookInput): Result {
  if (shape === 'codex') return passed()
  if (shape === 'copilot') return result(exits.ok, { text: JSON.stringify({ permissionDecision: 'allow' }) })
  return decision({
    permissionDecision: 'allow',
    permissionDecisionReason: 'Approved in Countersign.',
    updatedInput: args,
  })
}

function denied(shape: HookShape, reason: string): Result {
  const no = { permissionDecision: 'deny', permissionDecisionReason: reason } as const
  return shape === 'copilot' ? result(exits.ok, { text: JSON.stringify(no) }) : decision(no)
}

const decision = (more: object): Result =>
  result(exits.ok, { text: JSON.stringify({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...more } }) })

/** Says what went wrong, without what the tool was called with. */
function wordsOf(cause: unknown): string {
  if (cause instanceof Stopped || cause instanceof Refused) return explain(cause)
  if (cause instanceof Exit || cause instanceof Misconfigured || cause instanceof BadHookInput) return cause.message
  return cause instanceof Error && cause.name === 'Unreachable' ? cause.message : `The hook failed (${codeOf(cause)}).`
}

const codeOf = (cause: unknown): string =>
  cause instanceof Refused ? cause.code : cause instanceof Error ? cause.name : 'fault'
