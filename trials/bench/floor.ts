import { createHash, hash } from 'node:crypto'
import { shards } from '../../src/core/data/id.ts'
import { leavesIn } from './day.ts'

/**
 * The least that a log costs: each leaf is read, and hashed as the link of its chain, as a leaf, and into the tree.
 * What else is measured is told as a multiple of it, since machines differ.
 */
const [folder = '', way] = process.argv.slice(2)
const node = Buffer.alloc(65, 1)

/** By objects, as most programs hash. */
function byObjects(leaf: string): void {
  createHash('sha256').update(`\0${leaf}`).digest('hex')
  node.set(createHash('sha256').update(`\0${leaf}`).digest(), 33)
  node.set(createHash('sha256').update(node).digest(), 1)
}

/** By the calls that the service uses, which take half the time. */
function byCalls(leaf: string): void {
  hash('sha256', `\0${leaf}`, 'hex')
  node.write(hash('sha256', `\0${leaf}`, 'binary'), 33, 'binary')
  node.write(hash('sha256', node, 'binary'), 1, 'binary')
}

const hashed = way === 'calls' ? byCalls : byObjects
for (const shard of shards) for await (const leaves of leavesIn(folder, shard)) for (const leaf of leaves) hashed(leaf)
