import { actionDigest } from '../core/action/action.ts'
import type { Answer, Viewed } from './answer.ts'
import { Exit, exits } from './exit.ts'
import { describeContent, describeState } from './print.ts'
import type { Line } from './layout.ts'
import { hasPerson, isYes, type AskedPerson, person } from './person.ts'
import { failed, type Result, resultOf } from './result.ts'
import type { Service } from './service.ts'
import type { Session } from './session.ts'
import { spoken } from '../words/spoken.ts'

type Verdict = 'approve' | 'deny'

const unsaid = 'Not decided.'

const notDecided = (): Exit => new Exit(exits.ended, unsaid)

/**
 * Decides one request, or several of one agent, each by itself.
 *
 * @throws {Exit} 78 before anything is shown, if a person would have to be asked and there is none
 */
export async function decide(session: Session, verdict: Verdict): Promise<Result> {
  const { id, ids } = session.options
  const asked = person(unsaid)
  try {
    return ids.length > 1 ? await decideEach(session, verdict, asked) : await decideOne(session, verdict, id, asked)
  } finally {
    asked.close()
  }
}

/**
 * Has every page of the request shown, shows all of it, asks, and sends the vote with the view that the service recorded
 * as shown. What is shown here comes from the request's own text, whose digest is computed anew.
 */
async function decideOne(session: Session, verdict: Verdict, id: string, asked: AskedPerson): Promise<Result> {
  const { options, service, screen } = session
  if (options.one('yes') === undefined && !hasPerson())
    throw new Exit(exits.usage, '--yes is missing: no person can be asked here before the vote is sent.')
  const { request, view, refusal, stepUp } = await everyPage(service, id)
  screen.show(describeContent(request), 'stderr')
  checkShown(request)
  if (view === undefined || (refusal !== undefined && verdict === 'approve'))
    throw new Exit(exits.refused, `Not decided: ${refusal ?? 'this person may not decide it.'}`)
  if (stepUp !== undefined) throw noStepUp(stepUp, `${verdict} ${id}${verdict === 'deny' ? ' --reason TEXT' : ''}`)
  const confirm = await getConsent(session, verdict, request, asked)
  const reason = options.one('reason')
  const answer = await service.decide(request.id, {
    verdict,
    view,
    ...(reason !== undefined && { reason }),
    ...(confirm !== undefined && { confirm }),
  })
  return resultOf(exits.ok, describeState(answer), answer)
}

/** Says how the person signs in for this decision. With `--` that works without a keyring, too. */
export function noStepUp(context: string | null, command: string): Exit {
  const way =
    context === null
      ? 'decide in the console or in Teams.'
      : `countersign login --context ${context} -- countersign ${command}`
  return new Exit(exits.usage, `Not decided: tier high takes a fresh sign-in. To sign in for that: ${way}`)
}

/**
 * Decides several requests one after another. What becomes of one keeps no other from being decided, unless the person
 * has left or the service is gone.
 *
 * @throws {Exit} 78 for an option that would decide without the person, and for requests of several agents
 */
async function decideEach(session: Session, verdict: Verdict, asked: AskedPerson): Promise<Result> {
  const { options, service, screen } = session
  const { ids } = options
  const blanket = ['yes', 'confirm'].find((option) => options.one(option) !== undefined)
  if (blanket !== undefined)
    throw new Exit(exits.usage, `--${blanket} decides a single request: give each of them in a call of its own.`)
  if (!hasPerson())
    throw new Exit(exits.usage, 'Several requests need a terminal: a person is asked about each of them.')
  const agents = await Promise.all(ids.map(async (id) => (await service.read(id)).agent))
  if (new Set(agents).size > 1)
    throw new Exit(exits.usage, 'These are requests of several agents: those of one agent can be decided in one go.')
  const results: Result[] = []
  let over = false
  for (const [i, id] of ids.entries()) {
    if (!over)
      screen.show(
        [
          ['', ''],
          ['countersign:', `Request ${i + 1} of ${ids.length}`],
        ],
        'stderr',
      )
    const result: Result = over ? failed(notDecided()) : await decideOne(session, verdict, id, asked).catch(failed)
    results.push(result)
    over ||= asked.left() || result.exit === exits.unreachable
  }
  return together(ids, results)
}

/** Puts the results of several decisions into one, with the exit code of the first that was not made. */
function together(ids: readonly string[], results: readonly Result[]): Result {
  const exit = results.find((result) => result.exit !== exits.ok)?.exit ?? exits.ok
  const decisions = results.map(({ record }, i) => ({ id: ids[i] ?? '', ...record }))
  const lines = results.flatMap(({ exit, lines }, i): readonly Line[] =>
    exit === exits.ok ? lines : [[spoken.request.labels.request, ids[i] ?? ''], ...lines],
  )
  return { exit, lines, to: 'stdout', record: { exit, decisions } }
}

/** Has every page shown. @throws {Exit} 77 if the request was another one from page to page */
export async function everyPage(service: Service, id: string): Promise<Viewed> {
  const first = await service.view(id, 1)
  for (let page = 2; page <= first.pages; page++) {
    const { view, request } = await service.view(id, page)
    if (view !== first.view || request.digest !== first.request.digest)
      throw new Exit(exits.refused, 'Not decided: the request changed while it was shown. Try again.')
  }
  return first
}

/** @throws {Exit} 77 unless the action is there, and is the one that the digest is of */
export function checkShown({ id, action, digest }: Answer): void {
  if (!action) throw new Exit(exits.refused, `Not decided: the action of request ${id} was erased.`)
  const computed = actionDigest(action)
  if (computed !== digest)
    throw new Exit(exits.refused, `Not decided: what is shown has ${computed}, the service says ${digest}.`)
}

/**
 * Asks the person. For an approval of tier high the confirmation is typed in any case.
 *
 * @returns what was typed to confirm
 * @throws {Exit} 75 if the person says no, 78 for a confirmation that is missing
 */
async function getConsent(
  { options }: Session,
  verdict: Verdict,
  { tier }: Answer,
  asked: AskedPerson,
): Promise<string | undefined> {
  const given = verdict === 'approve' ? options.one('confirm') : undefined
  if (verdict === 'approve' && tier === 'high' && given === undefined) {
    if (hasPerson()) return asked.ask('Tier high: to approve, type the last segment of the target: ')
    throw new Exit(exits.usage, "--confirm is missing: this request is of tier high; give the target's last segment.")
  }
  if (options.one('yes') !== undefined) return given
  const said = await asked.ask(`To ${verdict} this, type yes: `)
  if (!isYes(said)) throw notDecided()
  return given
}
