import { spawn } from 'node:child_process'
import { findExecutable } from './executable.ts'
import { type Environment, withoutCredentials } from './environment.ts'

/** Opens an address in the user's browser, if possible. A failure is no error: the address is also on the terminal. */
export function openBrowser(url: URL, environment: Environment, platform: NodeJS.Platform = process.platform): void {
  const program = findExecutable(platform === 'darwin' ? 'open' : 'xdg-open', environment['PATH'])
  if (program === undefined || platform === 'win32') return
  const child = spawn(program, [url.href], {
    ...{ env: withoutCredentials(environment), stdio: 'ignore', detached: true },
  })
  child.on('error', () => undefined)
  child.unref()
}
