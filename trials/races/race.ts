import type { Entry, History } from './linear.ts'
import { type Answer, asked, askedStanding, type Call, type Passed } from './spec.ts'

/** A call to make. A redemption reads its grant first. */
export type Wish = Exclude<Call, { kind: 'redeem' }> | { readonly kind: 'redeem'; readonly redemption: string }

/** A grant, as it was answered. */
interface Grant {
  readonly token: string
  readonly expiresAt: string
}

export interface Reply {
  readonly answer: Answer
  readonly grant?: Grant
}

/** Calls one process about one request. Rejects if no answer comes. */
export type Door = (wish: Wish, grant: Grant | null) => Promise<Reply>

/** The range of the processes' clocks, in milliseconds, because they are not all set at the same moment. */
export interface Clocks {
  readonly least: () => number
  readonly most: () => number
}

/** Gives numbers from 0 to 1, the same for the same seed. */
export type Random = () => number

/** A call with the times at which it was made and answered, before the deadlines are known. */
interface Made extends Pick<Entry, 'from' | 'to' | 'answer'> {
  readonly wish: Wish
  readonly grant: Grant | null
  /** The earliest time that a clock may have shown during the call, and the latest. */
  readonly earliest: number
  readonly latest: number
}

/** Records all calls about one request. */
export interface Recorder {
  /** Makes a call. Returns `null` if no answer comes. */
  readonly make: (door: Door, wish: Wish, grant?: Grant | null) => Promise<Reply | null>
  history(left: Left): History
}

/** What a race left behind. */
interface Left {
  readonly quorum: number
  readonly expiresAt: string
  readonly lapsesAt: string | null
  readonly events: readonly string[]
  /** Of a standing approval: how many uses it gives. */
  readonly uses?: number | undefined
}

/** Codes of answers after which nothing was done and nothing is known of the request. */
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
    history({ quorum, expiresAt, lapsesAt, events, uses }) {
      const entries = all.map(({ wish, grant, from, to, answer, earliest, latest }): Entry => {
        const passed = (deadline: string | null): Passed => passing(deadline, earliest, latest)
        const deadlines = { expired: passed(expiresAt), lapsed: passed(lapsesAt) }
        const call = wish.kind === 'redeem' ? { ...wish, grantExpired: passed(grant?.expiresAt ?? null) } : wish
        return { call, from, to, answer, deadlines }
      })
      return { start: uses === undefined ? asked(quorum) : askedStanding(uses), entries, events }
    },
  }
}

/** Milliseconds of tolerance, because clocks are read in whole milliseconds before and after a call. */
const margin = 5

function passing(deadline: string | null, earliest: number, latest: number): Passed {
  if (deadline === null) return 'no'
  const at = Date.parse(deadline)
  if (latest < at - margin) return 'no'
  return earliest >= at + margin ? 'yes' : 'maybe'
}

/** The kinds of races about a request. */
export const flavours = [
  'votes',
  'denial',
  'withdrawal',
  'revocation',
  'everything',
  'deadline',
  'lapse',
  'uses',
] as const

export type Flavour = (typeof flavours)[number]

/** How many uses the standing approvals give about which callers race. */
export const usesOf = (flavour: Flavour): number | undefined => (flavour === 'uses' ? 3 : undefined)

export const quorumOf = (flavour: Flavour): number => (['votes', 'denial', 'everything'].includes(flavour) ? 2 : 1)

/** Lets all parties act on a request at once, through both doors, and waits for all answers. */
export async function race(flavour: Flavour, doors: readonly [Door, Door], { make }: Recorder, random: Random) {
  const [a, b] = random() < 0.5 ? doors : [doors[1], doors[0]]
  const spread = flavour === 'deadline' ? 600 : flavour === 'lapse' ? 2_000 : 25
  const pause = (ms = random() * spread) => new Promise((done) => setTimeout(done, ms))
  const call = async (door: Door, wish: Wish): Promise<void> => {
    await pause()
    await make(door, wish)
  }
  /** Reads the request until it is approved or closed. Makes the call if it is approved. */
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

  /** Asks for a use, and carries it out if it is granted. */
  const use = async (door: Door, key: string): Promise<void> => {
    await pause()
    const reply = await make(door, { kind: 'use', key })
    if (reply === null || typeof reply.answer !== 'object' || !('use' in reply.answer)) return
    await pause()
    await make(door, { kind: 'carry', key, redemption: redemption(random) })
  }

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
    // One call arrives twice, at both processes.
    uses: () => [
      ...[use(a, 'one'), use(b, 'one'), use(a, 'two'), use(b, 'three'), use(b, 'four')],
      ...[...sometimes(0.3, () => revoke(b, 'dba-2')), ...sometimes(0.3, () => cancel(a))],
    ],
  }
  if (flavour === 'uses') await make(a, { kind: 'approve', who: 'dba-1' })
  await Promise.all(parties[flavour]())
  // Closes the request, so that it does not count against limits.
  await make(a, { kind: 'cancel' })
  await make(b, { kind: 'read' })
}

/** Makes a UUID that a seed repeats. */
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

/** Describes an event in the words of spec.ts; `null` for an event that it does not model. */
export function eventOf(
  leaf: { readonly type: string; readonly actor: { readonly id?: string }; readonly data?: Data },
  nameOf: (id: string) => string,
): string | null {
  const who = nameOf(leaf.actor.id ?? '')
  if (['requested', 'shown', 'refused'].includes(leaf.type)) return null
  if (leaf.type === 'decided') return `decided ${who} ${leaf.data?.verdict}`
  if (leaf.type === 'revoked') return `revoked ${who}`
  if (leaf.type === 'used') return `used ${leaf.data?.use}`
  if (leaf.type === 'redeemed') return `redeemed ${leaf.data?.redemption}`
  return leaf.type
}

interface Data {
  readonly verdict?: string
  readonly redemption?: string
  readonly use?: number
}
