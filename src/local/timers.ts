import type { Timer } from '@azure/functions'
import { Cron } from 'croner'

export interface Timers {
  readonly names: readonly string[]
  /** Runs a timer, after its run that is under way. */
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
  /** Whether timers run at their times. On demand they always run. */
  readonly ticking: boolean
  /** Gets the error of a run at its time. A run on demand rejects instead. */
  readonly failed: (name: string, cause: unknown) => void
}

/** Runs timers at their times and on demand. A timer never runs twice at once, as with Azure's singleton lock. */
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
      domAndDow: true, // NCRONTAB: both the day of the month and the day of the week must match
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
