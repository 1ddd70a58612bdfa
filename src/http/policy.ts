import type { Approvals } from '../approvals/approvals.ts'
import type { policyOperations } from '../contract/policyOperations.ts'
import { spoken } from '../words/spoken.ts'
import { warningOf } from '../words/warning.ts'
import type { Handlers, OperationInput, OperationReply } from './handler.ts'
import { dryAskOf } from './input.ts'

interface PolicyParts {
  readonly approvals: Pick<Approvals, 'tryAsk' | 'groupsOf'>
}

type Operations = typeof policyOperations

/** Handles what policy says of an action. */
export const policyHandlers = (parts: PolicyParts): Handlers<keyof Operations> => ({
  me: async ({ caller: { id, name, roles, proved } }) => ({
    answer: { id, name, roles, groups: await parts.approvals.groupsOf(id), proved },
  }),
  judgements: (given) => judgement(parts, given),
})

async function judgement(
  { approvals }: PolicyParts,
  { caller, body }: OperationInput<Operations['judgements']>,
): Promise<OperationReply<Operations['judgements']>> {
  const reader = { kind: 'person', id: caller.id, evidence: caller.roles.includes('Evidence.Read') } as const
  const tried = await approvals.tryAsk(dryAskOf(body), reader)
  const { asking, problem, warnings, ...said } = tried
  const pointer = problem?.details.pointer
  const { tier, expires, via, required = [], excluded = [], excludedByAgent = [], pages = 0 } = asking ?? {}
  return {
    answer: {
      ...said,
      ...(asking && { tier, expires }),
      ...(via && { via }),
      ...{ required, excluded, pages },
      ...(excludedByAgent.length > 0 && { excludedByAgent }),
      warnings: warnings.map((code) => ({ code, words: warningOf(code, spoken) })),
      ...(problem && {
        problem: {
          code: problem.code,
          detail: problem.message,
          ...(pointer !== undefined && { pointer }),
        },
      }),
    },
  }
}
