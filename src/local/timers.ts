import type { Timer } from '@azure/functions'
import { Cron } from 'croner'

export interface Timers {
  readonly names: readonly string[]
  /** Waits for a run that is under way, then runs it. */
  run(name: string): Promise<void>
  stop(): void
}

export interface TimerFunction {
  readonly name: string
  /** NCRONTAB: six fields, UTC. */
  readonly schedule: string
  readonly run: (timer: Timer) => Promise<unknown>
}

export interface TimerOptions {
  /** Whether timers run at their times; on demand they always do. */
  readonly ticking: boolean
  /** Hears of a run at its time that failed; who demands a run hears of it as a rejection. */
  readonly failed: (name: string, cause: unknown) => void
}

/** Runs timers at their times and on demand; never one twice at once, as Azure's singleton lock sees to. */
export function startTimers(functions: readonly TimerFunction[], options: TimerOptions): Timers {
  const timers = new Map(functions.map((each) => [each.name, timer(each, options)]))
  return {
    names: [...timers.keys()],
    async run(name) {
      const found = timers.get(name)
      if (found === undefined) throw new Error(`There is no timer ${name}.`)
      await found.run()
    },
    stop() {
      for (const each of timers.values()) each.stop()
    },
  }
}

function timer({ name, schedule, run }: TimerFunction, { ticking, failed }: TimerOptions) {
  let last: Promise<unknown> = Promise.resolve()
  async function next(): Promise<void> {
    const mine = last.then(() => run(timing(cron)))
    last = Promise.allSettled([mine])
    await mine
  }
  const cron = new Cron(
    schedule,
    {
      mode: '6-part',
      timezone: 'UTC',
      domAndDow: true, // NCRONTAB wants both, day of month and day of week
      protect: true,
      paused: !ticking,
      unref: true,
      catch: (cause) => failed(name, cause),
    },
    next,
  )
  return { run: next, stop: () => cron.stop() }
}

function timing(cron: Cron): Timer {
  const now = new Date()
  const next = cron.nextRun(now) ?? now
  return {
    isPastDue: false,
    schedule: { adjustForDST: true },
    scheduleStatus: { last: now.toISOString(), lastUpdated: now.toISOString(), next: next.toISOString() },
  }
}
