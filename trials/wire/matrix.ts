import type { Fault, Plan } from '../../test/support/faultProxy.ts'
import { history, type Operation, type Ready } from './operations.ts'
import { type Answered, patiently, type Station, type Storage } from './station.ts'

/** A fault at one call of an operation, or at this call and all that follow. */
export interface Cell {
  readonly operation: Operation
  readonly name: string
  readonly fault: Fault
  /** The first is 1. */
  readonly call: number
  readonly onward: boolean
}

/** The result of a cell. */
export interface Result {
  /** Whether the fault met its call. */
  readonly met: boolean
  readonly status: number
  readonly ms: number
}

/** Milliseconds without an answer, which only a bug explains. */
const hung = 60_000

/** Counts the calls that an operation makes to the storage until it is answered. */
export async function callsOf(storage: Storage, operation: Operation): Promise<number> {
  const station = await storage.station()
  try {
    const ready = await operation.ready(station)
    let calls = 0
    station.plan(() => {
      calls++
      return null
    })
    const answer = await made(station, ready)
    if (!ready.good(answer) && !isWaitingStill(ready, answer)) throw new Error(`${operation.name}: ${show(answer)}`)
    return calls
  } finally {
    await station.close()
  }
}

/**
 * Makes one call under a fault, and then again without one, as callers without a success do.
 *
 * @throws {Error} if an answer is neither a success nor a problem with status 503, if an acknowledged change is
 *   missing, if a change is there twice or by half, or if the repetition conflicts with the first call
 */
export async function run(storage: Storage, cell: Cell): Promise<Result> {
  const station = await storage.station()
  try {
    const ready = await cell.operation.ready(station)
    let met = false
    station.plan(planOf(cell, () => (met = true)))
    const first = await made(station, ready)
    station.plan(() => null)
    await checkFirst(station, ready, first)
    await checkAgain(station, ready, first)
    return { met, status: first.status, ms: first.ms }
  } catch (cause) {
    throw new Error(`${title(cell)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  } finally {
    await station.close()
  }
}

export const title = ({ operation, name, call, onward }: Cell): string =>
  `${operation.name}, ${name} at call ${call}${onward ? ' and all after' : ''}`

function planOf({ fault, call, onward }: Cell, met: () => void): Plan {
  let calls = 0
  return () => {
    calls++
    if (calls !== call && !(onward && calls > call)) return null
    met()
    return fault
  }
}

async function made({ behind }: Station, { name, who, wanted, meanwhile }: Ready): Promise<Answered> {
  const [answer] = await Promise.all([guarded(behind.call(name, who, wanted)), meanwhile?.()])
  return answer
}

async function guarded(call: Promise<Answered>): Promise<Answered> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error('no answer')), hung)
  })
  return Promise.race([call, late]).finally(() => clearTimeout(timer))
}

/** Checks the first answer: after a success the change exists; after a problem of the table, all or nothing of it. */
async function checkFirst(station: Station, ready: Ready, answer: Answered): Promise<void> {
  const { good, events } = ready
  const isGood = good(answer)
  if (!isGood && !isWaitingStill(ready, answer)) checkProblem(answer)
  const id = ready.id ?? answer.body.id
  if (id === undefined || !events) return
  const found = (await history(station, id))?.join() ?? 'nothing'
  const allowed = isGood ? [events.after] : [events.after, events.without]
  if (!allowed.some((one) => one.join() === found)) throw new Error(`${show(answer)}, and there is ${found}`)
}

/** Whether a waiting call ended before the decision reached it. */
const isWaitingStill = ({ meanwhile }: Ready, { status, body }: Answered) =>
  meanwhile !== undefined && status === 200 && body.status === 'pending'

function checkProblem({ status, type, body }: Answered): void {
  const isKnown = status === 503 && type === 'application/problem+json' && ['busy', 'unavailable'].includes(body.code)
  if (!isKnown) throw new Error(`answered ${status} ${type} ${JSON.stringify(body).slice(0, 300)}`)
}

/**
 * Checks that the same call again succeeds without a second change. An ask without a key is another ask: its answer may
 * be that the first one, whose answer was lost, is pending.
 */
async function checkAgain(station: Station, ready: Ready, first: Answered): Promise<void> {
  const { name, who, wanted, good, events } = ready
  const isAsk = name === 'ask'
  const hasKey = wanted?.headers?.['idempotency-key'] !== undefined
  if (isAsk && !hasKey && good(first)) return
  const again = await patiently(() => station.around.call(name, who, wanted))
  // The first ask took its slot and was never committed, so the same ask is answered `busy` for a minute.
  if (isAsk && !hasKey && again.status === 503 && again.body.code === 'busy') return
  const pending = isAsk && !hasKey && again.status === 409 && again.body.code === 'already-pending'
  if (!good(again) && !pending) throw new Error(`${show(first)}, and again ${show(again)}`)
  const id: string = ready.id ?? (pending ? again.body.request : again.body.id)
  if (good(first) && isAsk && first.body.id !== id) throw new Error(`asked twice: ${first.body.id} and ${id}`)
  const found = await history(station, id)
  if (events && found?.join() !== events.after.join()) throw new Error(`again, and there is ${found?.join()}`)
}

const show = ({ status, body }: Answered): string => `${status} ${JSON.stringify(body).slice(0, 200)}`
