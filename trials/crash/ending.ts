import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import type { RequestId } from '../../src/core/data/id.ts'
import { isObject, type Json } from '../../src/core/data/json.ts'
import type { Status } from '../../src/core/request/request.ts'
import { logKeyIn, publicKeyOf } from '../../src/local/keys.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { english } from '../../src/words/english.ts'
import { channel } from '../../test/support/teamsDouble.ts'
import { until } from '../../test/support/until.ts'
import type { Site } from './site.ts'
import { objects } from './stories.ts'
import { demand } from './truth.ts'

/**
 * Checks the invariants of a site after its story: over HTTP, on the cards, and in the evidence.
 *
 * @returns how many orphaned cards the crash left
 * @throws {Error} naming the invariant that does not hold
 */
export async function checkEnding(site: Site): Promise<number> {
  await site.deliverAll()
  const orphans = await checkCards(site)
  const { requests } = await site.truth()
  for (const { id, status } of requests.values()) {
    const { body } = await site.call('deploy-bot', `/api/requests/${id}`)
    demand(body.status === status, `HTTP says that ${id} is ${body.status}, and it is ${status}`)
  }
  await checkEvidence(site)
  return orphans
}

/** Checks that every known card shows the truth. At most one card is unknown, and a click on it makes it known. */
async function checkCards(site: Site): Promise<number> {
  const before = await site.truth()
  const orphans: PostedCard[] = []
  for (const { id, status } of before.requests.values()) {
    const known = before.cards(id)
    const all = site.connector.posts(channel).filter((card) => JSON.stringify(site.connector.shown(card)).includes(id))
    demand(known.length > 0, `${id} has no card`)
    for (const card of known) checkCard(site, card, status)
    const lost = all.filter((card) => !known.some(({ activity }) => activity === card.activity))
    for (const card of lost) await heal(site, id, card)
    orphans.push(...lost)
  }
  demand(orphans.length <= (site.hasCrashed() ? 1 : 0) + site.troubles(), `${orphans.length} cards are orphans`)
  return orphans.length
}

/** Clicks on the button of an unknown card, and waits until it shows the truth. */
async function heal(site: Site, id: RequestId, card: PostedCard): Promise<void> {
  const button = objects(site.connector.shown(card) as Json).find((one) => one['verb'] === 'review')
  demand(isObject(button?.['data']), 'an orphan has a button')
  await site.click('dba-2', 'review', button['data'], card)
  const isKnown = async () => (await site.truth()).cards(id).some(({ activity }) => activity === card.activity)
  await until(isKnown, Boolean)
  await site.deliverAll()
  const request = (await site.truth()).requests.get(id)
  if (request) checkCard(site, card, request.status)
}

function checkCard(site: Site, card: PostedCard, status: Status): void {
  const texts = objects(site.connector.shown(card) as Json).map((one) => one['text'])
  const shown = Object.values(english.statuses).filter((words) => texts.includes(words))
  demand(shown.join() === english.statuses[status], `a card says “${shown.join()}” of a request that is ${status}`)
}

/** Seals all days with events. Checks that each event is in one bundle, and verifies the bundles from outside. */
async function checkEvidence(site: Site): Promise<void> {
  const [earlier, { events }] = [await archived(site), await site.truth()]
  await site.pass(25 * 3600)
  const { alarm } = await site.seal()
  demand(alarm === null, `evidence does not hold: ${alarm?.words}`)
  const { body } = await site.call('compliance', '/api/evidence/bundles')
  const bundles: readonly { date: string; records: number }[] = body.bundles
  const sealed = bundles.reduce((sum, { records }) => sum + records, 0)
  demand(sealed === events && sealed > 0, `${sealed} events are in bundles, and ${events} in the ledger`)
  const later = await archived(site)
  for (const [name, etag] of earlier) demand(later.get(name) === etag, `${name} has changed since it was archived`)
  await verify(site, bundles)
}

async function verify(site: Site, bundles: readonly { readonly date: string }[]): Promise<void> {
  const folder = join(site.folder, 'bundles')
  await mkdir(folder, { recursive: true })
  for (const { date } of bundles) {
    const zip = await site.download('compliance', `/api/evidence/bundles/${date}`)
    await writeFile(join(folder, `countersign-evidence-${date}.zip`), zip)
  }
  const key = publicKeyOf(logKeyIn(site.folder))
  await promisify(execFile)(process.execPath, ['dist/countersign.cjs', 'verify', '--chain', folder, '--key', key])
}

/** Lists files of the archive with their ETags, which change with each write. */
async function archived({ account: { blobsUrl, account, key } }: Site): Promise<ReadonlyMap<string, string>> {
  const service = new BlobServiceClient(blobsUrl, new StorageSharedKeyCredential(account, key))
  const etags = new Map<string, string>()
  for await (const { name, properties } of service.getContainerClient('evidence').listBlobsFlat())
    etags.set(name, properties.etag)
  return etags
}
