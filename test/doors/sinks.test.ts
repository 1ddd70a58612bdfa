import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { leafHash } from '../../src/core/log/merkle.ts'
import { openAccount, type StorageAccount } from '../support/azurite.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { until } from '../support/until.ts'

let folder: string
let account: StorageAccount

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  account = await openAccount()
  await writeFile(
    join(folder, 'sinks.json'),
    '{ "version": 1, "sinks": { "lines": { "kind": "ocsf", "rawData": false } } }',
  )
})
afterAll(async () => {
  await account?.close()
  await rm(folder, { recursive: true, force: true })
})

const start = (): Promise<Stack> =>
  startStack({
    data: folder,
    args: ['--no-timers'],
    env: {
      COUNTERSIGN_SINKS: join(folder, 'sinks.json'),
      COUNTERSIGN_STORAGE: `AccountName=${account.account};AccountKey=${account.key};TableEndpoint=${account.tablesUrl};BlobEndpoint=${account.blobsUrl}`,
    },
  })

/** The lines that were written, by the folders of their days. */
async function lines(): Promise<readonly Line[]> {
  const credential = new StorageSharedKeyCredential(account.account, account.key)
  const container = new ContainerClient(`${account.blobsUrl}/export`, credential)
  const found: Line[] = []
  for await (const { name } of container.listBlobsFlat()) {
    expect(name).toMatch(/^lines\/\d{4}-\d\d-\d\d\/0001\.jsonl$/)
    const text = (await container.getBlobClient(name).downloadToBuffer()).toString()
    found.push(
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
    )
  }
  return found
}

interface Line {
  readonly metadata: { readonly uid: string; readonly correlation_uid?: string; readonly original_event_uid: string }
}

/** Waits until every event has been sent. Health is given again for some seconds. */
const allSent = (stack: Stack): Promise<Answer['body']> =>
  until(
    async () => (await stack.call('compliance', '/api/health')).body,
    ({ sinks }) => sinks?.[0]?.lag === 0,
  )

/** Asks for an action and has it approved. @returns the id of the request */
async function approved(stack: Stack): Promise<string> {
  const { body } = await stack.call('deploy-bot', '/api/requests', wish())
  const decision = { verdict: 'approve', digest: body.digest }
  expect(await stack.call('dba-1', `/api/requests/${body.id}/decisions`, decision)).toMatchObject({ status: 200 })
  return body.id
}

/** The leaf hashes of a request, as the API has its leaves. */
async function leaves(stack: Stack, request: string): Promise<readonly string[]> {
  const { body } = await stack.call('compliance', `/api/requests/${request}/events`)
  return String(body).trimEnd().split('\n').map(leafHash)
}

const told = (all: readonly Line[], request: string): readonly string[] =>
  all.filter(({ metadata }) => metadata.correlation_uid === request).map(({ metadata }) => metadata.uid)

test('what happens becomes lines soon after, and after a start again it goes on where it was', async () => {
  const stack = await start()
  const first = await approved(stack)
  expect(await allSent(stack)).toMatchObject({
    parts: { sinks: 'ok' },
    sinks: [{ name: 'lines', kind: 'ocsf', state: 'ok', lag: 0 }],
  })
  expect((await stack.call(null, '/api/health')).body).not.toHaveProperty('sinks')
  expect(told(await lines(), first)).toEqual(await leaves(stack, first))
  await stack.stop()

  const again = await start()
  const second = await approved(again)
  await again.advance(1)
  await allSent(again)
  const all = await lines()
  expect(told(all, second)).toEqual(await leaves(again, second))
  expect(told(all, first)).toEqual(await leaves(again, first))
  expect(new Set(all.map(({ metadata }) => metadata.original_event_uid)).size).toBe(all.length)
  await again.stop()
})
