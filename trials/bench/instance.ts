import { randomBytes, randomUUID } from 'node:crypto'
import { type Approvals, type ApprovalsParts, approvals } from '../../src/approvals/approvals.ts'
import type { Ask } from '../../src/approvals/ask.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import type { Tables } from '../../src/azure/tables.ts'
import { type ObjectId, sha256, shardOfKey } from '../../src/core/data/id.ts'
import { type Instant, instant } from '../../src/core/data/instant.ts'
import { emptyRow } from '../../src/core/request/limit.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { Delegations, type DelegationsParts } from '../../src/approvals/delegations.ts'
import { Ends } from '../../src/approvals/ends.ts'
import { grants } from '../../src/approvals/grants.ts'
import { agents, users } from '../../src/local/accounts.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import type { Limits } from '../../src/ports/limits.ts'
import type { Signer } from '../../src/ports/signer.ts'
import type { AgentRegistration, Policy } from '../../src/ports/policy.ts'
import { Waiting } from '../../src/approvals/waiting.ts'
import { FakeDirectory } from '../../test/support/fakes.ts'
import { MemoryArchive } from '../../test/support/fakes/archive.ts'
import { newSigner } from '../../test/support/world.ts'

const approver = users[0]?.oid as ObjectId
const agent = agents[0]?.oid as ObjectId
const issuer = 'https://countersign.example'
const clock = { now: (): Instant => instant(Date.now()) }

/** The use cases as they run in one process, on real tables and the example policy. No HTTP, no Teams. */
export interface BenchInstance {
  readonly approvals: Approvals
  readonly ledger: TableLedger
  /** Another ask each time; with an idempotency key. */
  readonly ask: () => Promise<ApprovalRequest>
  /** Another ask each time. */
  readonly askWithoutKey: () => Promise<ApprovalRequest>
  /** Another ask each time, all in one shard. */
  readonly askBeside: () => Promise<ApprovalRequest>
  /** A standing approval that people gave, for many uses. */
  readonly standing: () => Promise<ApprovalRequest>
  /** Another use of it each time. */
  readonly use: (standing: ApprovalRequest) => Promise<ApprovalRequest>
  /** Asks, approves, redeems and reports. */
  readonly live: () => Promise<void>
  readonly approve: (request: ApprovalRequest) => Promise<ApprovalRequest>
  readonly deny: (request: ApprovalRequest) => Promise<ApprovalRequest>
  /** The grant of an approved request. */
  readonly granted: (request: ApprovalRequest) => Promise<string>
  readonly redeem: (request: ApprovalRequest, grant: string) => Promise<void>
  readonly report: (request: ApprovalRequest) => Promise<void>
  readonly stop: () => void
}

/** What an instance may be given, where processes share it. */
interface Given {
  /** Whether asks take slots: then each of its own agents asks ten times, into a channel of its own. */
  readonly limited?: boolean
  /** Keeps the files of ends; in memory, unless given. */
  readonly archive?: DelegationsParts['archive']
  readonly signer?: Signer
  /** Is called after each commit. */
  readonly committed?: (request: ApprovalRequest) => void
}

export async function startInstance(tables: Tables, given: Given = {}): Promise<BenchInstance> {
  const { limited = false, archive = new MemoryArchive(), signer = await newSigner() } = given
  const ledger = new TableLedger(tables)
  const waiters = new Waiting(ledger)
  const example = await loadPolicy('policy', readCards('cards'))
  const directory = new FakeDirectory(clock)
  for (const { oid, name } of users) directory.add(oid as ObjectId, { name })
  const policy = manyChannels(example)
  const { macs } = tables
  const parts: ApprovalsParts = {
    ...{ ledger, directory, clock, issuer, waiting: waiters, random: randomBytes, policy },
    delegations: new Delegations({
      ...{ ledger, directory, clock, policy, archive, macs, random: randomBytes, failed: console.error },
    }),
    limits: limited ? new TableLimits(tables) : noLimits,
    grants: grants(signer, issuer),
    ends: new Ends({ archive, macs, clock, failed: console.error }),
    committed: (request) => {
      waiters.wake(request.id)
      given.committed?.(request)
    },
  }
  const uses = approvals(parts)
  const registered = example.agent(agent)
  if (!registered) throw new Error('The example policy does not know the agent.')
  const run = randomBytes(4).toString('hex')
  let number = 0
  const another = (): Ask => {
    number += 1
    return anAsk(limited ? colleague(registered, number) : { ...registered, limits: most }, `${run}-${number}`)
  }
  const askWithoutKey = async () => (await uses.ask(another())).request
  const ask = async () => {
    const asked = another()
    const { target } = asked.action
    return (await uses.ask({ ...asked, key: { text: target, body: sha256(target) } })).request
  }
  const acts = actsOf(uses)
  const askBeside = async () => {
    let text: string
    do text = randomUUID()
    while (shardOfKey(agent, text) !== '00')
    return (await uses.ask({ ...another(), key: { text, body: sha256(text) } })).request
  }
  const standing = async () => {
    const { action, ...asked } = another()
    const scope = { for: 14_400, uses: usesOfEach, vary: { target: 'prod/postgres/' } }
    return acts.approve((await uses.ask({ ...asked, action: { ...action, standing: scope } })).request)
  }
  const use = async ({ id }: ApprovalRequest) => {
    const text = randomUUID()
    return (await uses.ask({ ...another(), under: id, key: { text, body: sha256(text) } })).request
  }
  return {
    ...{ approvals: uses, ledger, ask, askWithoutKey, askBeside, standing, use, ...acts, stop: () => waiters.stop() },
    async live() {
      const approved = await acts.approve(await ask())
      await acts.redeem(approved, await acts.granted(approved))
      await acts.report(approved)
    },
  }
}

/** What is done with a request that was asked for. */
function actsOf(uses: Approvals) {
  const decide = ({ id, digest }: ApprovalRequest, verdict: 'approve' | 'deny') =>
    uses.decide(id, { approver, verdict, seen: { via: 'api', digest }, ...(verdict === 'deny' && { reason: 'No.' }) })
  return {
    approve: (request: ApprovalRequest) => decide(request, 'approve'),
    deny: (request: ApprovalRequest) => decide(request, 'deny'),
    async granted(request: ApprovalRequest) {
      const { grant } = await uses.grant(request, request.executor)
      if (!grant) throw new Error('Nothing is granted.')
      return grant.token
    },
    async redeem({ id, digest, executor: caller }: ApprovalRequest, grant: string) {
      await uses.redeem(id, { caller, mayRedeemForOthers: false, grant, digest, redemption: randomUUID() })
    },
    async report({ id, executor }: ApprovalRequest) {
      await uses.report(id, { executor, result: 'succeeded' })
    },
  }
}

/** As often as the storage answers with success, and how often it was too busy. */
export async function tryToAsk({ ask }: BenchInstance): Promise<'asked' | 'busy'> {
  try {
    await ask()
    return 'asked'
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'busy') return 'busy'
    throw cause
  }
}

const anAsk = (by: AgentRegistration, name: string): Ask => ({
  agent: by,
  action: {
    action: 'db.export',
    target: `prod/postgres/customers-${name}`,
    environment: 'production',
    params: { rows: 1200 },
  },
  reason: 'Quarterly churn report',
  links: [],
  expiresIn: 3600,
})

/** Uses of each standing approval: as many as the example policy gives. */
export const usesOfEach = 20

/** Each agent asks for so little that it is never refused. */
const asksOfEach = 10

function colleague(registered: AgentRegistration, number: number): AgentRegistration {
  const id = sha256(`${process.pid} ${Math.floor(number / asksOfEach)}`)
  const guid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join('-')
  return { ...registered, id: guid as ObjectId, limits: most }
}

const most = { pending: 100, hourly: 600, answered: 100_000 }

/** The same policy, whose groups are told in another channel each time they are looked up. */
function manyChannels(policy: Policy): Policy {
  let number = 0
  return {
    ...policy,
    group(name) {
      const group = policy.group(name)
      number += 1
      return group && { ...group, channels: [`19:${process.pid}-${Math.floor(number / asksOfEach)}@thread.tacv2`] }
    },
  }
}

/** Nobody is ever refused, and nothing is stored. */
const noLimits: Limits = {
  read: async () => ({ row: emptyRow, version: null }),
  replace: async () => undefined,
}
