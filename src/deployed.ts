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

/** Whether the start is over. Later failures cannot be thrown to the host any more. */
let isServing = false

/** The newest failure that was written to the log. */
let logged: unknown

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

/** Returns the handler of an operation. Health answers even before the app is ready, with the reason. */
export async function handlerOf(name: OperationName): Promise<Handler> {
  if (name !== 'health') return (await app()).api[name]
  const { app: composed, open } = await deployed()
  const opened = open().catch(() => undefined) // health looks at each part itself
  await inTime(opened, healthWaits, () => undefined)
  return composed().api.health
}

/** Returns what serves the pages of the console, also while the app is not ready: they say then what is wrong. */
export async function consoleHandler(): Promise<Handler> {
  const { app: composed } = await deployed()
  return composed().console
}

/**
 * Begins. An unreachable service does not stop the start: after a first deployment roles take minutes to come into
 * force, and the host discards a worker that does not start. Calls answer 503 until one of them succeeds.
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

/** Logs once for each attempt why the app cannot work. The message may be logged: it has no text of a caller. */
function tell(cause: unknown): void {
  if (cause === logged) return
  logged = cause
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
