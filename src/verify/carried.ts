import { decode64, decodeHash } from '../core/data/base64.ts'
import type { RequestId } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { checkInclusion, hashLeaf } from '../core/log/merkle.ts'
import { type LogEvent, readRecord } from '../core/record/record.ts'
import type { Checkpoint } from '../core/log/checkpoint.ts'
import { BrokenAt, placed } from './finding.ts'
import { lineReader, linesOf } from './lines.ts'

/** An earlier event that was found to be in the log. */
export interface Carried {
  readonly index: number
  readonly event: LogEvent
  readonly text: string
  /** RFC 6962 order, in `checkpoint.prev`. */
  readonly proof: readonly Uint8Array[]
}

const member = 'carried.jsonl'

/** A leaf in JSON has at most six times its bytes, and a proof 63 hashes. */
export const mostCarried = 6 * 4096 + 63 * 48 + 100

/** Reads `carried.jsonl` along with the records. */
export function carriedReader(source: AsyncIterator<Uint8Array>, { from }: Manifest['log']) {
  const log = { size: from.size, root: decode64(from.root) ?? new Uint8Array() }
  const lines = lineReader(
    linesOf(source, mostCarried, (line, what) => bad(line, `Line ${line} of ${member} ${what}.`)),
  )
  let count = 0
  let read: Carried | null = null

  async function peek(): Promise<Carried | null> {
    if (read !== null) return read
    const next = await lines.peek()
    if (next === null) return null
    read = carriedIn(next.text, next.line, log)
    return read
  }

  return {
    peek,

    /**
     * The earlier events of a request, which come next.
     *
     * @throws {BrokenAt} `bad-carried` where there are none, or they are not in the log
     */
    async *of(request: RequestId): AsyncGenerator<Carried, void, undefined> {
      let before: Carried | null = null
      for (let next = await peek(); next?.event.request === request; next = await peek()) {
        if (before && next.event.seq <= before.event.seq)
          throw bad(count + 1, `The earlier events of request ${request} are not in order.`)
        yield next
        before = next
        read = null
        lines.skip()
        count += 1
      }
      if (!before) throw bad(count + 1, `The earlier events of request ${request} are missing.`)
    },

    /** Checks what is left by itself; answers how many lines there were and whether all were needed. */
    async end(): Promise<{ readonly count: number; readonly left: number }> {
      let left = 0
      for (let next = await peek(); next !== null; next = await peek()) {
        left += 1
        read = null
        lines.skip()
      }
      return { count: count + left, left }
    },
  }
}

function carriedIn(text: string, line: number, log: Pick<Checkpoint, 'size' | 'root'>): Carried {
  const { index, leaf, proof } = fieldsOf(text, line)
  const event = placed({ check: 'carried', member, line }, () => readRecord(leaf))
  if (!checkInclusion({ index, leaf: hashLeaf(leaf), proof, ...log }))
    throw bad(line, `Line ${line} of ${member} is not in the log as it was before the day.`)
  return { index, event, text: leaf, proof }
}

function fieldsOf(text: string, line: number) {
  const { index, leaf, proof } = parsed(text)
  if (typeof index === 'number' && typeof leaf === 'string' && Array.isArray(proof)) {
    const hashes = proof.map((hash: unknown) => (typeof hash === 'string' ? decodeHash(hash) : null))
    const known = hashes.filter((hash) => hash !== null)
    // Members sorted, no others, no spaces: this is the canonical form.
    if (known.length === hashes.length && JSON.stringify({ index, leaf, proof }) === text)
      return { index, leaf, proof: known }
  }
  throw bad(line, `Line ${line} of ${member} is not an index, a leaf and a proof.`)
}

function parsed(text: string): { readonly index?: unknown; readonly leaf?: unknown; readonly proof?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}

const bad = (line: number, what: string): BrokenAt =>
  new BrokenAt({ check: 'carried', member, line }, 'bad-carried', what)
