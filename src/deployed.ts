import type { App } from './app.ts'
import type { OperationName } from './contract/operations.ts'
import { Problem } from './core/data/problem.ts'
import { type Deployed, deploy } from './deployment.ts'
import type { Handler } from './http/boundary.ts'
import { inTime } from './runtime/deadline.ts'
import { faultOf } from './runtime/log.ts'
import { logLine } from './runtime/logLine.ts'

/** Milliseconds that a start waits for storage and vault. The host gives a worker ten seconds, and then ends it. */
const longestStart = 5_000

/** Milliseconds that health waits for a start under way, so that a cold start does not look like an outage. */
const healthWaits = 3_000

let current: Promise<Deployed> | undefined

/** Whether the start is over, so that what stops one can no longer be thrown to the host. */
let isServing = false

/** The newest failure that was written to the log. */
let told: unknown

/**
 * Returns the app of this process, ready to work.
 *
 * @throws {Error} for bad settings, a bad policy, or the storage of another deployment
 * @throws {Problem} `unavailable`, `evidence-broken`: the next call tries again
 */
export async function app(): Promise<App> {
  const { app, open } = await deployed()
  try {
    await open()
  } catch (cause) {
    if (isServing && !(cause instanceof Problem)) tell(cause)
    throw cause
  }
  return app()
}

/** Returns the handler of an operation. Health has one also while the app is not ready, and says what keeps it. */
export async function handlerOf(name: OperationName): Promise<Handler> {
  if (name !== 'health') return (await app()).api[name]
  const { app: composed, open } = await deployed()
  const opened = open().catch(() => undefined) // health looks at each part itself
  await inTime(opened, healthWaits, () => undefined)
  return composed().api.health
}

/**
 * Begins. What cannot be reached stops no start: right after a first deployment, roles take minutes to come into force,
 * and a worker that does not start is thrown away with its triggers. Calls answer 503 until one of them gets through.
 *
 * @throws {Error} for bad settings, a bad policy, or the storage of another deployment
 */
export async function start(): Promise<void> {
  const began = app().catch((cause: unknown) => {
    if (!(cause instanceof Problem)) throw cause
    tell(cause)
  })
  await inTime(began, longestStart, () => undefined)
  isServing = true
}

/** Says, once for each attempt, what keeps the app from working. The words are our own: they are about no caller. */
function tell(cause: unknown): void {
  if (cause === told) return
  told = cause
  const failing = cause instanceof Error ? cause.message : 'The start failed.'
  const effect = 'every call fails until this is mended'
  console.warn(logLine('start', { start: true, failing, effect, ...faultOf(cause) }))
}

/** Makes this the app of the process, for programs that compose other adapters. */
export function useApp(other: App): void {
  current = Promise.resolve({ app: () => other, open: async () => undefined })
}

function deployed(): Promise<Deployed> {
  current ??= deploy(process.env)
  return current
}
