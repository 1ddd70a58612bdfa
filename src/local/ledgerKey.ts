import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { sha256 } from '../core/data/id.ts'
import type { KeyVersion } from '../core/log/mac.ts'
import type { LedgerKey } from '../ports/ledgerKey.ts'
import { makeSecretFile } from './secretFile.ts'

/**
 * Keeps the ledger key in a file with one version a line, in base64, the newest first. Creates the file if it is
 * missing, and reads it once.
 *
 * @throws {Error} that names the file, if it holds anything else
 */
export async function fileLedgerKey(path: string): Promise<LedgerKey> {
  await makeSecretFile(path, () => `${randomBytes(32).toString('base64')}\n`)
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  const versions = lines.map((line): KeyVersion => {
    const secret = Buffer.from(line, 'base64')
    if (secret.length !== 32) throw new Error(`${path} has a line that is not a ledger key.`)
    return { id: sha256(secret).slice(0, 32), secret }
  })
  if (versions.length === 0) throw new Error(`${path} has no ledger key.`)
  return { versions: async () => versions }
}
