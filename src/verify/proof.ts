import { encode64 } from '../core/data/base64.ts'
import type { RequestId } from '../core/data/id.ts'
import { openCheckpoint } from '../core/log/checkpoint.ts'
import { Broken } from '../core/data/broken.ts'
import { parseProof, formatProof } from '../core/log/logProof.ts'
import { checkInclusion, hashLeaf, inclusionRanges, perfect, type Range, rootOfRange } from '../core/log/merkle.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { readRecord } from '../core/record/record.ts'
import { verifySignature } from './ecdsa.ts'
import { type Carried } from './carried.ts'
import { type OpenDay, withDay } from './day.ts'
import { hashesIn } from './subtrees.ts'

/** A proven event, with its place in the log. */
export interface Proven {
  readonly index: number
  readonly event: LogEvent
  readonly leaf: string
  readonly origin: string
  readonly size: number
  /** The root of the log at that size, in base64. */
  readonly root: string
}

/** A proof that one event is in the log (C2SP tlog-proof). */
export interface EventProof extends Proven {
  readonly text: string
}

/**
 * Makes a proof for each event of a request in a bundle, including carried events, against the bundle's checkpoint.
 *
 * Does not verify the bundle, but checks each proof that it returns. To verify a proof only the log's key is needed.
 *
 * @returns oldest first; empty if the bundle has no event of the request
 * @throws {Broken} `wrong-root` if bundle and checkpoint do not fit
 */
export function proofsIn(path: string, request: RequestId): Promise<readonly EventProof[]> {
  return withDay(path, async (day) => {
    const events = await eventsOf(day, request)
    const { log } = day.manifest
    const size = log.to.size
    const wanted = events.flatMap(({ index }) => inclusionRanges(index, size).flatMap(perfect))
    const known = await hashesIn(
      day,
      wanted,
      events.filter((event) => 'proof' in event),
    )
    const hashOf = (range: Range) => rootOfRange(perfect(range).map((node) => known(node)))
    const checkpoint = day.checkpoint
    return events.map(({ index, event, text }) => {
      const proof = inclusionRanges(index, size).map(hashOf)
      const leaf = hashLeaf(text)
      if (!checkInclusion({ index, size, leaf, proof, root: Buffer.from(log.to.root, 'base64') }))
        throw new Broken('wrong-root', `The bundle's records do not make the log of its checkpoint (record ${index}).`)
      const place = { origin: log.origin, size, root: log.to.root }
      return {
        index,
        event,
        leaf: text,
        ...place,
        text: formatProof({ index, extra: Buffer.from(text), proof, checkpoint }),
      }
    })
  })
}

/**
 * Checks a proof without its bundle: only the log's key is needed.
 *
 * @throws {Broken} `bad-proof`, `bad-checkpoint`, `bad-signature`, `wrong-key`, `bad-record`, `newer-format`
 */
export function checkProof(text: string, keys: readonly Uint8Array[]): Proven {
  const { index, extra, proof, checkpoint } = parseProof(text)
  if (!extra) throw new Broken('bad-proof', 'The proof does not hold the record that it proves.')
  const { origin, size, root } = openCheckpoint(checkpoint, keys, verifySignature)
  if (!checkInclusion({ index, size, leaf: hashLeaf(extra), proof, root }))
    throw new Broken('bad-proof', 'The record is not in the log of this checkpoint at this place.')
  const leaf = Buffer.from(extra).toString('utf8')
  if (!Buffer.from(leaf).equals(extra)) throw new Broken('bad-record', 'The record is not UTF-8.')
  return { index, event: readRecord(leaf), leaf, origin, size, root: encode64(root) }
}

type Found = { readonly index: number; readonly event: LogEvent; readonly text: string } | Carried

async function eventsOf(day: OpenDay, request: RequestId): Promise<readonly Found[]> {
  const found: Found[] = []
  for await (const one of day.carried()) if (one.event.request === request) found.push(one)
  for await (const { index, text } of day.records()) {
    // Few records are of this request. To search the text for the id first avoids parsing all others.
    if (!text.includes(request)) continue
    const event = readRecord(text)
    if (event.request === request) found.push({ index, event, text })
  }
  return found
}
