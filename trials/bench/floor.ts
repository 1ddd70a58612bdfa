import { createHash } from 'node:crypto'
import { shards } from '../../src/core/data/id.ts'
import { leavesIn } from './day.ts'

/**
 * The least that a log costs: each leaf is read, and hashed as the link of its chain, as a leaf, and into the tree.
 * What else is measured is told as a multiple of it, since machines differ.
 */
const [folder = ''] = process.argv.slice(2)
const node = Buffer.alloc(65, 1)
for (const shard of shards)
  for await (const leaves of leavesIn(folder, shard))
    for (const leaf of leaves) {
      createHash('sha256').update(`\0${leaf}`).digest('hex')
      node.set(createHash('sha256').update(`\0${leaf}`).digest(), 33)
      node.set(createHash('sha256').update(node).digest(), 1)
    }
