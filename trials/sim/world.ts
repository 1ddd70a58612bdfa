import type { Scheduler } from 'fast-check'
import { approvals } from '../../src/approvals/approvals.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableLimits } from '../../src/azure/limits.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import { Broken } from '../../src/core/data/broken.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { isBroken, Problem } from '../../src/core/data/problem.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { Delivery } from '../../src/delivery/delivery.ts'
import { announce } from '../../src/evidence/seal/announce.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { Delegations } from '../../src/approvals/delegations.ts'
import { Ends } from '../../src/approvals/ends.ts'
import { grants } from '../../src/approvals/grants.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Limits } from '../../src/ports/limits.ts'
import { Waiting } from '../../src/approvals/waiting.ts'
import { partsOf } from '../../test/evidence/days.ts'
import { macsFor, testOrigin } from '../../test/support/fakes/macs.ts'
import { issuer } from '../../test/support/world.ts'
import { type Call, called, calls, type Faults, faultsOf, type Life, never, type Surroundings } from './calls.ts'
import { insider } from './insider.ts'
import { ledgerOf, slotsIn } from './ledger.ts'
import { archiveOf, messengerOf, outboxOf, sealsOf } from './ports.ts'
import { type Plan, roomKinds } from './plan.ts'
import { clockOf, compliance, directory, policy } from './roster.ts'
import { numbers, schedule } from './schedule.ts'
import { type Keys, type Stores, stores } from './stores.ts'
import { type Witnessing, witnessing } from './witnessing.ts'

/** One simulated process: the real use cases, over ports that may fail. */
export type Process = ReturnType<typeof begin>

export type World = ReturnType<typeof worldOf>

/** What all runs share. */
export interface Common {
  readonly keys: Keys
  readonly reached: (what: string) => void
  /** Folder for temporary files. */
  readonly spool: string
  readonly note: (line: string) => void
}

/** Two processes on the same stores; one that ends is followed by another. */
export function worldOf(plan: Plan, scheduler: Scheduler, common: Common) {
  const made = stores(plan.begins)
  const other = insider({ ...common, stores: made }, plan.intrusions)
  const before = (name: string, writes: boolean) => {
    made.seen.calls += 1
    return other.before(name, writes)
  }
  const around: Surroundings = { ...common, schedule: schedule(scheduler), before }
  const faults = faultsOf(plan)
  const failures: unknown[] = []
  const off = [0, plan.off]
  /** Whether a process may have taken a claim for over that another still held. */
  const clocks = { areMoved: plan.off !== 0 }
  let count = 0
  const anew = (slot: number) =>
    begin(
      { ...common, ...around, stores: made, faults, failures, isWatched: other.isThere },
      `P${slot}.${++count}`,
      plan.seed + count,
      () => off[slot] ?? 0,
    )
  const slots = new Map<number, Process>()
  return {
    ...{
      ...around,
      stores: made,
      faults,
      failures,
      off,
      clocks,
      keys: common.keys,
      spool: common.spool,
      insider: other,
    },
    points: async (count: number): Promise<void> => {
      for (let left = count; left > 0; left--) await around.schedule.point()
    },
    /** The process in a slot; a fresh one if it has ended. */
    process(slot: number): Process {
      const standing = slots.get(slot)
      if (standing?.life.alive) return standing
      const fresh = anew(slot)
      slots.set(slot, fresh)
      return fresh
    },
    end(): void {
      for (const { life } of slots.values()) life.end()
      off.fill(0)
    },
    isSealing: () => [...slots.values()].some((one) => one.isSealing()),
    /** Lets everything happen that is to happen. */
    drain: (): Promise<void> => around.schedule.drain(() => [...slots.values()].some((one) => one.isInFiles())),
  }
}

interface Begun extends Common, Surroundings {
  readonly stores: Stores
  readonly faults: Faults
  readonly failures: unknown[]
  /** Whether there is an insider, of whom alarms are raised. */
  readonly isWatched: boolean
}

function begin(begun: Begun, name: string, seed: number, off: () => number) {
  const { stores, faults, failures, keys, isWatched, reached } = begun
  const { life, ended } = lifeOf(name)
  const call = calls(life, faults, begun)
  const clock = clockOf(stores.time, off)
  const random = randomOf(seed)
  const pause = pausing(begun, life)
  const failed = (cause: unknown) => {
    if (isBroken(cause) || cause instanceof Broken) reached('alarm')
    // A group that is not recorded yet says why.
    const why = cause instanceof Error && cause.name === 'RosterUnrecorded' ? cause.cause : cause
    const isPassing = why instanceof Problem && (why.code === 'unavailable' || why.code === 'busy')
    // What an insider edited is told, and what they deleted is missing.
    const isTheirs = isWatched && (cause instanceof Problem || cause instanceof Broken)
    if (!isPassing && !isTheirs) failures.push(cause)
  }
  const tables = stores.reach(off)
  const timer = { sweeps: 0 }
  const isSweeping = () => timer.sweeps > 0
  const reaching = { process: name, ledger: new TableLedger(tables), chains: new Map(), off, isSweeping }
  const archive = archiveOf(begun, call)
  const seals = new TableSeals(tables)
  const macs = macsFor(testOrigin)
  const witness = witnessing(
    begun,
    {
      ledger: ledgerOf(begun, call, reaching),
      archive,
      seals: called(call, 'seals', seals),
      macs,
      clock,
      random,
      failed,
    },
    reaching,
  )
  const { ledger } = witness
  const people = called(call, 'directory', directory(clock))
  const shared = { ledger, clock, policy, random, backOff: () => pause(0) }
  const ends = new Ends({ archive, macs, clock, failed, pause })
  const delivery = new Delivery({
    ...{ ...shared, ends, failed, pause, committed: () => {} },
    outbox: outboxOf(begun, call, new TableOutbox(tables)),
    messenger: dispatch(new Map(roomKinds.map((kind) => [kind, messengerOf(begun, call, kind)]))),
  })
  const limits = new TableLimits(tables)
  const used = approvals({
    ...{ ...shared, ends, directory: people, issuer, waiting: new Waiting(ledger) },
    delegations: new Delegations({ ...shared, archive, macs, failed, directory: people }),
    limits: called<Limits>(call, 'limits', limits, { replace: slotsIn(call, limits, begun) }),
    grants: grants(called(call, 'signer', keys.grants), issuer),
    committed: ({ id, policy, status }) =>
      void ((policy.outcome === 'approve' || status === 'cancelled') && delivery.soon(id)),
  })
  const uses = { ...used, sweep: () => whileSweeping(timer, used.sweep) }
  // Few processes seal.
  let made: ReturnType<typeof sealer> | undefined
  return {
    ...{ life, ended, approvals: uses, delivery, told: new Map<RequestId, number>() },
    sweep: () => sweep(uses, witness),
    seal: () => (made ??= sealer({ ...begun, call, ledger, seals, clock, random, failed, pause })).seal(),
    isInFiles: () => life.alive && made?.isInFiles() === true,
    isSealing: () => life.alive && made?.isSealing() === true,
  }
}

async function whileSweeping<T>(timer: { sweeps: number }, sweep: () => Promise<T>): Promise<T> {
  timer.sweeps += 1
  try {
    return await sweep()
  } finally {
    timer.sweeps -= 1
  }
}

/** What the timer does: one does not wait for the other to work. */
async function sweep(uses: Process['approvals'], witness: Witnessing): Promise<void> {
  const [swept, recorded] = await Promise.allSettled([uses.sweep(), witness.record()])
  if (swept.status === 'rejected') throw swept.reason
  if (recorded.status === 'rejected') throw recorded.reason
}

function lifeOf(name: string) {
  let tell = () => {}
  const ended = new Promise<'ended'>((done) => {
    tell = () => done('ended')
  })
  const life: Life = {
    name,
    alive: true,
    end() {
      life.alive = false
      tell()
    },
  }
  return { life, ended }
}

interface Sealer extends Begun {
  readonly call: Call
  readonly ledger: Ledger
  readonly seals: TableSeals
  readonly clock: Clock
  readonly random: (bytes: number) => Uint8Array
  readonly failed: (cause: unknown) => void
  readonly pause: (ms: number) => Promise<void>
}

/** Seals as the composition does; says when it is at its files, which are real, and nothing else may happen. */
function sealer(parts: Sealer) {
  const { keys, spool, failed, clock, random } = parts
  let running = 0
  let inCalls = 0
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    inCalls += 1
    try {
      return await work()
    } finally {
      inCalls -= 1
    }
  }
  const call: Call = (name, effect, again) => counted(() => parts.call(name, effect, again))
  const archive = archiveOf(parts, call)
  const seals = sealsOf(parts, call, parts.seals)
  const signer = called(call, 'signer', keys.log)
  const ledger = called<Ledger>((_name, effect) => counted(effect), 'ledger', parts.ledger, {
    stream: (...args) => paged(parts.ledger.stream(...args), counted),
  })
  const sealed = new Sealing({
    ...partsOf({ ledger, seals, archive, clock, spool, signer }, []),
    ...{ failed, random, policy, directory: called(call, 'directory', directory(clock)) },
    backOff: () => counted(() => parts.pause(0)),
  })
  async function seal() {
    running += 1
    try {
      const days = await sealed.run()
      if (days.length > 1) parts.reached('catch-up')
      await announce({
        seals,
        archive,
        messenger: messengerOf(parts, call, 'teams'),
        channel: compliance,
        clock,
        failed,
      })
      return days
    } finally {
      running -= 1
    }
  }
  return { seal, isInFiles: () => running > 0 && inCalls === 0, isSealing: () => running > 0 }
}

async function* paged<T>(
  pages: AsyncIterable<T>,
  counted: <R>(work: () => Promise<R>) => Promise<R>,
): AsyncGenerator<T, void, undefined> {
  const reader = pages[Symbol.asyncIterator]()
  for (;;) {
    const page = await counted(() => reader.next())
    if (page.done) return
    yield page.value
  }
}

/** Time passes for whoever pauses, and for everybody. */
const pausing =
  ({ schedule, stores: { time } }: Begun, life: Life) =>
  async (ms: number): Promise<void> => {
    const until = time.ms + ms
    await schedule.point()
    if (!life.alive) return never()
    time.ms = Math.max(time.ms, until)
  }

/** One byte picks the shard of a request without key: of two, so that they meet. */
function randomOf(seed: number): (bytes: number) => Uint8Array {
  const next = numbers(seed)
  return (bytes) => (bytes === 1 ? Uint8Array.of(next() % 2 ? 0x30 : 0x70) : Uint8Array.from({ length: bytes }, next))
}
