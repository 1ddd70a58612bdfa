import * as fc from 'fast-check'

/** What happens to a call of a port: the process ends before or after its effect; it fails; its answer is lost; it arrives twice; somebody else wins. */
export type FaultKind = 'crash-before' | 'crash-after' | 'failed' | 'lost' | 'twice' | 'raced'

/** Which call it hits: so many calls later, or so many that write. */
export interface Fault {
  readonly kind: FaultKind
  readonly at: number
  readonly writes: boolean
}

/** What the insider does to the rows and files of the service. */
export const intrusionKinds = [
  'approved row',
  'forged events',
  'swapped action',
  'softened requirement',
  'rewritten event',
  'older row',
  'cut chain',
  'other agent',
  'other facts',
  'other words',
  'other head',
  'deleted row',
  'copied event',
  'exchanged rows',
  'nonsense',
  'other deadline',
  'other key',
  'other limits',
  'other seal',
  'forged end',
  'forged heads',
  'forged chunk',
] as const
export type IntrusionKind = (typeof intrusionKinds)[number]

/** An act of the insider right before a call: the call of this number, or the write of this number. */
export interface Intrusion {
  readonly kind: IntrusionKind
  readonly at: number
  readonly writes: boolean
  /** Which request the act is about: the newest is 0. */
  readonly request: number
  /** Chooses among the ways of doing it. */
  readonly pick: number
}

export const verbs = ['one', 'two', 'both', 'either', 'talk', 'stand', 'allow', 'forbid', 'unknown'] as const
export type Verb = (typeof verbs)[number]

/** Where cards lie. The group dba has a channel in each room. */
export const roomKinds = ['teams', 'slack'] as const
export type RoomKind = (typeof roomKinds)[number]

type Deed =
  | {
      readonly do: 'ask'
      readonly verb: Verb
      readonly key: number | null
      readonly body: number
      readonly agent: number
    }
  | {
      readonly do: 'vote'
      readonly approver: number
      readonly verdict: 'approve' | 'deny'
      /** `unseen`: as if from a card, of which this person was shown nothing. */
      readonly via: RoomKind | 'api' | 'unseen'
    }
  | { readonly do: 'askBack' | 'break' | 'review' | 'narrow'; readonly approver: number }
  /** A member is away for so many seconds, and the deputy of the group acts for them; or is back. */
  | { readonly do: 'away'; readonly approver: number; readonly seconds: number }
  | { readonly do: 'back'; readonly approver: number }
  /** Asks for a standing approval. */
  | { readonly do: 'stand'; readonly agent: number }
  /** Asks under a standing approval: the one it is about, or else the newest. */
  | { readonly do: 'use'; readonly key: number | null; readonly body: number }
  /** `by`: the agent, or an approver, of whom one is the owner. */
  | { readonly do: 'answer'; readonly by: number }
  | { readonly do: 'redeem'; readonly redemption: number; readonly report: 'succeeded' | 'failed' | null }
  | { readonly do: 'cancel' | 'revoke'; readonly approver: number }
  | { readonly do: 'report'; readonly result: 'succeeded' | 'failed' }
  /** `repeat`: the same agent asks for the same again. */
  | { readonly do: 'read' | 'adopt' | 'repeat' }
  | { readonly do: 'sweep' | 'deliver' | 'seal' }
  | { readonly do: 'remove'; readonly room: RoomKind }
  | { readonly do: 'clock'; readonly seconds: number | 'midnight'; readonly whose: 'all' | 'one' }
  | {
      readonly do: 'outage'
      readonly room: RoomKind
      readonly sends: number
      readonly as: 'passing' | 'throttled' | 'gone' | 'refused' | 'too-large'
    }

export type Command = Deed & {
  /** Which process hears of it. */
  readonly process: 0 | 1
  /** Which request it is about, of those there are. */
  readonly request: number
  /** It comes after so many other things. */
  readonly after: number
  /** It arrives so often, at once. */
  readonly times: number
  /** Whoever hears nothing, or that it did not work, tries again with the other process. */
  readonly again: boolean
}

export interface Plan {
  readonly seed: number
  /** Seconds of the day at which it begins. */
  readonly begins: number
  /** Whether days are sealed. */
  readonly seals: boolean
  /** Seconds that the second process's clock is off. */
  readonly off: number
  readonly commands: readonly Command[]
  readonly faults: readonly Fault[]
  /** Commits after this one lose so many races in a row. */
  readonly storm: { readonly after: number; readonly length: number } | null
  /** The acts of an insider; an empty list means that the run has none. */
  readonly intrusions: readonly Intrusion[]
}

const weighted = <const T>(...pairs: readonly (readonly [weight: number, value: T])[]): fc.Arbitrary<T> =>
  fc.constantFrom(...pairs.flatMap(([weight, value]) => Array.from({ length: weight }, () => value)))

const verb: fc.Arbitrary<Verb> = weighted(
  [8, 'one'],
  [5, 'two'],
  [4, 'both'],
  [2, 'either'],
  [5, 'talk'],
  [1, 'stand'],
  [2, 'allow'],
  [1, 'forbid'],
  [1, 'unknown'],
)

const ask = fc.record({
  do: fc.constant('ask' as const),
  verb,
  key: weighted([2, null], [2, 0], [1, 1]),
  body: weighted([4, 0], [1, 1]),
  agent: weighted([3, 0], [1, 1]),
})

const room = weighted([2, 'teams'], [1, 'slack'])

const stand = fc.record({ do: fc.constant('stand' as const), agent: weighted([3, 0], [1, 1]) })

const use = fc.record({
  do: fc.constant('use' as const),
  key: weighted([3, null], [2, 0], [1, 1]),
  body: weighted([4, 0], [1, 1], [1, 2]),
})

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 5, arbitrary: ask },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      approver: weighted([6, 0], [5, 1], [5, 2], [3, 3], [1, 4], [1, 5], [1, 6], [1, 7]),
      verdict: weighted([5, 'approve'], [1, 'deny']),
      via: weighted([4, 'teams'], [2, 'slack'], [5, 'api'], [1, 'unseen']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: weighted([3, 'askBack'], [2, 'break'], [2, 'review'], [1, 'narrow']),
      approver: weighted([4, 0], [3, 1], [1, 2], [4, 3], [1, 4], [1, 5]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('answer' as const), by: weighted([3, -1], [3, 4], [1, 0]) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      redemption: fc.nat(2),
      report: weighted([3, 'succeeded'], [1, 'failed'], [2, null]),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: weighted([1, 'cancel'], [2, 'revoke']), approver: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('report' as const), result: weighted([3, 'succeeded'], [1, 'failed']) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: weighted([1, 'read'], [2, 'repeat'], [2, 'sweep'], [3, 'deliver'], [1, 'adopt']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      seconds: weighted<number | 'midnight'>(
        [2, -5],
        [3, 61],
        [1, 31],
        [2, 700],
        [2, 3_601],
        [1, 90_000],
        [1, 'midnight'],
      ),
      whose: weighted([2, 'all'], [1, 'one']),
    }),
  },
  { weight: 1, arbitrary: fc.oneof(stand, use) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('remove' as const), room }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('outage' as const),
      room,
      sends: fc.integer({ min: 1, max: 20 }),
      as: weighted([3, 'passing'], [1, 'throttled'], [1, 'gone'], [1, 'refused'], [1, 'too-large']),
    }),
  },
)

const talkAsk = ask.map((one): Deed => ({ ...one, verb: 'talk' }))

/** Of one or two requests people talk, wait, are told again, and one approves alone: much that seldom comes together. */
const talk: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 1, arbitrary: talkAsk },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      approver: weighted([5, 0], [5, 1], [1, 2], [4, 3], [1, 4]),
      verdict: weighted([12, 'approve'], [1, 'deny']),
      via: weighted([2, 'teams'], [5, 'api']),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('askBack' as const), approver: weighted([4, 0], [4, 1], [1, 2], [1, 4]) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('narrow' as const), approver: weighted([4, 0], [4, 1], [1, 2], [1, 4]) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('break' as const), approver: weighted([3, 3], [4, 1], [1, 0], [1, 4]) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('review' as const), approver: weighted([4, 0], [4, 1], [2, 2], [1, 4]) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('answer' as const), by: weighted([3, -1], [3, 4], [1, 0]) }),
  },
  { weight: 4, arbitrary: fc.record({ do: weighted([3, 'sweep'], [2, 'deliver'], [1, 'read']) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      seconds: weighted<number>([4, 61], [4, 700], [1, 3_601]),
      whose: fc.constant('all' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), approver: fc.nat(3) }) },
)

/** A standing approval is decided soon and used up, taken back, or used too late. */
const standing: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 1, arbitrary: stand },
  { weight: 10, arbitrary: use },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      approver: weighted([5, 0], [2, 1], [1, 4]),
      verdict: weighted([9, 'approve'], [1, 'deny']),
      via: weighted([3, 'api'], [1, 'teams']),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      redemption: fc.nat(1),
      report: weighted<'succeeded' | null>([1, 'succeeded'], [1, null]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), approver: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke' as const), approver: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      seconds: weighted<number>([2, 61], [1, 301], [1, 3_601]),
      whose: fc.constant('all' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: weighted([1, 'sweep'], [1, 'deliver'], [1, 'read'], [1, 'repeat']) }) },
)

const away = fc.record({
  do: fc.constant('away' as const),
  approver: weighted([6, 0], [3, 1], [1, 2], [2, 4], [1, 3], [1, 7]),
  seconds: weighted([1, 60], [2, 600], [4, 90_000]),
})

/** Members are away, their deputy votes, and they come back: before, meanwhile and after. */
const absence: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 7, arbitrary: ask.map((one): Deed => ({ ...one, verb: one.key === 1 ? 'two' : 'one' })) },
  { weight: 5, arbitrary: away },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('back' as const), approver: weighted([6, 0], [3, 1], [1, 4]) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      approver: weighted([8, 7], [2, 0], [2, 1], [1, 2]),
      verdict: weighted([9, 'approve'], [1, 'deny']),
      via: weighted([4, 'api'], [1, 'teams']),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const), approver: weighted([2, 7], [1, 0]) }) },
  { weight: 1, arbitrary: fc.record({ do: weighted([1, 'sweep'], [2, 'deliver'], [1, 'read']) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      seconds: weighted<number>([3, 61], [2, 700]),
      whose: fc.constant('all' as const),
    }),
  },
)

/** A day ends, and somebody seals it. */
const midnight = fc.constant({ do: 'clock', seconds: 'midnight', whose: 'all' } as const)
const seal = fc.constant({ do: 'seal' } as const)

const command = (deeds: fc.Arbitrary<Deed>, most: number): fc.Arbitrary<Command> =>
  fc
    .tuple(
      deeds,
      weighted([1, 0], [1, 1]),
      fc.nat(2),
      fc.nat(most),
      weighted([6, 1], [1, 2]),
      weighted([1, true], [2, false]),
    )
    .map(([one, process, request, after, times, again]) => ({ ...one, process, request, after, times, again }))

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: weighted([2, 'crash-before'], [3, 'crash-after'], [1, 'failed'], [3, 'lost'], [2, 'twice'], [1, 'raced']),
  at: fc.nat(60),
  writes: weighted([3, true], [1, false]),
})

/** @param worst kinds that do most harm where a control is missing, and so come more often */
const intrusion = (...worst: readonly IntrusionKind[]): fc.Arbitrary<Intrusion> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...intrusionKinds) },
        { weight: worst.length, arbitrary: fc.constantFrom(...worst) },
      ),
      weighted([2, true], [1, false]),
      fc.nat(45),
      weighted([5, 0], [2, 1], [1, 2]),
      fc.nat(9_999),
    )
    .map(([kind, writes, at, request, pick]) => ({ kind, at: writes ? at : at * 4, writes, request, pick }))

/**
 * The acts of an insider, who is there in every third run. While days are sealed most of them are about the chains, and where
 * members are away about the rows that say so.
 */
const intrusions = (about: keyof typeof subjects): fc.Arbitrary<readonly Intrusion[]> => {
  const worst = worstKinds[about]
  const one = worst ? intrusion(...Array.from({ length: 6 }, () => worst)) : ordinaryIntrusion
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: worst ? 2 : 1, arbitrary: fc.array(one, { minLength: 1, maxLength: 4, size: 'max' }) },
  )
}

/** What does most harm where a control is missing. */
const worstKinds: Partial<Record<keyof typeof subjects, IntrusionKind>> = { seals: 'cut chain', absence: 'older row' }

const ordinaryIntrusion = intrusion('older row', 'cut chain', 'forged end', 'approved row')

/** What a run is mostly about. */
const subject = weighted([56, 'anything'], [14, 'talk'], [10, 'standing'], [8, 'absence'], [2, 'seals'])

const subjects = {
  anything: [ask, deed],
  talk: [talkAsk, talk],
  standing: [stand, standing],
  absence: [away, absence],
  seals: [ask, deed],
} as const

/** Some commands with what may go wrong meanwhile: short, since many short lives find more than a few long ones. */
export const plan: fc.Arbitrary<Plan> = subject.chain((about) => {
  const seals = about === 'seals'
  const [first, next] = subjects[about]
  return fc.record({
    seed: fc.nat(),
    begins: seals ? weighted([1, 43_200], [3, 86_385]) : fc.constant(43_200),
    seals: fc.constant(seals),
    off: seals ? weighted([1, 0], [4, -5]) : weighted([8, 0], [2, -5], [1, 20], [1, 61]),
    commands: fc
      .tuple(
        command(first, 2),
        fc.array(command(next, 10), { minLength: 3, maxLength: 11, size: 'max' }),
        seals ? fc.tuple(command(midnight, 8), command(seal, 2), command(seal, 12)) : fc.constant([]),
      )
      // Much comes after a day is sealed.
      .map(([first, some, others]) => [first, ...some.slice(0, 3), ...others, ...some.slice(3)]),
    faults: fc.array(fault, { maxLength: 3, size: 'max' }),
    storm: fc.oneof(
      { weight: 40, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.record({ after: fc.nat(6), length: fc.constant(14) }) },
    ),
    intrusions: intrusions(about),
  })
})
