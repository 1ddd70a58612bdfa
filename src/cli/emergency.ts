import { findings } from '../core/request/event.ts'
import { flawInWords } from '../core/action/flaw.ts'
import { bounds } from '../core/data/bound.ts'
import type { Answer } from './answer.ts'
import { checkShown, everyPage, noStepUp } from './decide.ts'
import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'
import { askYes, hasPerson, person } from './person.ts'
import { describe, describeContent, describeState } from './print.ts'
import { type Result, resultOf } from './result.ts'
import type { Session } from './session.ts'

const notBroken = 'The glass is not broken.'

/**
 * Approves alone in an emergency. Has every page of the request shown, shows all of it, and has the last part of the target
 * typed, whatever the tier.
 *
 * @throws {Exit} 78 before anything is shown, without a reason, or if nobody can be asked for the confirmation
 */
export async function breakGlass({ options, service, screen }: Session): Promise<Result> {
  const reason = reasonIn(options)
  const given = options.one('confirm')
  if (given === undefined && !hasPerson())
    throw new Exit(
      exits.usage,
      "--confirm is missing: give the target's last segment, since no person can be asked here.",
    )
  const { request, view, refusal, stepUp } = await everyPage(service, options.id)
  screen.show(describeContent(request), 'stderr')
  checkShown(request)
  if (view === undefined) throw new Exit(exits.refused, `${notBroken} ${refusal ?? 'This person may not decide it.'}`)
  if (stepUp !== undefined) throw noStepUp(stepUp, `break-glass ${request.id} --reason TEXT`)
  const confirm = given ?? (await typed('To approve this alone, type the last segment of the target: '))
  const broken = await service.breakGlass(request.id, { reason, view, confirm })
  return resultOf(exits.ok, describeState(broken), broken)
}

async function typed(question: string): Promise<string> {
  const asked = person(notBroken)
  try {
    return await asked.ask(question)
  } finally {
    asked.close()
  }
}

/**
 * Says what to think of a broken glass, after it has shown the request and asked.
 *
 * @throws {Exit} 78 for another finding, without a reason, or if nobody can be asked and `--yes` is missing
 */
export async function reviewGlass({ options, service, screen }: Session): Promise<Result> {
  const [given = ''] = options.rest
  const finding = findings.find((known) => known === given)
  if (finding === undefined) throw new Exit(exits.usage, `FINDING: "${given}" is none of ${findings.join(', ')}.`)
  const reason = reasonIn(options)
  const isAsked = options.one('yes') === undefined
  if (isAsked && !hasPerson())
    throw new Exit(exits.usage, '--yes is missing: no person can be asked here before the review is sent.')
  const request = await service.read(options.id)
  screen.show(describe(request), 'stderr')
  checkGlass(request)
  if (isAsked) await askYes(`To record that it was ${finding}, type yes: `, 'Not reviewed.')
  const reviewed = await service.reviewGlass(request.id, { finding, reason })
  return resultOf(exits.ok, describeState(reviewed), reviewed)
}

function checkGlass({ id, glass, document }: Answer): void {
  if (!glass) throw new Exit(exits.ended, `Nobody broke the glass for request ${id}.`, { request: document })
}

function reasonIn(options: Options): string {
  const reason = options.one('reason') ?? ''
  const flaw = flawInWords(reason, 1, bounds.text.words)
  if (flaw !== null) throw new Exit(exits.usage, `--reason: ${flaw}.`)
  return reason
}
