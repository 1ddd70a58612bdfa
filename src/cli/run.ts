import { randomUUID } from 'node:crypto'
import { actionDigest } from '../core/action/action.ts'
import { withRun } from '../core/action/run.ts'
import type { JsonObject } from '../core/data/json.ts'
import { spoken } from '../words/spoken.ts'
import type { Answer } from './answer.ts'
import { type BoundProgram, bindRun, changeOf, type RunChange } from './binding.ts'
import { type ChangeWatch, watchChanges } from './changeWatch.ts'
import { type Ending, execute, exitCodeOf, resolveCommand, summaryOf } from './executable.ts'
import { Exit, exitOf, exits } from './exit.ts'
import { type Interruption, watchInterruption } from './interruption.ts'
import { progressOf } from './print.ts'
import { type Asking, buildAsking } from './request.ts'
import type { Result } from './result.ts'
import type { Session } from './session.ts'
import { withoutCredentials } from './environment.ts'
import { untilDecided } from './waiting.ts'

/**
 * Asks, waits, redeems, runs the command, reports. The command starts only after the service has recorded the
 * redemption. A crash in between leaves the request `redeemed` with the command not run; the command never runs twice.
 */
export async function run(session: Session): Promise<Result> {
  const { options, environment, screen } = session
  const program = resolveCommand(options.tail ?? [], environment['PATH'])
  const command = bindRun(program, options.many('bind'), environment)
  const asking = buildAsking(options, command)
  const interruption = watchInterruption(screen.say)
  const changes = watchChanges(command)
  try {
    const approved = await getApproval(session, asking, { signal: interruption.signal, changes })
    // A change that shows before the redeem leaves the approval unused, and is withdrawn.
    const change = changeOf(command)
    if (change !== null) throw await withdrawChanged(session.service, approved, change)
    const redeemed = await redeem(session, asking, command, approved)
    return await executeOnce(session, command, redeemed, interruption)
  } finally {
    changes.end()
    interruption.end()
  }
}

/** What may end the wait for a decision. */
interface Watched {
  readonly signal: AbortSignal
  readonly changes: ChangeWatch
}

async function getApproval({ service, screen }: Session, asking: Asking, watched: Watched): Promise<Answer> {
  const { changes } = watched
  // The service answers at once, so that the person at the terminal sees who must approve.
  let answer = await service.ask(asking.body, asking.key)
  const { action, target, environment } = asking.action
  screen.say(`request ${answer.id}: ${action} on ${target} (${environment})`)
  if (answer.status === 'pending') screen.say(spoken.request.waits(progressOf(answer), answer.expiresAt))
  const signal = AbortSignal.any([watched.signal, changes.signal])
  try {
    answer = await untilDecided(service, answer, { signal, say: screen.say })
    signal.throwIfAborted()
  } catch (cause) {
    const change = changes.found()
    if (change !== null) throw await withdrawChanged(service, answer, change)
    if (signal.aborted && signal.reason instanceof Exit) throw await withdraw(service, answer, signal.reason.message)
    if (cause instanceof Exit) throw resumable(cause, answer, asking.key)
    throw cause
  }
  if (answer.status === 'pending') throw await withdraw(service, answer, spoken.request.unreached)
  if (answer.status === 'approved') return answer
  throw new Exit(exitOf(answer.status), `Not run: ${endOf(answer)}`, { request: withoutGrant(answer) })
}

function endOf({ id, status, stop, decisions }: Answer): string {
  const denial = decisions.find(({ verdict }) => verdict === 'deny')
  return denial ? spoken.request.deniedBy(id, denial.approver, denial.reason) : spoken.request.ended(id, status, stop)
}

const withdrawChanged = (service: Session['service'], request: Answer, { words }: RunChange): Promise<Exit> =>
  withdraw(service, request, `Not run: ${words}.`, 'What was to run has changed.')

/** Cancels. The reason goes into the record; it names no path, which could have characters that a text may not. */
async function withdraw(
  service: Session['service'],
  request: Answer,
  why: string,
  reason: string = why,
): Promise<Exit> {
  try {
    const cancelled = await service.cancel(request.id, reason)
    const sentence = `${why} Request ${request.id} is cancelled; nothing was run.`
    return new Exit(exits.ended, sentence, { request: withoutGrant(cancelled) })
  } catch (cause) {
    if (!(cause instanceof Exit)) throw cause
    const sentence = `${why} Nothing was run, but request ${request.id} could not be cancelled: ${cause.message}`
    return new Exit(exits.ended, sentence, { request: withoutGrant(request) })
  }
}

/** Names the request and the way to go on, after a fault of the service or of the credentials. */
function resumable(cause: Exit, request: Answer, key: string): Exit {
  const sentence = `${cause.message} Nothing was run. Request ${request.id} may still be open; the same command with`
  return new Exit(cause.status, `${sentence} --idempotency-key ${key} goes on with it.`, {
    request: withoutGrant(request),
    ...(cause.problem && { problem: cause.problem }),
  })
}

async function redeem({ service }: Session, asking: Asking, command: BoundProgram, approved: Answer): Promise<Answer> {
  const { id, grant } = approved
  const digest = actionDigest({ ...asking.action, params: withRun(asking.action.params, command) })
  const about = { request: withoutGrant(approved) }
  if (digest !== approved.digest)
    throw new Exit(exits.refused, `Not run: ${digest} is to be run, ${approved.digest} was approved.`, about)
  if (grant === undefined)
    throw new Exit(exits.unreachable, `Not run: the service gave no grant for request ${id}.`, about)
  let redeemed: Answer
  try {
    redeemed = await service.redeem(id, { grant, digest, redemption: randomUUID() })
  } catch (cause) {
    if (!(cause instanceof Exit)) throw cause
    const { problem } = cause
    // Refused credentials were refused before the grant was looked at.
    if (cause.status === exits.usage) throw resumable(cause, approved, asking.key)
    const lost = cause.status === exits.unreachable ? ` Request ${id} may have been redeemed.` : ''
    throw new Exit(cause.status, `Not run: ${cause.message}${lost}`, { ...about, ...(problem && { problem }) })
  }
  if (redeemed.next !== 'execute' || redeemed.digest !== digest)
    throw new Exit(exits.unreachable, `Not run: the service did not answer that request ${id} may be executed.`, about)
  return redeemed
}

async function executeOnce(
  session: Session,
  command: BoundProgram,
  redeemed: Answer,
  { signal, passTo }: Interruption,
): Promise<Result> {
  if (signal.aborted) {
    await report(session, redeemed, 'failed', 'interrupted before it was started')
    const sentence = `Interrupted. Nothing was run; request ${redeemed.id} was already redeemed.`
    throw new Exit(exits.ended, sentence, { request: withoutGrant(redeemed) })
  }
  session.screen.say(`approved; running ${command.path}`)
  // Compared last, so that only the start itself lies between: docs/agents/run.md names what remains.
  const change = changeOf(command)
  const ending: Ending =
    change === null
      ? await execute(command, withoutCredentials(session.environment), passTo)
      : { kind: 'not-started', fault: change.fault }
  passTo(undefined)
  if (change !== null) session.screen.warn(`not run: ${change.words}`)
  else if (ending.kind === 'not-started') session.screen.warn(`${command.path} ${summaryOf(ending)}`)
  const exit = exitCodeOf(ending)
  const reported = await report(session, redeemed, exit === 0 ? 'succeeded' : 'failed', summaryOf(ending))
  const how = endingOf(ending)
  return {
    exit,
    lines: [],
    to: 'stderr',
    record: { exit, request: withoutGrant(reported ?? redeemed), command: how, reported: reported !== undefined },
  }
}

/** Reports the outcome. Only warns if that fails: the result of the command stays what it is. */
async function report(
  { service, screen }: Session,
  { id }: Answer,
  result: 'succeeded' | 'failed',
  summary: string,
): Promise<Answer | undefined> {
  try {
    const answer = await service.report(id, { result, summary })
    screen.say(`${summary}; reported as ${result}`)
    return answer
  } catch (cause) {
    if (!(cause instanceof Exit)) throw cause
    screen.warn(`${summary}, which could not be reported, so request ${id} stays redeemed: ${cause.message}`)
    return undefined
  }
}

/** Leaves the grant out, so that it gets into no file or log. */
function withoutGrant({ document }: Answer): JsonObject {
  const { grant: _grant, ...rest } = document
  return rest
}

function endingOf(ending: Ending): JsonObject {
  switch (ending.kind) {
    case 'exit':
      return { exitCode: ending.code }
    case 'signal':
      return { signal: ending.signal }
    case 'not-started':
      return { fault: ending.fault }
  }
}
