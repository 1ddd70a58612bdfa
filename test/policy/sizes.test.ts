import * as fc from 'fast-check'
import { decide } from '../../src/core/request/decision.ts'
import { chain, maxLeafBytes } from '../../src/core/request/event.ts'
import { newRequestId, type ObjectId, shardAt } from '../../src/core/data/id.ts'
import { instant } from '../../src/core/data/instant.ts'
import type { Facts } from '../../src/core/request/requirement.ts'
import { type ApprovalRequest, recorded, type Step } from '../../src/core/request/request.ts'
import { type Judgement, open } from '../../src/core/request/submission.ts'
import { warnings } from '../../src/core/action/warning.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import { allowTerms, approveTerms, forbidTerms } from '../../src/core/policy/annotations.ts'
import { readRoster } from '../../src/policy/approvers.ts'
import { type LeafSize, largestLeaf } from '../../src/policy/leaf.ts'
import { readRules } from '../../src/policy/rules.ts'
import { sizes } from '../../src/core/policy/sizes.ts'
import { decision, submission } from '../support/build.ts'
import { approvers, ask, type Changes, deployBot, flaws, load, otherBot, person, schema } from './folder.ts'

const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))
const long = (prefix: string, i: number) => `${prefix}${i}`.padEnd(sizes.name, 'x')

/** A rule of `approve.cedar` for so many slots of so many groups; `from` numbers its groups. */
interface Wanted {
  readonly id: string
  readonly slots: readonly { readonly groups: readonly string[]; readonly quorum: number }[]
  /** It matches where the request has at least so many rows. */
  readonly rows?: number
  readonly lapse?: string
  /** Other annotations. */
  readonly notes?: string
}

const ruleOf = ({ id, slots, rows = 0, lapse = 'P7D', notes = '' }: Wanted) =>
  `@id("${id}") @approvers("${slots.map(({ groups, quorum }) => `${groups.join('|')}:${quorum}`).join(',')}")
@lapse("${lapse}") @expires("P7D") ${notes}
permit(principal, action, resource) when { context.params.rows >= ${rows} };`

/** The accounts of the agent's owner, of two owners of its executor, and of a person for whom it may ask. */
const excluded = many(3 + sizes.accountsPerPerson, (i) => person(60 + i))
const [owner = person(60), first = person(61), second = person(62), ...principal] = excluded

const registered = {
  agents: {
    [deployBot]: {
      ...{ name: 'deploy-bot', appId: person(90), owners: [owner], executors: [otherBot] },
      onBehalfOf: { optional: principal.slice(0, 1) },
    },
    [otherBot]: { name: 'other-bot', appId: person(91), owners: [first, second] },
  },
  people: { [principal[0] ?? person(63)]: { sameAs: principal.slice(1) } },
}

function folderOf(rules: readonly Wanted[], allow = ''): Changes {
  const groups = rules.flatMap(({ slots }) => slots.flatMap((slot) => slot.groups))
  return {
    'forbid.cedar': '',
    'approve.cedar': rules.map(ruleOf).join('\n'),
    'allow.cedar': allow,
    'schema.cedarschema': schema,
    'approvers.json': approvers({
      ...registered,
      groups: Object.fromEntries(
        [...groups, 'spare'].map((name) => [name, { members: [person(1)], entraGroup: person(9) }]),
      ),
    }),
  }
}

/** Twelve rules with ids as long as may be, for this many slots of four groups with names as long as may be. */
const wide = (slots: number) =>
  folderOf(
    many(sizes.rulesPerAction, (i) => ({
      id: long('r', i),
      slots: many(Math.ceil(slots / sizes.rulesPerAction), (n) => i + n * sizes.rulesPerAction)
        .map((n) => n % slots)
        .map((n) => ({
          groups: many(sizes.groupsPerSlot, (g) => long(`g${n}-`, g)),
          quorum: sizes.quorum,
        })),
    })),
  )

const at = instant(Date.UTC(2026, 11, 31))
const shard = shardAt('f')
const id = newRequestId(at, new Uint8Array(10), shard)
const approver = person(0)

/** Bytes of each event of the worst request that a judgement allows, and of what people do with it, by type. */
function leavesFrom(judgement: Judgement, action = 'plain'): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>()
  const taken = ({ request, events }: Step): ApprovalRequest => {
    const leaves = chain(events, { seq: 999_999_999_000, hash: '0'.repeat(64) as never }, { shard, at }, () =>
      'f'.repeat(32),
    )
    for (const { type, text } of leaves) bytes.set(type, Math.max(bytes.get(type) ?? 0, Buffer.byteLength(text)))
    return recorded(request, leaves)
  }
  const asked = taken(
    open(
      submission({
        ...{ id, at, judgement, warnings, onBehalfOf: person(50), executor: person(51) },
        action: { action, target: 'x', environment: 'production', params: {} },
        links: [{ title: 'x', url: 'https://x.example' }],
        expiresIn: 604_800,
        owner: 'Dana Diaz',
        excluded,
        excludedByAgent: excluded.slice(1),
      }),
    ),
  )
  if (asked.status !== 'pending') return bytes
  const groups = [...new Set(asked.requirement.slots.flatMap((slot) => slot.groups))].sort()
  const facts: Facts = {
    accounts: many(sizes.accountsPerPerson, person),
    groups,
    member: true,
    enabled: true,
    asOf: at,
  }
  const given = { approver, facts, at, reason: 'x' }
  taken(decide(asked, decision(asked, { ...given, verdict: 'deny' })))
  const approved = people(asked).reduce<ApprovalRequest>(
    (request, id) =>
      request.status === 'pending'
        ? taken(decide(request, decision(request, { ...given, approver: id, facts: { ...facts, accounts: [id] } })))
        : request,
    taken(decide(asked, decision(asked, given))),
  )
  if (approved.status === 'approved') taken(revoke(approved, { ...given, name: 'D' }))
  return bytes
}

/** As many people as it takes. */
const people = ({ requirement }: ApprovalRequest): readonly ObjectId[] =>
  many(requirement?.slots.reduce((sum, { quorum }) => sum + quorum, 0) ?? 0, (i) => person(100 + i))

/** What loading measures of these files. */
function measured(files: Changes): LeafSize {
  const text = (name: string) => String(files[name])
  const listed = text('approvers.json')
  const rules = {
    forbid: readRules(text('forbid.cedar'), { file: 'forbid.cedar', effect: 'forbid', terms: forbidTerms }),
    approve: readRules(text('approve.cedar'), {
      ...{ file: 'approve.cedar', effect: 'permit' },
      terms: (notes) => approveTerms(notes, () => true),
    }),
    allow: readRules(text('allow.cedar'), { file: 'allow.cedar', effect: 'permit', terms: allowTerms }),
  }
  return largestLeaf('plain', rules, readRoster(Buffer.from(listed), listed).mostExcluded)
}

/** The same files, with the action's name as long as one more or less fits. */
function named(files: Changes, length: number): Changes {
  return { ...files, 'schema.cedarschema': schema.replace('"plain"', `"${verb(length)}"`) }
}

const verb = (length: number) => 'plain'.padEnd(length, 'x')

test('the largest policy that loads makes leaves that fit', async () => {
  const files = wide(sizes.slots)
  const length = 5 + sizes.leaf - measured(files).bytes
  const judgement = ask(await load(named(files, length)), { action: verb(length), params: { rows: 1_000 } })
  if (judgement.outcome !== 'approve') throw new Error('It should need approval.')
  expect([judgement.slots.length, judgement.rules.length]).toEqual([sizes.slots, sizes.rulesPerAction])
  const leaves = leavesFrom(judgement, verb(length))
  expect([...leaves.keys()].sort()).toEqual(['approved', 'decided', 'denied', 'requested', 'revoked'])
  expect(Math.max(...leaves.values())).toBeLessThanOrEqual(sizes.leaf)
  expect(sizes.leaf).toBeLessThan(maxLeafBytes)
})

test('a policy whose rules can make a leaf of one byte more is refused, with the rule and what to do', async () => {
  const files = wide(sizes.slots)
  const found = await flaws(named(files, 6 + sizes.leaf - measured(files).bytes))
  const lines = String(files['approve.cedar']).split('\n')
  const line = lines.findIndex((text) => text.includes(long('r', 11))) + 1
  expect(found).toMatchObject([{ file: 'approve.cedar', line, rule: long('r', 11) }])
  expect(found[0]?.reason).toMatch(/“requested” event of 4049 bytes; at most 4048 may be: give groups .* shorter names/)
})

test('a policy beyond any leaf is refused like any other', async () => {
  const groups = (slot: number) => many(sizes.groupsPerSlot, (g) => long(`g${slot}-`, g))
  const slots = many(sizes.slots + 8, (n) => ({ groups: groups(n), quorum: 1 }))
  expect(measured(folderOf([{ id: 'one', slots }])).bytes).toBe(Infinity)
})

test('no judgement of a loaded policy makes a larger leaf than was measured', async () => {
  const name = fc
    .integer({ min: 1, max: 26 })
    .chain((length) => fc.nat({ max: 9 }).map((i) => `g${i}`.padEnd(length, 'x')))
  const slot = fc.record({
    groups: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    quorum: fc.integer({ min: 1, max: 3 }),
  })
  const keyed = ({ groups }: { groups: readonly string[] }) => [...groups].sort().join()
  const rule = fc.record({
    slots: fc.uniqueArray(slot, { minLength: 1, maxLength: 3, selector: keyed }),
    rows: fc.nat({ max: 3 }),
    lapse: fc.constantFrom('PT1M', 'PT1H', 'P7D'),
    notes: fc.constantFrom(
      '',
      '@private',
      '@via("api")',
      '@via("api,cli")',
      '@via("api,cli,console,teams") @private',
      '@answer("PT5M") @remind("PT1M, -PT1M, -P6D")',
      '@breakglass("GROUP") @review("PT2H")',
    ),
  })
  const allowing = '@id("allowed") permit(principal, action, resource);'
  await fc.assert(
    fc.asyncProperty(fc.array(rule, { maxLength: 3 }), fc.boolean(), async (rules, allows) => {
      const files = folderOf(
        rules.map((one, i) => ({
          ...one,
          id: `r${i}`,
          notes: one.notes.replace('GROUP', one.slots[0]?.groups[0] ?? ''),
        })),
        allows ? allowing : '',
      )
      const policy = await load(files)
      const { bytes } = measured(files)
      for (const rows of [0, 1, 2, 3]) {
        const leaves = leavesFrom(ask(policy, { params: { rows } }))
        expect(Math.max(...leaves.values())).toBeLessThanOrEqual(bytes)
      }
    }),
    { numRuns: 30 },
  )
})

test('a person may have only as many accounts as a vote is measured with', () => {
  const sameAs = many(sizes.accountsPerPerson - 1, (i) => person(i + 1))
  const text = approvers({ people: { [person(0)]: { sameAs } } })
  const accounts = readRoster(new TextEncoder().encode(text), text).accounts(person(0))
  expect(accounts).toHaveLength(sizes.accountsPerPerson)
})
