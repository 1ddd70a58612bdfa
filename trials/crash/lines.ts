import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import type { Site } from './site.ts'
import { demand, type Truth } from './truth.ts'

/** A line, with the members that are looked at. */
interface Line {
  readonly metadata: { readonly uid: string; readonly original_event_uid: string }
}

/** Seconds after which a claim on a cursor has lapsed, if its holder was killed. */
const claimLapses = 61

/** Rounds of the timers until all lines are written. */
const mostRounds = 6

/**
 * Checks that every event is a line: those of a shard in their order, whole, and none left out. A crash may have written some
 * twice.
 */
export async function checkLines(site: Site, sink: string): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const { leaves } = await site.truth()
    if (isAll(leaves, await linesOf(site, sink))) break
    await site.pass(claimLapses)
  }
  const [{ leaves, events }, lines] = [await site.truth(), await linesOf(site, sink)]
  for (const [shard, hashes] of leaves) checkShard(shard, hashes, lines)
  const mayDouble = site.hasCrashed() || site.troubles() > 0
  demand(mayDouble || lines.length === events, `${sink} has ${lines.length} lines of ${events} events, without a crash`)
}

const isAll = (leaves: Truth['leaves'], lines: readonly Line[]): boolean => {
  const written = new Set(lines.map(({ metadata }) => metadata.original_event_uid))
  return [...leaves].every(([shard, hashes]) => hashes.every((_, i) => written.has(`${shard}-${i + 1}`)))
}

function checkShard(shard: string, hashes: readonly string[], lines: readonly Line[]): void {
  let last = 0
  for (const { metadata } of lines) {
    const [place, number] = metadata.original_event_uid.split('-')
    if (place !== shard) continue
    const seq = Number(number)
    demand(seq <= last + 1, `the line of ${shard}-${seq} comes after that of ${shard}-${last}`)
    demand(metadata.uid === hashes[seq - 1], `the line of ${shard}-${seq} is of another event`)
    last = Math.max(last, seq)
  }
  demand(last === hashes.length, `the lines of shard ${shard} end at ${last}, and its events at ${hashes.length}`)
}

/** All lines in the order of their blobs. */
async function linesOf({ account: { blobsUrl, account, key } }: Site, sink: string): Promise<readonly Line[]> {
  const container = new ContainerClient(`${blobsUrl}/export`, new StorageSharedKeyCredential(account, key))
  const lines: Line[] = []
  for await (const { name } of container.listBlobsFlat({ prefix: `${sink}/` })) {
    const text = (await container.getBlobClient(name).downloadToBuffer()).toString()
    demand(text === '' || text.endsWith('\n'), `${name} ends with a torn line`)
    for (const line of text.split('\n').slice(0, -1)) lines.push(JSON.parse(line) as Line)
  }
  return lines
}
