import { type Digest, type ObjectId, sha256, shardOfKey } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import { policyFrom } from '../../src/policy/load.ts'
import type { Policy } from '../../src/ports/policy.ts'
import { folder, type Key, type Members, membersOf, signingKey } from '../evidence/bundle.ts'
import { at, day, sealer } from '../evidence/days.ts'
import { action, bot, dba, dba2, mayNotApprove, oid, rosterText, runner, security } from './build.ts'
import { policyTexts, type RosterText, type RuleText } from './policyTexts.ts'
import { agent, asks, claims, type Instance, votes, world } from './world.ts'

const entraGroup = oid(70)
/** In the Entra group alone. */
export const oncall = oid(71)
const card = '{}'

const rules: readonly RuleText[] = [
  { id: 'never-drop', file: 'forbid.cedar', verbs: ['db.drop'] },
  { id: 'export-dba', file: 'approve.cedar', verbs: ['db.export'], notes: { approvers: 'dba', tier: 'low' } },
  {
    ...{ id: 'export-security', file: 'approve.cedar', verbs: ['db.export'] },
    notes: { approvers: 'security', expires: 'PT40M', lapse: 'PT15M', via: 'teams, cli' },
  },
  { id: 'release-oncall', file: 'approve.cedar', verbs: ['deploy.release'], notes: { approvers: 'oncall|dba' } },
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

/** Two days that happened, under two policies, with all that policy can be lied about. */
export interface TrueDays {
  readonly place: ReturnType<typeof folder>
  readonly key: Key
  readonly days: readonly Members[]
  /** What was written, as files. */
  readonly said: readonly string[]
  readonly versions: readonly Digest[]
}

export async function trueDays(): Promise<TrueDays> {
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

  const one = await sealer({ ledger: made.ledger, spool: place.path, signer })
  for (const policy of [before, after])
    for (const [name, bytes] of policy.files())
      await one.archive.create(`policy/${policy.version.slice('sha256:'.length)}/${name}`, bytes)
  one.clock.set(at(6, '00:05:00'))
  await one.run()
  const days: Members[] = []
  const said: string[] = []
  for (const date of [day(4), day(5)]) {
    days.push(await membersOf((await one.archive.read(`bundles/${date}.zip`)) ?? new Uint8Array()))
    let text = ''
    for await (const line of await saidOf({ ledger: made.ledger, seals: one.seals, clock: one.clock }, date))
      text += line
    said.push(text)
  }
  return { place, key, days, said, versions: [before.version, after.version] }
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

const byCli = (request: ApprovalRequest, approver: ObjectId) =>
  votes(request, approver, { seen: { via: 'cli', digest: request.digest } })

/** Looks at a request, and approves what was shown. */
async function looked({ approvals }: Instance, { id }: ApprovalRequest, approver: ObjectId): Promise<void> {
  const { view } = await approvals.review(id, approver, { page: 1, template: sha256(card), via: 'cli' })
  if (view === null) throw new Error('The request was shown.')
  await approvals.decide(id, { approver, verdict: 'approve', seen: { via: 'cli', view } })
}
