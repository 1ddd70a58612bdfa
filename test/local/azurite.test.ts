import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables'
import { build } from 'esbuild'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { inWhole } from '../support/whole.ts'

const free = { blobs: 0, queues: 0, tables: 0 }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azurite-'))
})
afterAll(async () => {
  await (await kept)?.close()
  await Promise.all([folder, `${folder}-key.txt`].map((path) => rm(path, { recursive: true, force: true })))
})

/** One that runs on the folder, for several tests. */
let kept: Promise<Azurite> | undefined
const running = (): Promise<Azurite> => (kept ??= startAzurite({ ports: free, folder }))

test('Azurite answers over HTTP, and keeps its data over a restart', async () => {
  const first = await startAzurite({ ports: free, folder })
  await table(first).createTable()
  await table(first).createEntity({ partitionKey: 'p', rowKey: 'r', word: 'kept' })
  expect((await fetch(first.blobsUrl)).headers.get('server')).toMatch(/^Azurite-Blob/)
  await first.close()
  await expect(first.ended).resolves.toBeNull()
  await expect(fetch(first.tablesUrl)).rejects.toThrow()

  const second = await running()
  await expect(table(second).getEntity('p', 'r')).resolves.toMatchObject({ word: 'kept' })
  expect(second.key).toBe(first.key)
})

/** The key that Azurite has unless it is given another, as its documentation prints it. */
const published = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

test('Azurite has a key that nobody else knows, in a file that only its owner may read', async () => {
  const azurite = await running()
  expect(azurite.key).not.toBe(published)
  expect((await stat(`${folder}-key.txt`)).mode & 0o777).toBe(0o600)
  await expect(table({ ...azurite, key: published }).createTable()).rejects.toMatchObject({ statusCode: 403 })
})

test("Azurite's wrapper names a taken port and the reason of a failed start", async () => {
  const azurite = await running()
  const { port } = new URL(azurite.tablesUrl)
  await expect(startAzurite({ ports: { ...free, tables: Number(port) }, folder: null })).rejects.toThrow(
    new RegExp(`did not start: .*in use.*:${port}`),
  )
})

test("Azurite's wrapper reports why it cannot start in an impossible folder", async () => {
  await expect(startAzurite({ ports: free, folder: '/dev/null/data' })).rejects.toThrow(/did not start: .*\/dev\/null/)
})

inWhole(() => {
  test('Ctrl-C in the terminal does not reach Azurite, which still ends with its parent', async () => {
    const script = join(folder, 'storing.cjs')
    await build({
      ...{
        entryPoints: [join(__dirname, 'storing.ts')],
        outfile: script,
        bundle: true,
        platform: 'node',
        format: 'cjs',
      },
      define: { 'import.meta.url': JSON.stringify(pathToFileURL(__filename).href) },
    })
    const owner = fork(script, { detached: true })
    const [{ pid, tablesUrl }] = (await once(owner, 'message')) as [{ pid: number; tablesUrl: string }]
    process.kill(-Number(owner.pid), 'SIGINT')
    await once(owner, 'message')
    expect((await fetch(tablesUrl)).headers.get('server')).toMatch(/^Azurite-Table/)

    owner.kill('SIGKILL')
    while (isAlive(pid)) await sleep(20)
    await expect(fetch(tablesUrl)).rejects.toThrow()
  })
})

/** It ends the one that the others use: last. */
test("Azurite's wrapper reports an unexpected end", async () => {
  const azurite = await running()
  process.kill(azurite.pid, 'SIGKILL')
  expect((await azurite.ended)?.message).toContain('SIGKILL')
  await azurite.close()
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function table({ tablesUrl, account, key }: Azurite): TableClient {
  const credential = new AzureNamedKeyCredential(account, key)
  return new TableClient(tablesUrl, 'things', credential, { allowInsecureConnection: true })
}
