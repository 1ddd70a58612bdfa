import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** A server that listens on a socket in its folder alone. */
interface Postgres {
  close(): Promise<void>
}

/** Debian keeps the programs of each version in a folder of its own, which is not among those that a shell searches. */
const debian = '/usr/lib/postgresql'

/** Finds the folder of PostgreSQL's programs; `null` if there is none. */
export function postgresPrograms(): string | null {
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  return folders.find((bin) => ['initdb', 'postgres'].every((name) => existsSync(join(bin, name)))) ?? null
}

/**
 * Makes a database in an empty folder, and starts its server with the settings that it comes with.
 *
 * @throws {Error} with the server's own words, if it ends before it takes connections
 */
export async function startPostgres(programs: string, folder: string): Promise<Postgres> {
  const user = serverUser()
  const data = join(folder, 'postgres')
  await mkdir(data, { mode: 0o700 })
  // The server makes its socket in the folder above.
  if (user) for (const path of [folder, data]) await chown(path, user.uid, user.gid)
  const options = { ...user, cwd: folder }
  const initial = ['--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-locale']
  await promisify(execFile)(join(programs, 'initdb'), initial, options)
  const args = ['-D', data, '-k', folder, '-c', 'listen_addresses=']
  const child = spawn(join(programs, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  await new Promise<void>((done, failed) => {
    child.once('error', failed)
    void ended.then(() => failed(new Error(`PostgreSQL ended: ${said}`)))
    child.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-4_000)
      if (said.includes('ready to accept connections')) done()
    })
  })
  return {
    async close() {
      // Ends open connections, and writes what is left.
      child.kill('SIGINT')
      await ended
    },
  }
}

/** The server refuses to run as root, and has an account of its own where it was installed. */
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
  if (uid === undefined) throw new Error('PostgreSQL does not run as root, and there is no account named postgres.')
  return { uid: Number(uid), gid: Number(gid) }
}
