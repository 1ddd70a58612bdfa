import { decode64, encode64 } from '../data/base64.ts'
import { Broken } from '../data/broken.ts'
import { formatHashes, parseHashes, parseSize, splitProof } from './checkpoint.ts'

/** A proof that one leaf is in a log (C2SP tlog-proof). To check it, only the log's key is needed. */
export interface LogProof {
  /** The leaf's place in the log. */
  readonly index: number
  /** The format leaves `extra` unproven. Countersign puts the leaf there, and the proof holds for the leaf's hash. */
  readonly extra?: Uint8Array
  /** In the order of RFC 6962. */
  readonly proof: readonly Uint8Array[]
  /** A signed note, whole. */
  readonly checkpoint: string
}

const firstLine = 'c2sp.org/tlog-proof@v1'

export function formatProof({ index, extra, proof, checkpoint }: LogProof): string {
  const extraLine = extra === undefined || extra.length === 0 ? '' : `extra ${encode64(extra)}\n`
  return `${firstLine}\n${extraLine}index ${index}\n${formatHashes(proof)}\n${checkpoint}`
}

/** Reads a proof, but does not parse its checkpoint. @throws {Broken} `bad-proof` */
export function parseProof(text: string): LogProof {
  const { head, note } = splitProof(text, 'bad-proof')
  const [first, ...lines] = head
  if (first !== firstLine) throw new Broken('bad-proof', `The proof does not begin with ${firstLine}.`)
  const extra = lines[0]?.startsWith('extra ') ? decode64(lines.shift()?.slice(6) ?? '') : undefined
  const indexLine = lines.shift() ?? ''
  const index = indexLine.startsWith('index ') ? parseSize(indexLine.slice(6)) : null
  const proof = parseHashes(lines)
  // An empty extra has one valid form only: no line at all.
  if (extra === null || extra?.length === 0 || index === null || proof === null)
    throw new Broken('bad-proof', 'The proof is not an index and hashes.')
  return { index, ...(extra !== undefined && { extra }), proof, checkpoint: note }
}
