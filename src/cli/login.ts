import { isContext } from '../core/data/authenticationContext.ts'
import { execute, exitCodeOf, resolveCommand, summaryOf } from './executable.ts'
import { Exit, exits } from './exit.ts'
import { watchInterruption } from './interruption.ts'
import { findKeyring, type Kept } from './keyring.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'
import { withoutCredentials } from './environment.ts'
import { readLoginSettings, readServiceUrl } from './settings.ts'
import { signInByBrowser, signInByDevice } from './signIn.ts'

/**
 * Signs a person in. The token goes to the system's keyring or to one command, never to a file.
 *
 * @throws {Exit} 78 before the sign-in, if there is neither a keyring nor a command
 */
export async function login(session: Offline): Promise<Result> {
  const { options, environment, screen } = session
  const service = readServiceUrl(options, environment).href
  const settings = readLoginSettings(options, environment)
  const context = contextGiven(session)
  const signIn = options.one('device') === undefined ? signInByBrowser : signInByDevice
  const begin = () => signIn({ settings, environment, screen, ...(context !== undefined && { context }) })
  if (options.tail !== undefined) return runSignedIn(session, options.tail, begin)

  const keyring = findKeyring(environment)
  if (keyring === null) throw new Exit(exits.usage, noKeyring)
  const kept = await begin()
  await keyring.store(service, kept)
  const expiresAt = new Date(kept.expiresAt * 1000).toISOString()
  return {
    exit: exits.ok,
    lines: [
      ['countersign:', `signed in to ${service} until ${expiresAt}; the token is in the keyring (${keyring.name})`],
    ],
    to: 'stderr',
    record: { exit: exits.ok, login: { expiresAt, keyring: keyring.name } },
  }
}

/** @throws {Exit} 78 for what is no context, and where no page can ask for the step-up */
function contextGiven({ options }: Offline): string | undefined {
  const context = options.one('context')
  if (context === undefined) return undefined
  if (!isContext(context)) throw new Exit(exits.usage, '--context is the id of an authentication context: c1 to c99.')
  if (options.one('device') !== undefined)
    throw new Exit(exits.usage, '--context needs a browser on this machine: leave out --device.')
  return context
}

const noKeyring =
  'There is no keyring for the token: it takes secret-tool with a session bus on Linux, or security on macOS. Sign in for one command: countersign login -- COMMAND.'

/** Removes the token for this service from the keyring. */
export async function logout({ options, environment }: Offline): Promise<Result> {
  const service = readServiceUrl(options, environment).href
  const removed = (await findKeyring(environment)?.forget(service)) ?? false
  return {
    exit: exits.ok,
    lines: [['countersign:', removed ? `signed out of ${service}` : `you were not signed in to ${service}`]],
    to: 'stderr',
    record: { exit: exits.ok, logout: { removed } },
  }
}

async function runSignedIn(
  { environment, screen }: Offline,
  tail: readonly string[],
  begin: () => Promise<Kept>,
): Promise<Result> {
  const command = resolveCommand(tail, environment['PATH'])
  const { token } = await begin()
  const interruption = watchInterruption(screen.say)
  try {
    const env = { ...withoutCredentials(environment), COUNTERSIGN_TOKEN: token }
    const ending = await execute(command, env, interruption.passTo)
    if (ending.kind === 'not-started') screen.warn(`${command.path} ${summaryOf(ending)}`)
    const exit = exitCodeOf(ending)
    return { exit, lines: [], to: 'stderr', record: { exit } }
  } finally {
    interruption.end()
  }
}
