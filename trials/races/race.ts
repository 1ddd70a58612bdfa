import type { Entry, History } from './linear.ts'
import { type Answer, asked, type Call, type Passed } from './spec.ts'

/** What somebody is to do: the grant of a redemption is read when it is there. */
export type Wish = Exclude<Call, { kind: 'redeem' }> | { readonly kind: 'redeem'; readonly redemption: string }

/** A grant, as it was read. */
interface Grant {
  readonly token: string
  readonly expiresAt: string
}

export interface Reply {
  readonly answer: Answer
  readonly grant?: Grant
}

/** One process, for one request. Rejects where no answer came. */
export type Door = (wish: Wish, grant: Grant | null) => Promise<Reply>

/** Between which moments the processes' clocks are, in milliseconds: they are not set at once. */
export interface Clocks {
  readonly least: () => number
  readonly most: () => number
}

/** Numbers from 0 to 1, the same for the same seed. */
export type Random = () => number

/** A call with the times at which it was made and answered, before the deadlines are known. */
interface Made extends Pick<Entry, 'from' | 'to' | 'answer'> {
  readonly wish: Wish
  readonly grant: Grant | null
  /** The earliest time that a clock may have shown during the call, and the latest. */
  readonly earliest: number
  readonly latest: number
}

/** Records everything that is called about one request. */
export interface Recorder {
  /** Answers `null` where no answer came. */
  readonly make: (door: Door, wish: Wish, grant?: Grant | null) => Promise<Reply | null>
  history(left: { quorum: number; expiresAt: string; lapsesAt: string | null; events: readonly string[] }): History
}

/** The codes of answers that say that nothing was done, and nothing about the request. */
const nothingDone = ['busy']

export function recorder(clocks: Clocks): Recorder {
  const all: Made[] = []
  return {
    async make(door, wish, grant = null) {
      const from = performance.now()
      const earliest = clocks.least()
      const answered = await door(wish, grant).catch(() => null)
      const to = answered === null ? Infinity : performance.now()
      const latest = answered === null ? Infinity : clocks.most()
      const answer = answered?.answer ?? null
      const isBusy = typeof answer === 'object' && answer !== null && 'problem' in answer
      if (!(isBusy && nothingDone.includes(answer.problem)))
        all.push({ wish, grant, from, to, answer, earliest, latest })
      return answered
    },
    history({ quorum, expiresAt, lapsesAt, events }) {
      const entries = all.map(({ wish, grant, from, to, answer, earliest, latest }): Entry => {
        const passed = (deadline: string | null): Passed => passing(deadline, earliest, latest)
        const deadlines = { expired: passed(expiresAt), lapsed: passed(lapsesAt) }
        const call = wish.kind === 'redeem' ? { ...wish, grantExpired: passed(grant?.expiresAt ?? null) } : wish
        return { call, from, to, answer, deadlines }
      })
      return { start: asked(quorum), entries, events }
    },
  }
}

/** Clocks are read in whole milliseconds, before and after a call. */
const margin = 5

function passing(deadline: string | null, earliest: number, latest: number): Passed {
  if (deadline === null) return 'no'
  const at = Date.parse(deadline)
  if (latest < at - margin) return 'no'
  return earliest >= at + margin ? 'yes' : 'maybe'
}

/** The ways in which a request is raced for. */
export const flavours = ['votes', 'denial', 'withdrawal', 'revocation', 'everything', 'deadline', 'lapse'] as const

export type Flavour = (typeof flavours)[number]

export const quorumOf = (flavour: Flavour): number => (['votes', 'denial', 'everything'].includes(flavour) ? 2 : 1)

/** Lets everybody at a request at once, through both doors, and waits until all have their answers. */
export async function race(flavour: Flavour, doors: readonly [Door, Door], { make }: Recorder, random: Random) {
  const [a, b] = random() < 0.5 ? doors : [doors[1], doors[0]]
  const spread = flavour === 'deadline' ? 600 : flavour === 'lapse' ? 2_000 : 25
  const pause = (ms = random() * spread) => new Promise((done) => setTimeout(done, ms))
  const call = async (door: Door, wish: Wish): Promise<void> => {
    await pause()
    await make(door, wish)
  }
  /** Looks until the request is approved, or over, and then does what it would. */
  const then = async (door: Door, wish: Wish): Promise<void> => {
    await pause()
    for (let looks = 0; looks < 200; looks++) {
      const seen = await make(door, { kind: 'read' })
      const status = seen && typeof seen.answer === 'object' && 'status' in seen.answer ? seen.answer.status : 'unknown'
      if (seen && status === 'approved') {
        await make(door, wish, seen.grant ?? null)
        if (wish.kind === 'redeem') await make(door, { kind: 'report', result: 'succeeded' })
        return
      }
      if (status !== 'pending') return
      await pause(5 + random() * 10)
    }
  }
  const approve = (door: Door, who: string) => call(door, { kind: 'approve', who })
  const deny = (door: Door, who: string) => call(door, { kind: 'deny', who })
  const cancel = (door: Door) => call(door, { kind: 'cancel' })
  const sweep = (door: Door) => call(door, { kind: 'sweep' })
  const redeem = (door: Door) => then(door, { kind: 'redeem', redemption: redemption(random) })
  const revoke = (door: Door, who: string) => then(door, { kind: 'revoke', who })

  const sometimes = (chance: number, party: () => Promise<void>) => (random() < chance ? [party()] : [])

  const parties: Readonly<Record<Flavour, () => readonly Promise<void>[]>> = {
    votes: () => [
      approve(a, 'dba-1'),
      approve(b, 'dba-2'),
      approve(b, 'dba-1'),
      approve(a, 'dba-2'),
      redeem(a),
      redeem(b),
    ],
    denial: () => [approve(a, 'dba-1'), approve(b, 'dba-2'), deny(b, 'dba-1'), deny(a, 'dba-2'), redeem(b)],
    withdrawal: () => [approve(a, 'dba-1'), cancel(b), cancel(a), redeem(a), redeem(b)],
    revocation: () => [approve(a, 'dba-1'), revoke(a, 'dba-1'), revoke(b, 'dba-2'), redeem(a), redeem(b)],
    everything: () => [
      ...[approve(a, 'dba-1'), approve(b, 'dba-2'), deny(b, 'dba-2'), cancel(a), sweep(b)],
      ...[revoke(b, 'dba-1'), redeem(a), redeem(b)],
    ],
    deadline: () => [
      ...[approve(a, 'dba-1'), sweep(a), sweep(b), redeem(b)],
      ...[...sometimes(0.5, () => deny(b, 'dba-2')), ...sometimes(0.25, () => cancel(b))],
    ],
    lapse: () => [
      ...[redeem(a), sweep(a), sweep(b), ...sometimes(0.5, () => redeem(b))],
      ...[...sometimes(0.25, () => revoke(a, 'dba-2')), ...sometimes(0.25, () => cancel(b))],
    ],
  }
  await Promise.all(parties[flavour]())
  // what is left open is closed, so that it stands in nobody's way
  await make(a, { kind: 'cancel' })
  await make(b, { kind: 'read' })
}

/** As a uuid, so that a seed repeats it. */
function redemption(random: Random): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}

/** mulberry32, by Tommy Ettinger: small, and good enough for pauses. */
export function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An event of a request in the words of the specification; `null` for those that it does not speak of. */
export function eventOf(
  leaf: { readonly type: string; readonly actor: { readonly id?: string }; readonly data?: Data },
  nameOf: (id: string) => string,
): string | null {
  const who = nameOf(leaf.actor.id ?? '')
  if (leaf.type === 'requested' || leaf.type === 'shown') return null
  if (leaf.type === 'decided') return `decided ${who} ${leaf.data?.verdict}`
  if (leaf.type === 'revoked') return `revoked ${who}`
  if (leaf.type === 'redeemed') return `redeemed ${leaf.data?.redemption}`
  return leaf.type
}

interface Data {
  readonly verdict?: string
  readonly redemption?: string
}
