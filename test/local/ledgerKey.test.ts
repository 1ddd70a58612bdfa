import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileLedgerKey } from '../../src/local/ledgerKey.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-ledger-key-'))
})

afterEach(() => rm(folder, { recursive: true }))

test('the key is made once, for its owner alone', async () => {
  const path = join(folder, 'new', 'ledger-key.txt')
  const [first, second] = await Promise.all([fileLedgerKey(path), fileLedgerKey(path)])
  expect(await first.versions()).toEqual(await second.versions())
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a line before the others is the newest version, and the others stay', async () => {
  const path = join(folder, 'ledger-key.txt')
  const [older] = await (await fileLedgerKey(path)).versions()
  await writeFile(path, `${Buffer.alloc(32, 1).toString('base64')}\n${await readFile(path, 'utf8')}`)
  const versions = await (await fileLedgerKey(path)).versions()
  expect(versions.map(({ id }) => id)).toEqual([expect.any(String), older?.id])
  expect(versions[0]?.secret).toEqual(Buffer.alloc(32, 1))
})

test('a file that holds anything else is named', async () => {
  const path = join(folder, 'ledger-key.txt')
  await writeFile(path, 'a passphrase')
  await expect(fileLedgerKey(path)).rejects.toThrow(path)
})
