import * as fc from 'fast-check'
import type { ObjectId, RequestId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { readRoster } from '../../src/policy/approvers.ts'
import { after, bot, needs, oid, runner } from '../support/build.ts'
import { fold, type Read } from '../core/log/fold.ts'
import { sample } from '../support/chance.ts'
import { agent, anAction, asks, votes, type World, world } from '../support/world.ts'

/**
 * Whoever owns, sponsors or is helped by an agent approves nothing for it, by whatever account: from `approvers.json`
 * and the directory to the events, with an oracle that joins accounts by itself. Such a person may deny and revoke.
 */

const accounts = Array.from({ length: 8 }, (_, i) => oid(101 + i))
const account = fc.constantFrom(...accounts)
const some = (maxLength: number) => fc.uniqueArray(account, { maxLength })
const entraGroup = oid(900)

const tenant = fc
  .record({
    sameAs: fc.array(fc.tuple(account, account), { maxLength: 3 }),
    /** Whether two who are listed are one person. */
    twins: fc.boolean(),
    owners: some(2),
    sponsors: some(1),
    executorsOwners: fc.uniqueArray(account, { minLength: 1, maxLength: 1 }),
    onBehalfOf: fc.option(account, { nil: undefined }),
    executes: fc.boolean(),
    listed: fc.uniqueArray(account, { minLength: 2, maxLength: 6 }),
    inEntra: some(6),
    guests: some(1),
    disabled: some(1),
  })
  .map(({ twins, sameAs, ...rest }) => {
    const [one = oid(101), two = oid(102)] = rest.listed
    return { ...rest, sameAs: twins ? [...sameAs, [one, two] as const] : sameAs }
  })
type Tenant = typeof tenant extends fc.Arbitrary<infer T> ? T : never

const slots = fc.array(
  fc.record({
    groups: fc.constantFrom(['listed'], ['entra'], ['entra', 'listed'], ['listed']),
    quorum: fc.constantFrom(1, 2),
  }),
  { minLength: 1, maxLength: 2 },
)

const move = fc.record({
  kind: fc.constantFrom('approve', 'approve', 'approve', 'approve', 'deny', 'revoke', 'redeem', 'redeem', 'cancel'),
  /** Mostly somebody whose business it could be. */
  concerned: fc.constantFrom(true, true, true, false),
  who: fc.oneof(fc.nat({ max: 1 }), fc.nat({ max: 15 })),
  wait: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(0, 1, 60) }, { weight: 1, arbitrary: fc.constant(4000) }),
})
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never

test('no sequence of calls leads to a forbidden vote, or to an approval without distinct eligible people', async () => {
  const reached = new Map<string, number>()
  const note = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1)
  await fc.assert(
    fc.asyncProperty(tenant, slots, fc.array(move, { minLength: 4, maxLength: 12 }), async (tenant, slots, moves) => {
      const truth = oracle(tenant)
      const here = await worldOf(tenant, slots)
      const { executes, onBehalfOf } = tenant
      const wish = asks({
        agent: registrations(tenant)[0] ?? agent(bot),
        action: anAction(),
        ...(executes && { executor: runner }),
        ...(onBehalfOf !== undefined && { onBehalfOf }),
      })
      const asked = await outcome(here.approvals.ask(wish))
      if (asked instanceof Problem && asked.code === 'invalid-input') {
        expect(truth.mayBePrincipal(onBehalfOf)).toBe(false)
        note(asked.code)
        return
      }
      expect(truth.mayBePrincipal(onBehalfOf)).toBe(true)
      if (asked instanceof Problem) {
        expect(asked.code).toBe('no-eligible-approver')
        expect(truth.canFill(slots)).toBe(false)
        note(asked.code)
        return
      }
      expect(truth.canFill(slots)).toBe(true)
      let seconds = 0
      for (const one of moves) {
        seconds += one.wait
        here.clock.set(after(seconds))
        const result = await outcome(tried(here, asked.request.id, { ...one, who: whoIs(tenant, one) }))
        if (result instanceof Problem) note(`${one.kind}: ${result.code}`)
      }
      const request = await here.ledger.find(asked.request.id)
      if (!request) throw new Error('The request is gone.')
      const events = (await here.ledger.events(request)).map(
        ({ text, hash }): Read => ({ ...(JSON.parse(text) as Read), hash }),
      )
      expect(fold(events)).toBe(request.status)
      for (const event of events.filter(({ type }) => type === 'decided' || type === 'revoked')) {
        const { id = '', kind } = event.actor
        expect(kind).toBe('person')
        const approves = event.data?.verdict === 'approve'
        const may = approves ? truth.mayApprove(id, slots) : truth.mayStop(id, slots)
        expect({ id, may }).toEqual({ id, may: true })
        if (!truth.mayApprove(id, slots)) note(`${event.type} by somebody excluded`)
        if (truth.isAlias(id)) note('by somebody with a second account')
      }
      const approvers = events.filter(({ data }) => data?.verdict === 'approve').map(({ actor }) => actor.id ?? '')
      if (events.some(({ type }) => type === 'approved')) expect(truth.canFill(slots, approvers)).toBe(true)
      note(request.status)
    }),
    sample(300),
  )
  const all = ['approved', 'denied', 'expired', 'cancelled', 'revoked', 'redeemed', 'lapsed', 'no-eligible-approver']
  const stopped = ['decided by somebody excluded', 'invalid-input']
  const refusals = ['approve: self-approval', 'approve: not-found', 'approve: already-decided']
  const aliases = 'by somebody with a second account'
  expect([...reached.keys()]).toEqual(expect.arrayContaining([...all, ...stopped, ...refusals, aliases]))
})

/** What is true of the tenant, from the words of approvers.json: joined, excluded and seated by other means. */
function oracle({ sameAs, owners, sponsors, executorsOwners, onBehalfOf, executes, ...people }: Tenant) {
  const personOf = (id: string): readonly string[] => {
    const person = new Set([id])
    for (let size = 0; size < person.size; ) {
      size = person.size
      for (const [a, b] of sameAs)
        if (person.has(a) || person.has(b)) {
          person.add(a)
          person.add(b)
        }
    }
    return [...person].sort()
  }
  const partial = [...owners, ...sponsors, ...(executes ? executorsOwners : []), ...(onBehalfOf ? [onBehalfOf] : [])]
  // an agent must have an owner
  const excluded = new Set([...partial, ...(owners.length + sponsors.length === 0 ? [spare] : [])].flatMap(personOf))
  const groupsOf = (id: string): readonly string[] => [
    ...(people.listed.some((one) => one === id) ? ['listed'] : []),
    ...(people.inEntra.some((one) => one === id) ? ['entra'] : []),
  ]
  const isOutside = (id: string): boolean => [...people.guests, ...people.disabled].some((one) => one === id)
  const mayStop = (id: string, slots: readonly Slot[]): boolean =>
    accounts.some((one) => one === id) &&
    !isOutside(id) &&
    slots.some(({ groups }) => groups.some((group) => groupsOf(id).includes(group)))
  const mayApprove = (id: string, slots: readonly Slot[]): boolean => mayStop(id, slots) && !excluded.has(id)
  return {
    mayStop,
    mayApprove,
    mayBePrincipal: (id: string | undefined): boolean => id === undefined || !isOutside(id),
    isAlias: (id: string) => personOf(id).length > 1,
    /** Whether the places can be given to distinct persons; of those who may, unless others are named. */
    canFill(slots: readonly Slot[], ids: readonly string[] = accounts): boolean {
      const persons = new Map<string, string[]>()
      for (const id of ids.filter((one) => mayApprove(one, slots))) {
        const key = personOf(id).join()
        persons.set(key, [...(persons.get(key) ?? []), ...groupsOf(id)])
      }
      const places = slots.flatMap(({ groups, quorum }) => Array.from({ length: quorum }, () => groups))
      return canSeat(places, [...persons.values()])
    },
  }
}

interface Slot {
  readonly groups: readonly string[]
  readonly quorum: number
}

function canSeat(places: readonly (readonly string[])[], people: readonly (readonly string[])[]): boolean {
  const [place, ...rest] = places
  if (!place) return true
  return people.some((groups, i) => place.some((one) => groups.includes(one)) && canSeat(rest, people.toSpliced(i, 1)))
}

const spare = oid(199)

function registrations(tenant: Tenant) {
  const { owners, sponsors, executorsOwners } = tenant
  const bare = owners.length + sponsors.length === 0
  return [
    agent(bot, { owners: bare ? [spare] : owners, sponsors, executors: [runner] }),
    agent(runner, { owners: executorsOwners }),
  ]
}

/** Through `approvers.json`, as it is read at the start. */
async function worldOf(tenant: Tenant, slots: readonly Slot[]): Promise<World> {
  const people: Record<string, { sameAs: ObjectId[] }> = {}
  for (const [a, b] of tenant.sameAs) {
    const known = people[a]?.sameAs ?? []
    if (!known.includes(b)) people[a] = { sameAs: [...known, b] }
  }
  const agents = Object.fromEntries(
    registrations(tenant).map(({ id, name, ...rest }) => [id, { ...rest, name: `${name}-${id.slice(-1)}` }]),
  )
  const groups = { listed: { members: tenant.listed }, entra: { entraGroup } }
  const text = JSON.stringify({ version: 1, groups, agents, people })
  const read = readRoster(Buffer.from(text), text)
  const here = await world(() => needs(slots), {
    agents: read.agents(),
    groups: read.groups(),
    people: [...accounts, spare].map((id) => read.accounts(id)),
  })
  for (const id of accounts)
    here.directory.add(id, { member: !tenant.guests.includes(id), enabled: !tenant.disabled.includes(id) })
  here.directory.group(entraGroup, tenant.inEntra)
  return here
}

function whoIs({ listed, inEntra, executes }: Tenant, { kind, concerned, who }: Move): ObjectId {
  const agentOf = kind === 'redeem' && executes ? runner : bot
  if (concerned && (kind === 'redeem' || kind === 'cancel')) return agentOf
  const all = concerned ? [...listed, ...inEntra] : [...accounts, bot, runner]
  return all[who % all.length] ?? bot
}

type Tried = Pick<Move, 'kind'> & { readonly who: ObjectId }

async function tried(here: World, id: RequestId, { kind, who }: Tried): Promise<unknown> {
  const { approvals, ledger } = here
  const request = await ledger.find(id)
  if (!request) throw new Error('The request is gone.')
  switch (kind) {
    case 'approve':
    case 'deny':
      return approvals.decide(id, votes(request, who, { verdict: kind }))
    case 'revoke':
      return approvals.revoke(id, who)
    case 'cancel':
      return approvals.cancel(id, who)
    case 'redeem': {
      const { grant } = await approvals.grant(request, request.executor)
      const { digest } = request
      if (!grant) return request
      return approvals.redeem(id, {
        ...{ caller: who, mayRedeemForOthers: true, grant: grant.token, digest, redemption: oid(700) },
      })
    }
  }
}

async function outcome<T>(promise: Promise<T>): Promise<T | Problem> {
  try {
    return await promise
  } catch (cause) {
    if (cause instanceof Problem) return cause
    throw cause
  }
}
