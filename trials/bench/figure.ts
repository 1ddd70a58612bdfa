import type { BenchStorage } from './storage.ts'

/** At least or at most so much: of the figure itself, or of its ratio to the floor. */
export interface Goal {
  readonly of: 'ours' | 'ratio'
  readonly least?: number
  readonly most?: number
}

/** What was measured: medians over all runs; each ratio is to the floor of its own run. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly floor?: number
  readonly ratio?: number
  readonly goal?: Goal
  readonly holds?: boolean
  /** Run by run: ours, and the floor. */
  readonly runs: readonly (readonly [number, number?])[]
}

/** What a benchmark is given. */
export interface Means {
  /** A share of the usual work. */
  readonly scale: number
  /** How often ours and the floor are run, in turns. */
  readonly runs: number
  /** Azurite, in memory, with empty tables: started when it is first asked for, and shared. */
  readonly storage: () => Promise<BenchStorage>
  /** Of the lists. */
  readonly requests: number
  /** Of the day that is sealed. */
  readonly events: number
  /** Seals from tables and into blobs of Azurite. */
  readonly azurite: boolean
  readonly say: (text: string) => void
}

export interface Bench {
  readonly about: string
  /** Whether it takes so long that it is measured only if it is named. */
  readonly isLong?: true
  readonly measure: (means: Means) => Promise<readonly Figure[]>
}

/** A share of so much, at least one. */
export const share = ({ scale }: Means, of: number): number => Math.max(1, Math.round(of * scale))

interface Measures {
  readonly name: string
  readonly unit: string
  /** Run by run. */
  readonly ours: readonly number[]
  readonly floor?: readonly number[]
  readonly goal?: Goal
}

/** @throws {Error} for what is no number: then nothing was measured. */
export function figure({ name, unit, ours: all, floor: floors, goal }: Measures): Figure {
  const runs = all.map((one, i): readonly [number, number?] => (floors ? [one, floors[i] ?? Number.NaN] : [one]))
  if (runs.length === 0 || runs.flat().some((one) => !Number.isFinite(one))) throw new Error(`${name}: no number.`)
  const ours = median(all)
  const compared = floors && {
    floor: median(floors),
    ratio: median(runs.map(([one, floor = Number.NaN]) => one / floor)),
  }
  const judged = goal?.of === 'ratio' ? compared?.ratio : ours
  const limits = goal && judged !== undefined && { goal, holds: isWithin(judged, goal) }
  return { name, unit, ours, ...compared, ...limits, runs }
}

const isWithin = (number: number, { least = -Infinity, most = Infinity }: Goal): boolean =>
  number >= least && number <= most

const median = (numbers: readonly number[]): number => quantile(numbers, 0.5)

/** Between the two nearest, as far as it lies from each. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const [left = Number.NaN, right = left] = sorted.slice(Math.floor(place), Math.floor(place) + 2)
  return left + (right - left) * (place % 1)
}

/** Milliseconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** Does a thing so many times, with so many at work at once. */
export async function crowd(times: number, atOnce: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const one = async () => {
    while (next < times) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, times) }, one))
}

/** Milliseconds that each takes. */
export function each(times: number, work: (number: number) => unknown): number {
  const began = performance.now()
  for (let number = 0; number < times; number++) work(number)
  return (performance.now() - began) / times
}

/** A first run does not count, since compilers and connections warm up; unless all of it is a trial. */
export async function inTurns({ runs, scale }: Means, run: (counts: boolean) => Promise<void>): Promise<void> {
  for (let number = scale < 0.1 ? 1 : 0; number <= runs; number++) await run(number > 0)
}
