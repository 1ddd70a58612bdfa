import { actionDigest } from '../../src/core/action/action.ts'
import type { Answer } from './deeds.ts'
import { demand } from './demand.ts'
import { livesIn, type Stored } from './events.ts'
import { verbs } from './plan.ts'
import { actionOf, keyedName } from './roster.ts'

/**
 * What anybody was told is so (invariants 3, 4 and 5).
 *
 * @param keysHold whether a key names one request; who deletes its row makes a second one possible
 */
export function checkAnswers(answers: readonly Answer[], all: readonly Stored[], keysHold = true): void {
  const lives = livesIn(all)
  const keys = new Map<string, string>()
  for (const answer of answers) {
    const { told, id } = answer
    const events = lives.get(id) ?? []
    const has = (holds: (event: Stored) => boolean) =>
      demand(4, events.some(holds), () => `${JSON.stringify(answer)} is in no event`)
    switch (told) {
      case 'asked': {
        has(({ type, data }) => type === 'requested' && data?.digest === answer.digest)
        if (answer.key === null || !keysHold) break
        const name = `${answer.agent} ${answer.key}`
        demand(5, (keys.get(name) ?? id) === id, () => `${name} was answered with ${id} and ${keys.get(name)}`)
        keys.set(name, id)
        break
      }
      case 'voted':
        has(
          ({ type, actor, data }) =>
            type === 'decided' && actor.id === answer.approver && data?.verdict === answer.verdict,
        )
        break
      case 'asked back':
      case 'answered':
      case 'narrowed':
      case 'glass-broken':
      case 'reviewed': {
        const type = told === 'asked back' ? 'asked' : told
        has((event) => event.type === type && event.actor.id === answer.by)
        break
      }
      case 'granted':
        has(({ type }) => type === 'approved')
        break
      case 'redeemed':
        has(({ type, data }) => type === 'redeemed' && data?.redemption === answer.redemption)
        break
      default:
        has(({ type }) => type === told)
    }
  }
  checkRedeemed(answers)
}

function checkRedeemed(answers: readonly Answer[]): void {
  const used = new Map<string, string>()
  for (const answer of answers) {
    if (answer.told !== 'redeemed') continue
    const { id, redemption } = answer
    demand(3, (used.get(id) ?? redemption) === redemption, () => `${id} was redeemed twice`)
    used.set(id, redemption)
  }
}

/** What is asked for with a key is in the ledger once, under a standing approval or not, whoever was told (invariant 5). */
export function checkKeys(all: readonly Stored[]): void {
  const asked = all.flatMap(({ type, data, actor }) => {
    const key = type === 'requested' ? keyed.get(data?.digest ?? '') : undefined
    return key === undefined ? [] : [`${actor.id} ${key}`]
  })
  demand(5, new Set(asked).size === asked.length, () => `asked for more than once under one key: ${asked.join(', ')}`)
}

/** Under which key an action is asked for, by its digest. */
const keyed: ReadonlyMap<string, string> = new Map(
  verbs.flatMap((verb) =>
    [0, 1].flatMap((key) =>
      [0, 1].map((body) => [actionDigest(actionOf(verb, keyedName(key, body))), `key ${key}`] as const),
    ),
  ),
)

/** What flew, and is no answer of ours. */
export function checkFailures(failures: readonly unknown[]): void {
  const [first] = failures
  if (first === undefined) return
  const words = first instanceof Error ? (first.stack ?? first.message) : JSON.stringify(first)
  throw new Error(`A bug: ${words}`, { cause: first })
}
