import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import type { RequestId } from '../../src/core/data/id.ts'
import { isObject } from '../../src/core/data/json.ts'
import type { Status } from '../../src/core/request/request.ts'
import { logKeyIn, publicKeyOf } from '../../src/local/keys.ts'
import { english } from '../../src/words/english.ts'
import { until } from '../../test/support/until.ts'
import { kindOf } from '../../src/ports/channel.ts'
import { checkGate } from './pipelines.ts'
import { objects, type ShownCard } from './rooms.ts'
import type { Site } from './site.ts'
import { checkLines } from './lines.ts'
import { reviewInSlack } from './slackPerson.ts'
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
  for (const request of requests.values()) {
    const { id, status } = request
    checkGate(site, request)
    const { body } = await site.call('compliance', `/api/requests/${id}`)
    demand(body.status === status, `HTTP says that ${id} is ${body.status}, and it is ${status}`)
  }
  await checkEvidence(site)
  for (const { name } of site.sinks) await checkLines(site, name)
  return orphans
}

/**
 * Checks that each room has a card, and that every known card shows the truth. At most one card is unknown, and a click on it
 * makes it known.
 */
async function checkCards(site: Site): Promise<number> {
  const before = await site.truth()
  const orphans: ShownCard[] = []
  for (const { id, status, under } of before.requests.values()) {
    const known = before.cards(id)
    // The card of its standing approval tells of a use.
    if (under !== undefined) {
      demand(site.rooms.shown(id).length === 0, `${id} is a use, and has a card`)
      continue
    }
    for (const kind of site.kinds)
      demand(
        known.some(({ conversation }) => kindOf(conversation) === kind),
        `${id} has no card in ${kind}`,
      )
    for (const { activity } of known) checkCard(cardIn(site, id, activity), status)
    const lost = site.rooms.shown(id).filter(({ card }) => !known.some(({ activity }) => activity === card.activity))
    for (const card of lost) await heal(site, id, card)
    orphans.push(...lost)
  }
  demand(orphans.length <= (site.hasCrashed() ? 1 : 0) + site.troubles(), `${orphans.length} cards are orphans`)
  return orphans.length
}

/** Clicks on the button of an unknown card, and waits until it shows the truth. */
async function heal(site: Site, id: RequestId, lost: ShownCard): Promise<void> {
  const { activity } = lost.card
  if (lost.room === 'slack') await reviewInSlack(site, 'dba-2', lost)
  else await reviewInTeams(site, 'dba-2', lost)
  const isKnown = async () => (await site.truth()).cards(id).some((one) => one.activity === activity)
  await until(isKnown, Boolean)
  await site.deliverAll()
  const request = (await site.truth()).requests.get(id)
  if (request) checkCard(cardIn(site, id, activity), request.status)
}

async function reviewInTeams(site: Site, who: string, { card, content }: ShownCard): Promise<void> {
  const button = objects(content).find((one) => one['verb'] === 'review')
  demand(isObject(button?.['data']), 'an orphan has a button')
  await site.click(who, 'review', button['data'], card)
}

/** Finds a card as people see it now. */
function cardIn(site: Site, id: RequestId, activity: string): ShownCard {
  const found = site.rooms.shown(id).find(({ card }) => card.activity === activity)
  demand(found !== undefined, `a card of ${id} that the app knows is there`)
  return found
}

/** Slack has the tier on the line of the status. */
function checkCard({ lines, room }: ShownCard, status: Status): void {
  const texts = lines.map((line) => line.split('   ')[0])
  const shown = Object.values(english.statuses).filter((words) => texts.includes(words))
  const told = `a card in ${room} says “${shown.join()}” of a request that is ${status}`
  demand(shown.join() === english.statuses[status], told)
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
