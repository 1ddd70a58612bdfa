// Runs `countersign run` in a step of GitHub Actions: reads the inputs, finds the command, and hands over. It signs in as the
// job, whose permission `id-token: write` is needed. Nothing of the command to run is read by a shell.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** Exit code of a step that is set up wrongly, as the command has it. */
const usage = 78

class Misused extends Error {}

/** Reads an input. GitHub writes it as INPUT_NAME, with dashes as they are. */
function input(name, isNeeded = false) {
  const value = (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim()
  if (isNeeded && value === '') throw new Misused(`The input ${name} is missing.`)
  return value
}

const lines = (text) =>
  text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')

/** Finds the command's file: one that is here, or one that is downloaded and is exactly what was named. */
async function commandIn(folder) {
  const [file, url, sha256] = ['cli', 'cli-url', 'cli-sha256'].map((name) => input(name))
  if (file !== '') {
    if (url !== '') throw new Misused('Give either cli, or cli-url and cli-sha256.')
    return file
  }
  if (!url.startsWith('https://')) throw new Misused('Give cli, or cli-url as an address that begins with https://.')
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Misused('The input cli-sha256 is the SHA-256 of the file, 64 hex digits.')
  const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) })
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}.`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== sha256) throw new Error(`${url} has the SHA-256 ${found}, and not ${sha256}: it is not run.`)
  const downloaded = join(folder, 'countersign.cjs')
  await writeFile(downloaded, bytes, { mode: 0o600 })
  return downloaded
}

/** The arguments of `countersign run`. */
async function argumentsIn(folder) {
  const params = join(folder, 'params.json')
  await writeFile(params, input('params') || '{}', { mode: 0o600 })
  const named = ['action', 'target', 'environment', 'reason'].flatMap((name) => [`--${name}`, input(name, true)])
  const bound = lines(input('bind')).flatMap((file) => ['--bind', file])
  const command = lines(input('command', true))
  return ['run', ...named, '--params', params, ...bound, '--idempotency-key', keyOfStep(), '--', ...command]
}

/** A step that is run again is a new ask; nothing else makes it again. */
const keyOfStep = () => {
  const { GITHUB_REPOSITORY_ID, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } = process.env
  return ['github-action', GITHUB_REPOSITORY_ID, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT, randomUUID()].join(':')
}

/** The settings with which the command signs in: as this job, without a secret. */
function settings() {
  if (!process.env['ACTIONS_ID_TOKEN_REQUEST_URL'])
    throw new Misused('The job has no token of its own: give it the permission id-token: write.')
  const tokenUrl = `https://login.microsoftonline.com/${encodeURIComponent(input('tenant', true))}/oauth2/v2.0/token`
  return {
    COUNTERSIGN_URL: input('url', true),
    COUNTERSIGN_TOKEN_URL: process.env['COUNTERSIGN_TOKEN_URL'] ?? tokenUrl,
    COUNTERSIGN_CLIENT_ID: input('client-id', true),
    COUNTERSIGN_SCOPE: input('scope', true),
  }
}

/** Runs the command to its end. A signal to the step goes on to it, so that a step that is cancelled withdraws its ask. */
function run(file, args, own) {
  const inputs = Object.keys(process.env).filter((name) => name.startsWith('INPUT_'))
  const env = { ...process.env, ...own, ...Object.fromEntries(inputs.map((name) => [name, undefined])) }
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'inherit'], env })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

const folder = await mkdtemp(join(process.env['RUNNER_TEMP'] ?? tmpdir(), 'countersign-'))
try {
  const own = settings()
  const args = await argumentsIn(folder)
  process.exitCode = await run(await commandIn(folder), args, own)
} catch (cause) {
  console.log(`::error title=Countersign::${cause instanceof Error ? cause.message : String(cause)} Nothing was run.`)
  process.exitCode = cause instanceof Misused ? usage : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
