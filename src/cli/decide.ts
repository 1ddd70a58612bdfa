import { actionDigest } from '../core/action/action.ts'
import type { Answer, Viewed } from './answer.ts'
import { askPerson, askYes, hasPerson } from './consent.ts'
import { Exit, exits } from './exit.ts'
import { describeAction, describeState } from './print.ts'
import { type Result, resultOf } from './result.ts'
import type { Service } from './service.ts'
import type { Session } from './session.ts'

type Verdict = 'approve' | 'deny'

/**
 * Has every page of the request shown, shows all of it, asks, and sends the vote with the view that the service recorded
 * as shown. What is shown here comes from the request's own text, whose digest is computed anew.
 */
export async function decide(session: Session, verdict: Verdict): Promise<Result> {
  const { options, service, screen } = session
  if (options.one('yes') === undefined && !hasPerson())
    throw new Exit(exits.usage, '--yes is missing: no person can be asked here before the vote is sent.')
  const { request, view, refusal } = await everyPage(service, options.id)
  screen.show(describeAction(request), 'stderr')
  checkShown(request)
  if (view === undefined || (refusal !== undefined && verdict === 'approve'))
    throw new Exit(exits.refused, `Not decided: ${refusal ?? 'this person may not decide it.'}`)
  const confirm = await getConsent(session, verdict, request)
  const reason = options.one('reason')
  const answer = await service.decide(request.id, {
    verdict,
    view,
    ...(reason !== undefined && { reason }),
    ...(confirm !== undefined && { confirm }),
  })
  return resultOf(exits.ok, describeState(answer), answer)
}

/** @throws {Exit} 77 if the request was another one from page to page */
async function everyPage(service: Service, id: string): Promise<Viewed> {
  const first = await service.view(id, 1)
  for (let page = 2; page <= first.pages; page++) {
    const { view, request } = await service.view(id, page)
    if (view !== first.view || request.digest !== first.request.digest)
      throw new Exit(exits.refused, 'Not decided: the request changed while it was shown. Try again.')
  }
  return first
}

/** @throws {Exit} 77 unless the action is there, and is the one that the digest is of */
function checkShown({ id, action, digest }: Answer): void {
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
async function getConsent({ options }: Session, verdict: Verdict, { tier }: Answer): Promise<string | undefined> {
  const given = verdict === 'approve' ? options.one('confirm') : undefined
  if (verdict === 'approve' && tier === 'high' && given === undefined) {
    if (hasPerson()) return askPerson('Tier high: to approve, type the last segment of the target: ', 'Not decided.')
    throw new Exit(exits.usage, "--confirm is missing: this request is of tier high; give the target's last segment.")
  }
  if (options.one('yes') !== undefined) return given
  await askYes(`To ${verdict} this, type yes: `, 'Not decided.')
  return given
}
