import { createHash, randomBytes } from 'node:crypto'
import type { Hex } from '../core/data/id.ts'

/** Bytes of a block. A blob may have 50,000 blocks. */
export const blockSize = 4 * 1024 * 1024

/** Blocks that are sent at the same time. With the one that is being filled, they are all the memory of a stream. */
const atOnce = 2

/** Stored blocks that are not committed to a file yet. */
export interface Staged {
  /** In the order of the bytes. */
  readonly ids: readonly string[]
  readonly size: number
  readonly sha256: Hex
}

/** Cuts a stream into blocks and stores each under its own id. Waits, also after an error, for blocks being sent. */
export async function stage(
  bytes: AsyncIterable<Uint8Array>,
  put: (id: string, block: Uint8Array) => Promise<unknown>,
): Promise<Staged> {
  const hash = createHash('sha256')
  const prefix = randomBytes(12)
  const ids: string[] = []
  let size = 0
  async function* numbered() {
    for await (const block of blocksOf(bytes)) {
      const id = blockId(prefix, ids.length)
      ids.push(id)
      hash.update(block)
      size += block.length
      yield { id, block }
    }
  }
  // All workers draw from one generator, in order. It ends for all of them when one fails.
  const source = numbered()
  const work = async () => {
    for await (const { id, block } of source) await put(id, block)
  }
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, work))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  return { ids, size, sha256: hash.digest('hex') as Hex }
}

/** Copies a stream into blocks. A copy is needed, because the source may reuse its chunks. */
async function* blocksOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let block = Buffer.allocUnsafe(blockSize)
  let filled = 0
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + blockSize - filled)
      block.set(part, filled)
      filled += part.length
      at += part.length
      if (filled < blockSize) continue
      yield block
      block = Buffer.allocUnsafe(blockSize)
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}

/**
 * Makes the id of a block. All writers of one blob share its uncommitted blocks, so each writer has a random prefix.
 * All ids have the same length, as the storage demands (Put Block, `blockid`).
 */
function blockId(prefix: Uint8Array, number: number): string {
  const id = Buffer.alloc(16)
  id.set(prefix)
  id.writeUInt32BE(number, 12)
  return id.toString('base64')
}
