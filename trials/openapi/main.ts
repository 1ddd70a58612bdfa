import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openapi } from '../../src/contract/openapi.ts'
import { install } from '../install.ts'
import { program, say } from '../program.ts'

const help = `Reads the OpenAPI document with a linter and with a type generator, and compiles a small program that uses the types.
These tools need TypeScript 5, so they have a lockfile of their own and are installed into dist/openapi/.
`

/** A folder of build output, so that the folder of the trial stays as it is. */
const folder = join(process.cwd(), 'dist/openapi')
const sources = ['tsconfig.json', 'usage.ts']

/** Not an example domain, of which linters warn. */
const baseUrl = 'https://countersign.internal'

const run = promisify(execFile)

async function trial(): Promise<number> {
  await prepare()
  const results = [
    await step('redocly lint', 'redocly', ['lint', 'openapi.json', '--extends', 'recommended-strict']),
    await step('openapi-typescript', 'openapi-typescript', [
      ...['openapi.json', '--output', 'api.ts', '--default-non-nullable', 'false'],
    ]),
    await step('the program on these types', 'tsc', ['--project', 'tsconfig.json']),
  ]
  return results.every(Boolean) ? 0 : 1
}

async function prepare(): Promise<void> {
  await rm(join(folder, 'api.ts'), { force: true })
  await install({ from: 'trials/openapi', into: folder, sources })
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(openapi(baseUrl), null, 2))
}

/** Runs one of the tools, and prints the result. */
async function step(what: string, name: string, args: readonly string[]): Promise<boolean> {
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' }
  try {
    await run(join('node_modules/.bin', name), args, { cwd: folder, env })
    say(`${what}: holds`)
    return true
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { readonly stdout?: string; readonly stderr?: string }
    if (stdout === '' && stderr === '') throw cause
    say(`${what}: FAILS\n${stdout}${stderr}`)
    return false
  }
}

program({ name: 'openapi', help, options: {}, run: trial })
