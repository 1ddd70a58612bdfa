import { Broken } from '../core/data/broken.ts'
import { hashNode, inclusionRanges, perfect, type Subtree } from '../core/log/merkle.ts'
import type { Carried } from './carried.ts'
import type { OpenDay } from './day.ts'

/**
 * Finds the roots of perfect subtrees of the log after a day, from the content of its bundle: the roots before the day,
 * the proofs of carried events, and the records. Keeps only the wanted roots in memory, and one of each size.
 */
export async function hashesIn(
  day: Pick<OpenDay, 'manifest' | 'hashes'>,
  wanted: readonly Subtree[],
  carried: readonly Pick<Carried, 'index' | 'proof'>[],
): Promise<(node: Subtree) => Uint8Array> {
  const { from } = day.manifest.log
  const names = new Set(wanted.map(subtreeName))
  const known = new Map<string, Uint8Array>()
  const note = (node: Subtree, hash: Uint8Array) => {
    if (names.has(subtreeName(node))) known.set(subtreeName(node), hash)
  }
  for (const { index, proof } of carried)
    inclusionRanges(index, from.size).forEach((range, i) => {
      const [node, more] = perfect(range)
      const hash = proof[i]
      // A range that the end of the log before the day cut off is larger now, so its root is another.
      if (node && !more && hash) note(node, hash)
    })

  const edge = perfect({ from: 0, to: from.size }).map((node, i) => {
    const hash: Uint8Array = Buffer.from(from.frontier[i] ?? '', 'base64')
    note(node, hash)
    return { ...node, hash }
  })
  let index = from.size
  for await (const leaves of day.hashes())
    for (const leaf of leaves) {
      let node = { level: 0, index, hash: leaf }
      note(node, leaf)
      // Two neighbouring subtrees of one size merge into the next larger one.
      for (let left = edge.at(-1); left && left.level === node.level; left = edge.at(-1)) {
        edge.pop()
        node = { level: node.level + 1, index: left.index / 2, hash: hashNode(left.hash, node.hash) }
        note(node, node.hash)
      }
      edge.push(node)
      index += 1
    }

  return (node) => {
    const hash = known.get(subtreeName(node))
    if (!hash) throw new Broken('wrong-root', 'The bundle does not hold what a proof needs.')
    return hash
  }
}

const subtreeName = ({ level, index }: Subtree): string => `${level}/${index}`
