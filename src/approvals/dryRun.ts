import { pagesOf } from '../core/action/page.ts'
import type { Warning } from '../core/action/warning.ts'
import type { Digest, ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import type { Outcome, Tier } from '../core/request/event.ts'
import type { Provisions, Slot } from '../core/request/requirement.ts'
import { spoken } from '../words/spoken.ts'
import { type Ask, checkDecidable, judgeAsk, type Judged } from './ask.ts'
import { countEligible, type PeopleParts } from './eligibility.ts'

/** An ask that is only tried. */
export interface DryAsk extends Omit<Ask, 'agent' | 'reason' | 'key'> {
  readonly agent: ObjectId
  readonly reason?: string
  /** When it is judged: now, if absent. */
  readonly at?: Instant
}

/** What an ask would lead to. Times are in seconds. */
export interface DryRun {
  readonly policy: Digest
  readonly outcome: Outcome
  readonly rules: readonly string[]
  readonly summary?: string
  readonly lapse?: number
  readonly grant?: number
  /** What people would be asked. Absent where they do not decide. */
  readonly asking?: AskedPeople
  readonly warnings: readonly string[]
  /** Why the ask would be refused although policy wants people to decide it. */
  readonly problem: Problem | null
}

interface AskedPeople extends Provisions {
  readonly tier: Tier
  readonly expires: number
  /** The only doors that people may approve through. Absent if all may. */
  readonly via?: readonly string[]
  readonly required: readonly EligibleSlot[]
  /** Accounts of the people who may not approve. */
  readonly excluded: readonly ObjectId[]
  /** Those of them that only the agent's own word excludes. */
  readonly excludedByAgent: readonly ObjectId[]
  /** The pages of the approver's view. */
  readonly pages: number
}

/** A slot, and how many people may fill it. */
interface EligibleSlot extends Slot {
  /** Not counted beyond {@link mostCounted}: each person is looked up in the directory. */
  readonly eligible: number
}

/** The most people that a dry run counts for a slot. */
const mostCounted = 50

/**
 * Says what an ask would lead to: the checks and the judgement are those of a real ask. Nothing is recorded, no channel is
 * told, and no slot of a limit is taken, so that limits are not part of the answer.
 *
 * @throws {Problem} what a real ask would get before policy judges it: `invalid-input`, also for an agent that is not
 *   registered; `too-large`, `secret-in-params`; `unavailable`
 */
export async function dryRun(parts: PeopleParts, asked: DryAsk, now: Instant): Promise<DryRun> {
  const agent = parts.policy.agent(asked.agent)
  if (!agent)
    throw new Problem('invalid-input', `/agent: approvers.json registers no agent with the object id ${asked.agent}.`, {
      pointer: '/agent',
    })
  const judged = await judgeAsk(parts, { ...asked, agent, reason: asked.reason ?? '' }, asked.at ?? now)
  const { outcome, rules } = judged.judgement
  const found = await refusalOf(parts, judged)
  const asking = await askingOf(parts, judged)
  return {
    policy: judged.policy,
    outcome,
    rules,
    ...('lapse' in judged.judgement && termsOf(judged.judgement)),
    ...(asking && { asking }),
    warnings: [...judged.warnings, ...found.warnings],
    problem: found.problem,
  }
}

const termsOf = ({ lapse, grant, summary }: Extract<Judged['judgement'], { readonly lapse: number }>) => ({
  lapse,
  grant,
  ...(summary !== undefined && { summary }),
})

/** The problem that the ask would get after policy has judged it, or else the warnings. */
async function refusalOf(
  parts: PeopleParts,
  judged: Judged,
): Promise<{ readonly problem: Problem | null; readonly warnings: readonly Warning[] }> {
  try {
    return { problem: null, warnings: await checkDecidable(parts, judged) }
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.code === 'unavailable') throw cause
    return { problem: cause, warnings: [] }
  }
}

async function askingOf(parts: PeopleParts, judged: Judged): Promise<AskedPeople | null> {
  const { judgement, action, presentation, expiresIn, excluded, excludedByAgent = [] } = judged
  if (judgement.outcome !== 'approve') return null
  const counted = judgement.slots.map(async (slot) => ({
    ...slot,
    eligible: await countEligible(parts, slot, excluded, mostCounted),
  }))
  return {
    tier: judgement.tier,
    expires: Math.min(expiresIn, judgement.expires),
    ...(judgement.via && { via: judgement.via }),
    ...(judgement.answer !== undefined && { answer: judgement.answer }),
    ...(judgement.remind && { remind: judgement.remind }),
    ...(judgement.glass && { glass: judgement.glass }),
    ...(judgement.session && { session: judgement.session }),
    ...(judgement.narrow && judged.narrowing && !action.standing && { narrow: judgement.narrow }),
    required: await Promise.all(counted),
    excluded,
    excludedByAgent,
    pages: pagesOf(action, presentation, spoken.units).length,
  }
}
