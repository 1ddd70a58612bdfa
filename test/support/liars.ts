import { randomBytes } from 'node:crypto'
import { change, recordAlone, timeOf } from '../../src/approvals/commit.ts'
import { applyPrompt } from '../../src/approvals/prompting.ts'
import { type Digest, type ObjectId, sha256, type Shard, shardOfKey } from '../../src/core/data/id.ts'
import { undeliverable } from '../../src/core/request/delivery.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { tamperedLog } from '../../src/core/request/tampering.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import { Exports } from '../../src/evidence/exports.ts'
import type { DecideInput } from '../../src/approvals/approvals.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import { policyFrom } from '../../src/policy/load.ts'
import type { Policy } from '../../src/ports/policy.ts'
import { folder, type Key, type Members, membersOf, signingKey } from '../evidence/bundle.ts'
import { at, day, sealer } from '../evidence/days.ts'
import {
  action,
  bot,
  codeOf,
  dba,
  dba2,
  mayNotApprove,
  noHolds,
  oid,
  owner,
  rosterText,
  runner,
  security,
} from './build.ts'
import { policyTexts, type RosterText, type RuleText } from './policyTexts.ts'
import { agent, asks, claims, type Instance, votes, world, type World } from './world.ts'

const entraGroup = oid(70)
/** In the Entra group alone. */
export const oncall = oid(71)
const card = '{}'

const rules: readonly RuleText[] = [
  { id: 'never-drop', file: 'forbid.cedar', verbs: ['db.drop'] },
  {
    id: 'export-dba',
    file: 'approve.cedar',
    verbs: ['db.export'],
    notes: { approvers: 'dba', tier: 'low', controls: 'AC-6(9), CC6.1' },
  },
  {
    ...{ id: 'export-security', file: 'approve.cedar', verbs: ['db.export'] },
    notes: { approvers: 'security', expires: 'PT40M', lapse: 'PT15M', via: 'teams, cli', controls: 'AC-5,CC6.1' },
  },
  { id: 'release-oncall', file: 'approve.cedar', verbs: ['deploy.release'], notes: { approvers: 'oncall|dba' } },
  {
    ...{ id: 'fix-dba', file: 'approve.cedar', verbs: ['deploy.fix'] },
    notes: {
      ...{ approvers: 'dba', answer: 'PT50M', remind: 'PT15M, -PT1M', escalate: 'PT30M: security' },
      ...{ breakglass: 'security', review: 'PT1H' },
    },
  },
  { id: 'restart', file: 'allow.cedar', verbs: ['service.restart'], notes: { grant: 'PT2M' } },
]

const first: RosterText = {
  ...rosterText,
  groups: { ...rosterText.groups, oncall: { entraGroup } },
}

/** On the second day dba2 has left the group. */
const second: RosterText = { ...first, groups: { ...first.groups, dba: { members: [dba, ...mayNotApprove] } } }

/** The files of both policy versions. */
export const policies = [first, second].map(
  (roster): ReadonlyMap<string, string> => new Map([...policyTexts(roster, rules), ['cards/channel.json', card]]),
)

const loaded = (texts: ReadonlyMap<string, string>): Policy => {
  const bytes = [...texts].map(([name, text]) => [name, Buffer.from(text)] as const)
  const own = bytes.filter(([name]) => !name.startsWith('cards/') && name !== 'rules.json')
  return policyFrom(new Map(own), new Map([['channel.json', Buffer.from(card)]]))
}

/** Days that happened, under two policies. */
export interface TrueDays {
  readonly place: ReturnType<typeof folder>
  readonly key: Key
  readonly days: readonly Members[]
  /** What was written, as files. */
  readonly said: readonly string[]
  readonly versions: readonly Digest[]
}

/** Two days with all that policy can be lied about. */
export const twoDays = (): Promise<TrueDays> => trueDays(6, async () => {})

/** Five days with every kind of event but a rotation of keys, the last of them without events. */
export const fiveDays = (): Promise<TrueDays> => trueDays(9, laterDays)

interface Later {
  readonly made: World
  readonly tomorrow: Instance
  /** The policy of the second day and later. */
  readonly policy: Policy
  /** Approved on the second day. */
  readonly lone: ApprovalRequest
}

/** @param sealed the day of March on which all days before it are sealed */
async function trueDays(sealed: number, later: (known: Later) => Promise<void>): Promise<TrueDays> {
  const place = folder()
  const { key, signer } = await signingKey()
  const made = await world()
  made.directory.add(oncall)
  made.directory.group(entraGroup, [oncall, dba])
  const [before, after] = policies.map(loaded)
  if (!before || !after) throw new Error('There are two policies.')
  const { clock } = made
  const today = made.another({ policy: before })

  clock.set(at(4, '12:00:00'))
  const { request } = await today.approvals.ask(asked('00', 'db.export', { executor: runner, onBehalfOf: oncall }))
  clock.set(at(4, '12:05:00'))
  await looked(today, request, dba)
  clock.set(at(4, '12:06:00'))
  const approved = await today.approvals.decide(request.id, byCli(request, security))
  clock.set(at(4, '12:07:00'))
  await today.approvals.redeem(request.id, await claims(today, approved, crypto.randomUUID()))
  await today.approvals.report(request.id, { executor: runner, result: 'succeeded' })
  await today.approvals.ask(asked('03', 'service.restart'))
  await today.approvals.ask(asked('03', 'db.drop'))
  await today.approvals.ask(asked('03', 'db.unknown'))
  const { request: release } = await today.approvals.ask(asked('05', 'deploy.release'))
  clock.set(at(4, '12:09:00'))
  await today.approvals.decide(release.id, byCli(release, oncall))
  await today.approvals.revoke(release.id, oncall, { reason: 'Not now.' })
  await emergencies(today, clock, { ledger: made.ledger, policy: before, directory: made.directory })
  clock.set(at(4, '23:40:00'))
  const { request: late } = await today.approvals.ask(asked('07', 'db.export'))
  await today.approvals.decide(late.id, byCli(late, dba2))
  const { request: lone } = await today.approvals.ask(asked('0a', 'deploy.release'))

  const tomorrow = made.another({ policy: after })
  clock.set(at(5, '00:10:00'))
  await tomorrow.approvals.decide(late.id, byCli(late, security))
  await tomorrow.approvals.decide(late.id, byCli(late, dba))
  // In a shard in which no event of the day but this names a policy.
  await today.approvals.decide(lone.id, byCli(lone, dba))
  clock.set(at(5, '00:20:00'))
  await tomorrow.approvals.ask(asked('00', 'db.export'))
  await later({ made, tomorrow, policy: after, lone })

  const one = await sealer({ ledger: made.ledger, spool: place.path, signer })
  for (const policy of [before, after])
    for (const [name, bytes] of policy.files())
      await one.archive.create(`policy/${policy.version.slice('sha256:'.length)}/${name}`, bytes)
  one.clock.set(at(sealed, '00:05:00'))
  const days: Members[] = []
  const said: string[] = []
  for (const date of await one.run()) {
    days.push(await membersOf((await one.archive.read(`bundles/${date}.zip`)) ?? new Uint8Array()))
    let text = ''
    for await (const line of await saidOf({ ledger: made.ledger, seals: one.seals, clock: one.clock }, date))
      text += line
    said.push(text)
  }
  return { place, key, days, said, versions: [before.version, after.version] }
}

/** A request that people talk of until others join, two that one person approves alone, of which one is reviewed, and one that waits. */
async function emergencies(
  { approvals }: Instance,
  clock: World['clock'],
  known: Pick<Parameters<typeof applyPrompt>[0], 'ledger' | 'policy' | 'directory'>,
): Promise<void> {
  const asks = async (time: string) => {
    clock.set(at(4, time))
    return (await approvals.ask({ ...asked('0c', 'deploy.fix'), expiresIn: 2400 })).request
  }
  const parts = { ...known, clock, random: randomBytes, committed: () => undefined }
  const prompt = async (time: string, { id }: ApprovalRequest) => {
    clock.set(at(4, time))
    await applyPrompt(parts, id)
  }
  const talked = await asks('12:10:00')
  clock.set(at(4, '12:11:00'))
  const seen = { via: 'cli', digest: talked.digest }
  const open = await approvals.askBack(talked.id, { approver: dba, question: 'Why now?', seen })
  const question = open.events.at(-1)?.hash ?? sha256('')
  clock.set(at(4, '12:12:00'))
  const said = await approvals.answer(talked.id, { by: { kind: 'person', id: owner }, question, answer: 'It is down.' })
  await prompt('12:26:00', said)
  await prompt('12:41:00', said)
  clock.set(at(4, '12:42:00'))
  const content = said.events.at(-1)?.hash ?? sha256('')
  await approvals.decide(talked.id, { approver: security, verdict: 'approve', seen: { ...seen, content } })

  const breaks = async (time: string, { id, digest, action }: ApprovalRequest) => {
    clock.set(at(4, time))
    const confirm = action?.target.split('/').at(-1) ?? ''
    await approvals.breakGlass(id, { approver: security, reason: 'Fire.', seen: { via: 'cli', digest }, confirm })
  }
  const reviewed = await asks('12:45:00')
  await breaks('12:46:00', reviewed)
  clock.set(at(4, '12:50:00'))
  await approvals.reviewGlass(reviewed.id, { reviewer: dba, finding: 'unjustified', reason: 'It was not.' })
  await breaks('12:52:00', await asks('12:51:00'))
  await asks('12:55:00')
}

/** All that happens to requests and to the log beside them. Each act is in a shard of its own, where it can be. */
async function laterDays({ made, tomorrow, policy, lone }: Later): Promise<void> {
  const { clock, ledger } = made
  const { approvals } = tomorrow
  const parts = { ledger, clock, policy, random: randomBytes, committed: () => undefined }
  const releases = async (shard: string) => (await approvals.ask(asked(shard, 'deploy.release'))).request
  const redeems = async (request: ApprovalRequest) =>
    void (await approvals.redeem(request.id, await claims(tomorrow, request, crypto.randomUUID())))

  clock.set(at(5, '00:30:00'))
  await redeems(await approvals.read(lone.id, { kind: 'agent', id: bot }))
  await approvals.report(lone.id, { executor: bot, result: 'succeeded' })
  clock.set(at(5, '03:00:00'))
  await approvals.sweep()

  clock.set(at(6, '09:00:00'))
  const denied = await releases('01')
  await approvals.review(denied.id, oncall, { page: 1, template: sha256(card), via: 'cli' })
  clock.set(at(6, '09:01:00'))
  await looked(tomorrow, denied, dba, { verdict: 'deny', reason: 'Not on a Friday.' })
  const kept = await releases('01')
  await releases('0b')
  const used = await releases('02')
  for (const by of mayNotApprove) await refused(tomorrow, used, by)
  clock.set(at(6, '09:02:00'))
  await approvals.decide(kept.id, byCli(kept, oncall))
  await redeems(await approvals.decide(used.id, byCli(used, dba)))
  clock.set(at(6, '09:04:00'))
  await approvals.report(used.id, { executor: bot, result: 'succeeded' })
  const silent = await releases('04')
  await approvals.review(silent.id, oncall, { page: 1, template: sha256(card), via: 'cli' })
  await refused(tomorrow, silent, owner)
  await redeems(await approvals.decide(silent.id, byCli(silent, dba)))
  const cancelled = await releases('06')
  await approvals.decide(cancelled.id, byCli(cancelled, dba))
  clock.set(at(6, '09:06:00'))
  await approvals.cancel(cancelled.id, bot, 'No longer.')
  const { request: broken } = await approvals.ask(asked('08', 'service.restart'))
  await redeems(broken)
  await approvals.report(broken.id, { executor: bot, result: 'failed' })
  const unheard = await releases('09')
  await change(parts, unheard.id, (request) => undeliverable(request))
  const dropped = await releases('0d')
  await approvals.decide(dropped.id, byCli(dropped, dba, { verdict: 'deny', reason: 'No.' }))
  const erasure = { names: ['reason' as const], why: 'A name was in it.' }
  await eraseAll({ ...parts, holds: noHolds }, denied.id, { ...erasure, by: oid(62) })
  await repaired(parts, '03')
  clock.set(at(6, '12:00:00'))
  await approvals.sweep()
  const exports = new Exports({ ...parts, backOff: async () => undefined })
  for (const by of [dba, owner]) await exports.record({ file: 'bundle', date: day(5), by, client: oid(81) })

  clock.set(at(7, '10:00:00'))
  await approvals.sweep()
  await eraseAll({ ...parts, holds: noHolds }, denied.id, { ...erasure, by: oid(63) })
  const last = await releases('0e')
  clock.set(at(7, '10:05:00'))
  await approvals.decide(last.id, byCli(last, dba))
  clock.set(at(7, '12:00:00'))
  await approvals.sweep()
}

/** Somebody tries to approve what their own agent asks for. */
async function refused({ approvals }: Instance, request: ApprovalRequest, by: ObjectId): Promise<void> {
  if ((await codeOf(approvals.decide(request.id, byCli(request, by)))) !== 'self-approval')
    throw new Error('Nobody approves for their own agent.')
}

/** A person records that rows of a shard had been changed from outside. */
async function repaired(parts: Parameters<typeof change>[0], shard: string): Promise<void> {
  const loaded = await parts.ledger.load(shard as Shard, {})
  const repair = tamperedLog({ by: oid(64), data: { from: 1, to: 1, check: 'mac' }, why: 'A row was edited.' })
  await recordAlone(parts, loaded, [repair], timeOf(parts.clock, loaded))
}

let keys = 0

/** Asks in a shard: its idempotency key leads there. */
function asked(shard: string, verb: string, more: { executor?: ObjectId; onBehalfOf?: ObjectId } = {}) {
  const one = agent(bot, { executors: [runner] })
  for (;;) {
    const key = `lies-${++keys}`
    if (shardOfKey(bot, key) !== shard) continue
    return asks({ agent: one, key, action: { ...action, action: verb, target: `prod/db/${keys}` }, ...more })
  }
}

const byCli = (request: ApprovalRequest, approver: ObjectId, more: Partial<DecideInput> = {}) =>
  votes(request, approver, { ...more, seen: { via: 'cli', digest: request.digest } })

/** Looks at a request, and votes on what was shown: to approve, unless told otherwise. */
async function looked(
  { approvals }: Instance,
  { id }: ApprovalRequest,
  approver: ObjectId,
  vote: Pick<DecideInput, 'verdict' | 'reason'> = { verdict: 'approve' },
): Promise<void> {
  const { view } = await approvals.review(id, approver, { page: 1, template: sha256(card), via: 'cli' })
  if (view === null) throw new Error('The request was shown.')
  await approvals.decide(id, { ...vote, approver, seen: { via: 'cli', view } })
}
