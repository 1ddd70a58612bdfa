import type { Approvals } from '../approvals/approvals.ts'
import type { delegationOperations } from '../contract/delegationOperations.ts'
import { parseInstant } from '../core/data/instant.ts'
import type { Delegation } from '../core/request/deputy.ts'
import type { Handlers, OperationInput, OperationReply } from './handler.ts'

interface DelegationParts {
  readonly approvals: Pick<Approvals, 'delegate' | 'recall' | 'delegations' | 'deputiesOf' | 'namesOf'>
}

type Operations = typeof delegationOperations

/** Handles who is away, and who acts for them. */
export const delegationHandlers = (parts: DelegationParts): Handlers<keyof Operations> => ({
  delegations: (given) => delegations(parts, given),
  delegate: (given) => delegate(parts, given),
  recall: async ({ event, caller }) => ({
    answer: await parts.approvals.recall({ event, by: caller.id, client: caller.client }),
  }),
})

async function delegations(
  { approvals }: DelegationParts,
  { caller: { id, roles } }: OperationInput<Operations['delegations']>,
): Promise<OperationReply<Operations['delegations']>> {
  const found = await approvals.delegations({ kind: 'person', id, evidence: roles.includes('Evidence.Read') })
  const names = await approvals.namesOf([...new Set(found.flatMap(({ member, to }) => [member, to]))])
  const deputies = (await approvals.deputiesOf(id)).map(({ groups, ...one }) => ({ ...one, groups: [...groups] }))
  return { answer: { delegations: found.map(shown), deputies, names: Object.fromEntries(names) } }
}

async function delegate(
  { approvals }: DelegationParts,
  { caller, body: { until, groups, ...body } }: OperationInput<Operations['delegate']>,
): Promise<OperationReply<Operations['delegate']>> {
  const { reason, to } = body
  const made = await approvals.delegate({
    ...{ by: caller.id, to, until: parseInstant(until, '/until'), client: caller.client },
    ...(groups && { groups }),
    ...(reason !== undefined && { reason }),
  })
  return { status: 201, answer: shown(made) }
}

const shown = ({ groups, ...delegation }: Delegation) => ({ ...delegation, groups: [...groups] })
