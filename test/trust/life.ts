import { TableLedger } from '../../src/azure/ledger.ts'
import { sha256 } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { TestStorage } from '../ports/tables.ts'
import { bot, dba, dba2, needs, runner, slot } from '../support/build.ts'
import { asks, claims, type Instance, votes, type World, world } from '../support/world.ts'

/** The steps of a request's life, in their order. Two people approve it, and another agent executes it. */
export const steps = ['asked', 'shown', 'voted', 'approved', 'redeemed', 'succeeded'] as const

export type LifeStep = (typeof steps)[number]

/** A world whose processes keep their ledger in one storage account. */
export async function stored(storage: Pick<TestStorage, 'connect'>) {
  const here: World = await world(() => needs([slot('dba', 2)]))
  const process = (): Instance => here.another({ ledger: new TableLedger(storage.connect()), clock: here.clock })
  return { here, process }
}

/** Leads a request up to a step, inclusive. */
export async function livedUpTo(instance: Instance, last: LifeStep): Promise<ApprovalRequest> {
  const { approvals } = instance
  const ask = asks({ executor: runner, links: [{ title: 'Runbook', url: 'https://a.example/runbook' }] })
  const { request } = await approvals.ask(ask)
  const { id } = request
  const acts: Record<LifeStep, () => Promise<unknown>> = {
    asked: async () => undefined,
    shown: () => approvals.review(id, dba, { page: 1, template: sha256('template'), via: 'teams' }),
    voted: () => approvals.decide(id, votes(request, dba)),
    approved: () => approvals.decide(id, votes(request, dba2)),
    redeemed: async () => {
      const approved = await instance.ledger.find(id)
      if (!approved) throw new Error('There is no such request.')
      await approvals.redeem(id, await claims(instance, approved, 'first'))
    },
    succeeded: () => approvals.report(id, { executor: runner, result: 'succeeded' }),
  }
  for (const step of steps.slice(0, steps.indexOf(last) + 1)) await acts[step]()
  const now = await instance.ledger.find(id)
  if (!now) throw new Error('There is no such request.')
  return now
}

/** Whatever anybody can do with a request, by name. Each is done from a process of its own. */
export const touches: Readonly<Record<string, (instance: Instance, request: ApprovalRequest) => Promise<unknown>>> = {
  read: ({ approvals }, { id }) => approvals.read(id, { kind: 'agent', id: bot }),
  'read as a person': ({ approvals }, { id }) => approvals.read(id, { kind: 'person', id: dba, evidence: true }),
  wait: ({ approvals }, { id }) => approvals.wait(id, 0),
  grant: async ({ approvals, ledger }, { id }) => {
    const found = await ledger.find(id)
    return found && (await approvals.grant(found, runner)).grant
  },
  review: ({ approvals }, { id }) => approvals.review(id, dba, { page: 1, template: sha256('template'), via: 'teams' }),
  approve: ({ approvals }, request) => approvals.decide(request.id, votes(request, dba2)),
  deny: ({ approvals }, request) =>
    approvals.decide(request.id, votes(request, dba2, { verdict: 'deny', reason: 'No.' })),
  cancel: ({ approvals }, { id }) => approvals.cancel(id, bot),
  revoke: ({ approvals }, { id }) => approvals.revoke(id, dba),
  report: ({ approvals }, { id }) => approvals.report(id, { executor: runner, result: 'failed' }),
}
