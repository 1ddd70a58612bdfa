import { flawInWords } from '../core/action/flaw.ts'
import { bounds } from '../core/data/bound.ts'
import type { JsonObject } from '../core/data/json.ts'
import { checkShown, everyPage, noStepUp } from './decide.ts'
import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'
import { readParams } from './params.ts'
import { describeContent, describeState } from './print.ts'
import { type Result, resultOf } from './result.ts'
import type { Session } from './session.ts'

/**
 * Makes a request smaller. Has every page of the request shown, and shows all of it. It decides nothing: who made it smaller
 * decides afterwards, on what is left.
 *
 * @throws {Exit} 78 before anything is shown if it does not say what is left, 77 for a person who may not decide it
 */
export async function narrow({ options, service, screen }: Session): Promise<Result> {
  const left = leftIn(options)
  const { request, view, refusal, stepUp } = await everyPage(service, options.id)
  screen.show(describeContent(request), 'stderr')
  checkShown(request)
  if (view === undefined)
    throw new Exit(exits.refused, `Nothing was made smaller: ${refusal ?? 'this person may not decide it.'}`)
  if (stepUp !== undefined) throw noStepUp(stepUp, `narrow ${request.id} --param KEY=VALUE`)
  const narrowed = await service.narrow(request.id, { ...left, view })
  return resultOf(exits.ok, describeState(narrowed), narrowed)
}

function leftIn(options: Options): JsonObject {
  const params = readParams(options)
  const [uses, seconds, reason] = [options.one('uses'), options.one('for'), options.one('reason')]
  const hasParams = Object.keys(params).length > 0
  const hasTerms = uses !== undefined || seconds !== undefined
  if (hasParams === hasTerms)
    throw new Exit(exits.usage, 'Say what is left: --param KEY=VALUE, or of a standing approval --uses or --for.')
  const flaw = reason === undefined ? null : flawInWords(reason, 1, bounds.text.words)
  if (flaw !== null) throw new Exit(exits.usage, `--reason: ${flaw}.`)
  return {
    ...(hasParams && { params }),
    ...(uses !== undefined && { uses: wholeIn('uses', uses) }),
    ...(seconds !== undefined && { for: wholeIn('for', seconds) }),
    ...(reason !== undefined && { reason }),
  }
}

function wholeIn(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Exit(exits.usage, `--${option} is a whole number from 1, not "${text}".`)
  return Number(text)
}
