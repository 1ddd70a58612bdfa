import { randomUUID } from 'node:crypto'
import { access, link, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Creates a file that only its owner may read, unless it exists. Two processes at once end up with the same file. */
export async function makeSecretFile(path: string, content: () => string | Buffer): Promise<void> {
  if (await exists(path)) return
  const draft = `${path}.${randomUUID()}`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await writeFile(draft, content(), { mode: 0o600, flag: 'wx', flush: true })
    await link(draft, path)
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause
  } finally {
    await rm(draft, { force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false
    throw cause
  }
}

const hasCode = (cause: unknown, code: string): boolean =>
  typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === code
