import { hash } from 'node:crypto'
import type { Hex } from '../data/id.ts'

/** All that is needed of a log to append to it: its size, and the roots of its perfect subtrees, largest first. */
export interface Frontier {
  readonly size: number
  readonly roots: readonly Uint8Array[]
}

/** The leaves [from, to). */
export interface Range {
  readonly from: number
  readonly to: number
}

/** A perfect subtree: the leaves [index × 2^level, (index + 1) × 2^level). */
export interface Subtree {
  readonly level: number
  readonly index: number
}

/** The claim that a leaf is in the log of this size and root. `leaf` is the leaf's hash. */
export interface Inclusion {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** The claim that the log of size `to` begins with all leaves of the log of size `from`. */
export interface Consistency {
  readonly from: number
  readonly to: number
  readonly proof: readonly Uint8Array[]
  readonly fromRoot: Uint8Array
  readonly toRoot: Uint8Array
}

/** RFC 6962 section 2.1: the prefixes keep a leaf from passing as a node. */
const leafPrefix = Uint8Array.of(0)
const nodePrefix = 1

const hashBytes = 32

/** A node before it is hashed. There are millions, one at a time, so that they share one buffer. */
const node = Uint8Array.of(nodePrefix, ...new Uint8Array(2 * hashBytes))

/** Hashes a leaf (RFC 6962 section 2.1). The next event of the shard's chain names the same hash. */
export const leafHash = (leaf: string | Uint8Array): Hex => hash('sha256', prefixed(leaf), 'hex') as Hex

/** {@link leafHash} as bytes. */
export const hashLeaf = (leaf: string | Uint8Array): Uint8Array => digest(prefixed(leaf))

/** Hashes a node (RFC 6962 section 2.1). */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== hashBytes || right.length !== hashBytes) throw new RangeError('A node has two hashes.')
  node.set(left, 1)
  node.set(right, 1 + hashBytes)
  return digest(node)
}

const prefixed = (leaf: string | Uint8Array): string | Uint8Array =>
  typeof leaf === 'string' ? `\0${leaf}` : Buffer.concat([leafPrefix, leaf])

/** Hashes in one call, without a hash object to collect: there are millions. Node returns text faster than bytes. */
const digest = (data: string | Uint8Array): Uint8Array => Buffer.from(hash('sha256', data, 'binary'), 'binary')

export const emptyFrontier: Frontier = { size: 0, roots: [] }

/** Adds one leaf by its hash. To add many, use {@link growing}. */
export function append(frontier: Frontier, hash: Uint8Array): Frontier {
  const log = growing(frontier)
  log.add(hash)
  return log.frontier()
}

/** Grows a log in place, from its frontier on. Keeps the hashes that are given, so they must not change afterwards. */
export function growing(frontier: Frontier): { add(hash: Uint8Array): void; frontier(): Frontier } {
  const roots = [...frontier.roots]
  let size = frontier.size
  return {
    add(hash) {
      let root = hash
      // Each trailing 1 bit of the size is a perfect subtree that merges with the equally large one to its right.
      for (let bits = size; bits % 2 === 1; bits = (bits - 1) / 2) {
        const sibling = roots.pop()
        if (sibling === undefined) throw new RangeError('The frontier has too few roots for its size.')
        root = hashNode(sibling, root)
      }
      roots.push(root)
      size += 1
    },
    frontier: () => ({ size, roots: [...roots] }),
  }
}

/** Whether there are as many roots as the size has perfect subtrees, each as long as a hash. */
export function isFrontier({ size, roots }: Frontier): boolean {
  return isSize(size) && roots.length === perfect({ from: 0, to: size }).length && roots.every(isHash)
}

/** The log's root. */
export const rootOf = (frontier: Frontier): Uint8Array => rootOfRange(frontier.roots)

/**
 * Names the subtrees whose roots prove a leaf, in the order of the proof (RFC 6962 section 2.1.1).
 *
 * @throws {RangeError} if the log has no such leaf.
 */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!isSize(index) || !isSize(size) || index >= size) throw new RangeError('The log has no such leaf.')
  const ranges: Range[] = []
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + half(to - from)
    ranges.push(index < middle ? { from: middle, to } : { from, to: middle })
    if (index < middle) to = middle
    else from = middle
  }
  return ranges.reverse()
}

/**
 * Names the subtrees whose roots prove that a log only grew, in the order of the proof (RFC 6962 section 2.1.2).
 * The list is empty for a log that was empty or has not grown.
 *
 * @throws {RangeError} if the log has shrunk.
 */
export function consistencyRanges(from: number, to: number): readonly Range[] {
  if (!isSize(from) || !isSize(to) || from > to) throw new RangeError('A log does not shrink.')
  if (from === 0) return []
  const ranges: Range[] = []
  let [left, right] = [0, to]
  while (right !== from) {
    const middle = left + half(right - left)
    ranges.push(from <= middle ? { from: middle, to: right } : { from: left, to: middle })
    if (from <= middle) right = middle
    else left = middle
  }
  // The rest is the old log itself, whose root the verifier knows, or the old log's last subtree.
  if (left > 0) ranges.push({ from: left, to: right })
  return ranges.reverse()
}

/** Divides a range into perfect subtrees, left to right. */
export function perfect({ from, to }: Range): readonly Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = from; at < to; ) {
    let [level, width] = [0, 1]
    for (; at % (2 * width) === 0 && 2 * width <= to - at; width *= 2) level += 1
    subtrees.push({ level, index: at / width })
    at += width
  }
  return subtrees
}

/** Folds the roots of {@link perfect} into the range's root (RFC 6962 section 2.1). Without roots the tree is empty. */
export function rootOfRange(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return digest('')
  return hashes.reduceRight((right, left) => hashNode(left, right))
}

/** Whether the proof holds. A malformed proof does not hold. */
export function checkInclusion({ index, size, leaf, proof, root }: Inclusion): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false
  const ranges = inclusionRanges(index, size)
  if (proof.length !== ranges.length || ![leaf, root, ...proof].every(isHash)) return false
  const fold = (hash: Uint8Array, { from }: Range, i: number) =>
    from > index ? hashNode(hash, hashAt(proof, i)) : hashNode(hashAt(proof, i), hash)
  return isEqual(ranges.reduce(fold, leaf), root)
}

/** Whether the proof holds. A malformed proof does not hold. A proof of growth from the empty log has no hashes. */
export function checkConsistency({ from, to, proof, fromRoot, toRoot }: Consistency): boolean {
  if (!isSize(from) || !isSize(to) || from > to) return false
  const ranges = consistencyRanges(from, to)
  if (proof.length !== ranges.length || ![fromRoot, toRoot, ...proof].every(isHash)) return false
  if (from === 0 && !isEqual(fromRoot, rootOfRange([]))) return false
  if (from === 0 && to > 0) return true
  let [old, now] = [fromRoot, fromRoot]
  for (const [i, range] of ranges.entries()) {
    const hash = hashAt(proof, i)
    if (range.to === from) [old, now] = [hash, hash]
    else if (range.from >= from) now = hashNode(now, hash)
    else [old, now] = [hashNode(hash, old), hashNode(hash, now)]
  }
  return isEqual(old, fromRoot) && isEqual(now, toRoot)
}

/** The leaves of the root's left subtree: the largest power of two below `leaves`, which is at least two. */
function half(leaves: number): number {
  let width = 1
  while (width * 2 < leaves) width *= 2
  return width
}

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0
const isHash = (hash: Uint8Array): boolean => hash.length === hashBytes
const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i])

/** Takes a hash from a proof whose length has been checked. */
function hashAt(proof: readonly Uint8Array[], i: number): Uint8Array {
  const hash = proof[i]
  if (hash === undefined) throw new RangeError('A proof has fewer hashes than counted.')
  return hash
}
