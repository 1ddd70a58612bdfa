import { chain, emptyChain, type Fact, maxLeafBytes } from '../../src/core/request/event.ts'
import { digestOf, newRequestId, shards } from '../../src/core/data/id.ts'
import { instant } from '../../src/core/data/instant.ts'
import { readRoster } from '../../src/policy/approvers.ts'
import { sizes } from '../../src/policy/sizes.ts'
import { approvers, ask, load, person, schema } from './folder.ts'

const many = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i))
const long = (prefix: string, i: number) => `${prefix}${i}`.padEnd(sizes.name, 'x')

/** As many and as long slots as may be, asked for by as many rules with names as long as may be. */
function largest() {
  const groups = many(sizes.slots * sizes.groupsPerSlot, (i) => long('g', i))
  const slot = (i: number) => groups.slice(i * sizes.groupsPerSlot, (i + 1) * sizes.groupsPerSlot).join('|')
  const rule = (i: number) =>
    `@id("${long('r', i)}") @approvers("${slot(i % sizes.slots)}:${sizes.quorum}") @tier("medium")
     permit(principal, action, resource);`
  return {
    'forbid.cedar': '',
    'approve.cedar': many(sizes.rulesPerAction, rule).join('\n'),
    'allow.cedar': '',
    'schema.cedarschema': schema,
    'approvers.json': approvers({ groups: Object.fromEntries(groups.map((name) => [name, { members: [person(1)] }])) }),
  }
}

test('the largest requirement that a policy may have fits a leaf', async () => {
  const policy = await load(largest())
  const judgement = ask(policy)
  if (judgement.outcome !== 'approve') throw new Error('It should need approval.')
  expect([judgement.slots.length, judgement.rules.length]).toEqual([sizes.slots, sizes.rulesPerAction])
  const at = instant(Date.UTC(2026, 11, 31))
  const week = 604_800
  const requested: Fact = {
    type: 'requested',
    data: {
      action: 'a'.repeat(64),
      digest: digestOf('x'),
      executor: person(2),
      onBehalfOf: person(3),
      policy: { version: policy.version, outcome: 'approve', rules: judgement.rules },
      warnings: [],
      tier: 'medium',
      requirement: judgement.slots,
      excluded: Array.from({ length: sizes.excluded }, (_, i) => person(i)),
      expiresAt: at,
      lapse: week,
      grant: 300,
    },
  }
  const shard = shards[15] ?? raise()
  const request = newRequestId(at, new Uint8Array(10), shard)
  const said = { reason: 'why', links: 'where' }
  const draft = { ...requested, actor: { kind: 'agent', id: person(1) }, request, said } as const
  const [leaf] = chain([draft], { ...emptyChain, seq: 999_999_999_998 }, { shard, at }, () => '0'.repeat(32))
  const bytes = Buffer.byteLength(leaf?.text ?? '')
  // Room for the codes of warnings.
  expect(bytes).toBeLessThanOrEqual(maxLeafBytes - 100)
})

test('a person of the largest size in all groups of the largest requirement fits a leaf', () => {
  const people = {
    [person(0)]: { sameAs: Array.from({ length: sizes.accountsPerPerson - 1 }, (_, i) => person(i + 1)) },
  }
  const text = approvers({ people })
  const accounts = readRoster(new TextEncoder().encode(text), text).accounts(person(0))
  expect(accounts).toHaveLength(sizes.accountsPerPerson)
  const at = instant(Date.UTC(2026, 11, 31))
  const groups = many(sizes.slots * sizes.groupsPerSlot, (i) => long('g', i))
  const facts = { accounts, groups, member: true, enabled: true, asOf: at }
  const decided: Fact = { type: 'decided', data: { verdict: 'approve', via: 'teams', view: digestOf('x'), facts } }
  const shard = shards[15] ?? raise()
  const request = newRequestId(at, new Uint8Array(10), shard)
  const draft = {
    ...decided,
    actor: { kind: 'person', id: person(0) },
    request,
    said: { reason: 'a', name: 'b' },
  } as const
  const [leaf] = chain([draft], { ...emptyChain, seq: 999_999_999_998 }, { shard, at }, () => '0'.repeat(32))
  expect(Buffer.byteLength(leaf?.text ?? '')).toBeLessThanOrEqual(maxLeafBytes)
})

function raise(): never {
  throw new Error('There are 16 shards.')
}
