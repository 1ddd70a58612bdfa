import { Problem } from '../../src/core/data/problem.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import type { Sent } from '../../src/ports/messenger.ts'
import type { Fault, FaultKind, Plan } from './plan.ts'
import type { Reached } from './reached.ts'
import type { Schedule } from './schedule.ts'

/** A simulated process: once it has ended, nothing that it began goes on. */
export interface Life {
  readonly name: string
  alive: boolean
  /** Tells who waits for an answer that nobody will give any more. */
  end(this: void): void
}

export type Call = <T>(name: string, effect: () => Promise<T>, again?: Again<T>) => Promise<T>

/** What an adapter makes of an effect that a repetition finds done. @param first what the first time answered */
type Again<T> = (effect: () => Promise<T>, first: T) => Promise<T>

export interface Surroundings {
  readonly schedule: Schedule
  readonly reached: Reached
  readonly note: (line: string) => void
  /** What somebody else does right before a call; `null` for nothing. */
  readonly before: (name: string, writes: boolean) => (() => Promise<void>) | null
}

export type Faults = ReturnType<typeof faultsOf>

/** Says which fault hits a call: those of the plan, counted over all processes. */
export function faultsOf({ faults, storm }: Pick<Plan, 'faults' | 'storm'>) {
  let calls = 0
  let written = 0
  let commits = 0
  /** In the end nothing goes wrong any more. */
  let isOver = false
  const at = (one: Fault, count: number, writes: boolean) => one.writes === writes && one.at === count
  return {
    /** How many faults there were that a card may be forgotten by. */
    hits: 0,
    over: () => void (isOver = true),
    next(name: string): FaultKind | null {
      const isWrite = writes(name)
      calls += 1
      if (isWrite) written += 1
      if (name === 'ledger.commit') commits += 1
      if (isOver) return null
      if (storm && name === 'ledger.commit' && commits > storm.after && commits <= storm.after + storm.length)
        return 'raced'
      const hit = faults.find((one) => at(one, calls, false) || (isWrite && at(one, written, true)))
      return hit?.kind ?? null
    },
  }
}

const known = new Map<string, boolean>()

function writes(name: string): boolean {
  const found = known.get(name) ?? !reads.has(name.slice(name.indexOf('.') + 1))
  known.set(name, found)
  return found
}

const reads: ReadonlySet<string> = new Set(
  'load find findMany findKey events due dueIn promptsIn pending open told list news cut stream ping read first head plan plans alarm keys cards waiting person members open'.split(
    ' ',
  ),
)

/** Calls of one process: each comes to a point before its effect, and after it if it has one, and may meet a fault. */
export function calls(life: Life, faults: Faults, { schedule, reached, note, before }: Surroundings): Call {
  const ended = (name: string, kind: FaultKind): Promise<never> => {
    reached(kind)
    note(`${life.name} ends: ${kind} ${name}`)
    life.end()
    return never()
  }
  return async <T>(name: string, effect: () => Promise<T>, again: Again<T> = repeated): Promise<T> => {
    if (!life.alive) return never()
    await schedule.point()
    if (!life.alive) return never()
    const meanwhile = before(name, writes(name))
    if (meanwhile) await schedule.alone(meanwhile)
    const fault = faults.next(name)
    if (fault !== null) faults.hits += 1
    if (fault === 'crash-before') return ended(name, fault)
    if (fault === 'failed' || (fault === 'raced' && !races.has(name))) return failed(name, 'failed')
    if (fault === 'raced') {
      reached('raced')
      note(`${life.name} ${name}: raced`)
      throw new Conflict()
    }
    let answer = await schedule.alone(effect)
    if (!name.startsWith('directory')) note(`${life.name} ${name}`)
    if (fault === 'crash-after') return ended(name, fault)
    // What was read waits no longer: only what is done with it shows, and that comes to a point of its own.
    if (writes(name) || name === 'ledger.load') await schedule.point()
    if (!life.alive) return never()
    if (fault === 'lost' && name === 'ledger.commit') reached('lost commit kept')
    if (fault === 'lost') return failed(name, fault)
    if (fault !== 'twice') return answer
    reached('twice')
    note(`${life.name} ${name}: twice`)
    const first = answer
    answer = await schedule.alone(() => again(effect, first))
    return answer
  }

  function failed(name: string, kind: FaultKind): never {
    reached(kind)
    note(`${life.name} ${name}: ${kind}`)
    throw new Problem('unavailable', `${name}: ${kind}`, { retryAfter: 1 })
  }
}

/** Most effects are the same when they happen twice. */
const repeated = <T>(effect: () => Promise<T>): Promise<T> => effect()

/** Who waits for this goes on no more. */
export const never = (): Promise<never> => new Promise(() => {})

const races: ReadonlySet<string> = new Set(['ledger.commit', 'limits.replace'])

/** A port with every method as a call. */
export function called<P extends object>(call: Call, name: string, port: P, methods: Partial<P> = {}): P {
  const made = new Map<PropertyKey, unknown>()
  return new Proxy(port, {
    get(target, method) {
      const known = made.get(method) ?? Reflect.get(methods, method)
      if (known !== undefined) return known
      const value: unknown = Reflect.get(target, method, target)
      if (typeof value !== 'function') return value
      const one = (...args: unknown[]) =>
        call(`${name}.${String(method)}`, () => value.apply(target, args) as Promise<unknown>)
      made.set(method, one)
      return one
    },
  })
}

/** What Teams does not answer is not sent, as far as the messenger knows. */
export const sent = <T>(send: Promise<Sent<T>>): Promise<Sent<T>> =>
  send.catch((cause: unknown) => {
    if (cause instanceof Problem) return { unsent: 'passing' } as const
    throw cause
  })
