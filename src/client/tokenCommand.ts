import { spawn } from 'node:child_process'
import { Misconfigured, Unreachable } from './failure.ts'
import { expiryOf } from './jwt.ts'
import { isToken, type Variables } from './setting.ts'

const setting = 'COUNTERSIGN_TOKEN_COMMAND'

/** Milliseconds that the command may take: it may start slowly, and call a service for the token. */
const patience = 60_000

/** More bytes than any access token has. */
const mostBytes = 64 * 1024

/** Seconds for which a token without an expiry is used. */
const unknownLifetime = 300

/** An access token, and when it expires, in milliseconds since 1970. */
interface PrintedToken {
  readonly token: string
  readonly expiresAt: number
}

/**
 * Runs the command that prints an access token, through the system's shell. Its errors are shown as it writes them, and
 * its output never is. It has no standard input, which belongs to the command that waits for approval.
 *
 * @throws {Misconfigured} if there is no such command, or it prints something else
 * @throws {Unreachable} if it fails or does not end
 */
export async function runTokenCommand(command: string, environment: Variables): Promise<PrintedToken> {
  const { code, output } = await run(command, environment)
  if (code === null) throw new Unreachable(`${setting} did not end within ${patience / 1000} seconds, or was killed.`)
  // Exit codes of shells: 127 not found, 126 not executable.
  if (code === 126 || code === 127) throw new Misconfigured(`${setting} cannot be run (exit code ${code}).`)
  if (code !== 0) throw new Unreachable(`${setting} ended with exit code ${code}, and gave no token.`)
  const token = output.trim()
  if (!isToken(token))
    throw new Misconfigured(`${setting} printed no token: it has to print the access token, and nothing else.`)
  return { token, expiresAt: expiryOf(token) ?? Date.now() + unknownLifetime * 1000 }
}

/** Resolves to code `null` for a command that was ended because it took too long. */
function run(command: string, environment: Variables): Promise<{ code: number | null; output: string }> {
  return new Promise((done) => {
    const child = spawn(command, {
      shell: true,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: patience,
    })
    let output = ''
    child.stdout.setEncoding('latin1').on('data', (more: string) => {
      if (output.length <= mostBytes) output += more
    })
    child.on('error', () => done({ code: 127, output: '' }))
    // A program that the shell started may go on, and would keep the pipe open.
    child.on('exit', (code) => code ?? child.stdout.destroy())
    child.on('close', (code) => done({ code, output: output.length > mostBytes ? '' : output }))
  })
}
