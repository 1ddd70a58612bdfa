import { Exit, exits } from '../cli/exit.ts'
import { dryAskBody } from '../contract/bodies.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import type { Instant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { dryAskOf, fit } from '../http/input.ts'
import type { Policy } from '../ports/policy.ts'
import { spoken } from '../words/spoken.ts'
import { type DryAsk, type DryRun, dryRun } from '../approvals/dryRun.ts'
import { agentNamed } from './draft.ts'
import { assumedDirectory } from './people.ts'

/** Who asks, and when, where the ask itself does not say so. */
export interface Circumstances {
  /** A name or an object id. */
  readonly agent?: string | undefined
  readonly at?: string | undefined
}

/** An ask, with what the policy says of it. */
export interface Trial {
  readonly asked: DryAsk
  /** A problem if the ask is refused before policy judges it. */
  readonly run: DryRun | Problem
  /** Why no rule answers. */
  readonly uncovered?: string
}

/**
 * Tries an ask by a policy, as the service would with every listed person as a member of the tenant.
 *
 * @param json an ask as the API takes it. `agent`, a name or an object id, and `at` may stand in it or in `given`
 * @throws {Problem} `invalid-input` if it is not an ask
 */
export async function tryBy(policy: Policy, json: Json, given: Circumstances): Promise<Trial> {
  if (!isObject(json)) throw new Problem('invalid-input', 'An ask is an object.')
  const asked = readAsk(policy, json, given)
  const now = new Date().toISOString() as Instant
  try {
    const run = await dryRun({ policy, directory: assumedDirectory(policy, now) }, asked, now)
    return { asked, run, ...(run.outcome === 'no-policy' && { uncovered: whyUncovered(policy, asked, now) }) }
  } catch (cause) {
    if (cause instanceof Problem) return { asked, run: cause }
    throw cause
  }
}

function whyUncovered(policy: Policy, { agent, action, onBehalfOf, at }: DryAsk, now: Instant): string {
  const question = { agent, action, at: at ?? now, ...(onBehalfOf !== undefined && { onBehalfOf }) }
  return spoken.uncovered(action.action, action.environment, policy.uncovered(question))
}

function readAsk(policy: Policy, json: JsonObject, given: Circumstances): DryAsk {
  const named = given.agent ?? text(json, 'agent')
  const when = given.at ?? json['at']
  return dryAskOf(
    fit(dryAskBody, { ...json, agent: agentNamed(policy, named), ...(when !== undefined && { at: when }) }),
  )
}

function text(json: JsonObject, name: string): string | undefined {
  const value = json[name]
  if (value === undefined || typeof value === 'string') return value
  throw new Problem('invalid-input', `/${name} is text.`, { pointer: `/${name}` })
}

/** Reads what stands in a file. @throws {Exit} 78 naming the file and the place in it */
export async function inFile<T>(file: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (cause instanceof Problem)
      throw new Exit(exits.usage, `${file}: ${cause.message.replace(/^The body /, 'the file ')}`)
    throw cause
  }
}
