import type { Approvals } from '../approvals/approvals.ts'
import type { policyOperations } from '../contract/policyOperations.ts'
import { spoken } from '../words/spoken.ts'
import { warningOf } from '../words/warning.ts'
import type { Handlers, OperationInput, OperationReply } from './handler.ts'
import { dryAskOf } from './input.ts'
import type { PersonPrincipal } from './principal.ts'

interface PolicyParts {
  readonly approvals: Pick<Approvals, 'tryAsk' | 'readPolicy' | 'groupsOf'>
}

type Operations = typeof policyOperations

/** Handles what policy says of an action. */
export const policyHandlers = (parts: PolicyParts): Handlers<keyof Operations> => ({
  policy: (given) => policy(parts, given),
  me: async ({ caller: { id, name, roles, contexts } }) => ({
    answer: { id, name, roles, groups: await parts.approvals.groupsOf(id), proved: contexts },
  }),
  judgements: (given) => judgement(parts, given),
})

const readerOf = ({ id, roles }: PersonPrincipal) =>
  ({ kind: 'person', id, evidence: roles.includes('Evidence.Read') }) as const

async function policy(
  { approvals }: PolicyParts,
  { caller }: OperationInput<Operations['policy']>,
): Promise<OperationReply<Operations['policy']>> {
  const { rules, groups, agents, people, version } = await approvals.readPolicy(readerOf(caller))
  return {
    answer: {
      version,
      rules: rules.map(({ words, ...rule }) => ({ ...rule, ...(words !== null && { words }) })),
      groups: groups.map(({ more, ...group }) => ({ ...group, ...(more > 0 && { more }) })),
      agents: agents.map(({ appId: _appId, ...agent }) => agent),
      people: Object.fromEntries(people),
    },
  }
}

async function judgement(
  { approvals }: PolicyParts,
  { caller, body }: OperationInput<Operations['judgements']>,
): Promise<OperationReply<Operations['judgements']>> {
  const tried = await approvals.tryAsk(dryAskOf(body), readerOf(caller))
  const { asking, problem, warnings, ...said } = tried
  const pointer = problem?.details.pointer
  const { tier, expires, via, answer, remind, glass, session, narrow } = asking ?? {}
  const { required = [], excluded = [], excludedByAgent = [], pages = 0 } = asking ?? {}
  return {
    answer: {
      ...said,
      ...(asking && { tier, expires }),
      ...(via && { via }),
      ...(answer !== undefined && { answer }),
      ...(remind && { remind }),
      ...(glass && { glass }),
      ...(session && { session: { ...session, vary: [...session.vary] } }),
      ...(narrow && { narrow: [...narrow] }),
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
