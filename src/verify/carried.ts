import { bundleFiles } from '../core/log/bundleFiles.ts'
import { decode64, decodeHash } from '../core/data/base64.ts'
import type { RequestId } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { checkInclusion, hashLeaf } from '../core/log/merkle.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { readRecord } from '../core/record/record.ts'
import type { Checkpoint } from '../core/log/checkpoint.ts'
import { BrokenAt, placed } from './finding.ts'
import { LineReader, linesOf } from './lines.ts'

/** A carried event whose proof holds: it is in the log. */
export interface Carried {
  readonly index: number
  readonly event: LogEvent
  readonly text: string
  /** In the order of RFC 6962, for the log of `checkpoint.prev`. */
  readonly proof: readonly Uint8Array[]
}

const member = bundleFiles.carried.name

/** Bytes of a line. JSON escapes a byte of the leaf with at most six bytes, and a proof has at most 63 hashes. */
export const mostCarried = 6 * 4096 + 63 * 48 + 100

/** Reads `carried.jsonl` step by step with the records, whose order it follows. */
export class CarriedReader {
  /** The log before the day. */
  readonly #log: Pick<Checkpoint, 'size' | 'root'>
  readonly #lines: LineReader
  #count = 0
  #read: Carried | null = null

  constructor(source: AsyncIterator<Uint8Array>, { from }: Manifest['log']) {
    this.#log = { size: from.size, root: decode64(from.root) ?? new Uint8Array() }
    this.#lines = new LineReader(
      linesOf(source, mostCarried, (line, what) => badCarried(line, `Line ${line} of ${member} ${what}.`)),
    )
  }

  /**
   * Reads the next event without taking it; `null` at the end.
   *
   * @throws {BrokenAt} `bad-carried`
   */
  async peek(): Promise<Carried | null> {
    if (this.#read !== null) return this.#read
    const next = await this.#lines.peek()
    if (next === null) return null
    this.#read = carriedIn(next.text, next.line, this.#log)
    return this.#read
  }

  /**
   * Takes the carried events of a request, which must be the next lines.
   *
   * @throws {BrokenAt} `bad-carried` if there are none, or if they are not in the log
   */
  async *of(request: RequestId): AsyncGenerator<Carried, void, undefined> {
    let before: Carried | null = null
    for (let next = await this.peek(); next?.event.request === request; next = await this.peek()) {
      if (before && next.event.seq <= before.event.seq)
        throw badCarried(this.#count + 1, `The earlier events of request ${request} are not in order.`)
      yield next
      before = next
      this.#skip()
      this.#count += 1
    }
    if (!before) throw badCarried(this.#count + 1, `The earlier events of request ${request} are missing.`)
  }

  /** Checks the lines that are left, which no record asked for. Returns the number of all lines, and of those left. */
  async end(): Promise<{ readonly count: number; readonly left: number }> {
    let left = 0
    for (let next = await this.peek(); next !== null; next = await this.peek()) {
      left += 1
      this.#skip()
    }
    return { count: this.#count + left, left }
  }

  #skip(): void {
    this.#read = null
    this.#lines.skip()
  }
}

function carriedIn(text: string, line: number, log: Pick<Checkpoint, 'size' | 'root'>): Carried {
  const { index, leaf, proof } = fieldsOf(text, line)
  const event = placed({ check: 'carried', member, line }, () => readRecord(leaf))
  if (!checkInclusion({ index, leaf: hashLeaf(leaf), proof, ...log }))
    throw badCarried(line, `Line ${line} of ${member} is not in the log as it was before the day.`)
  return { index, event, text: leaf, proof }
}

function fieldsOf(text: string, line: number) {
  const { index, leaf, proof } = parsed(text)
  if (typeof index === 'number' && typeof leaf === 'string' && Array.isArray(proof)) {
    const hashes = proof.map((hash: unknown) => (typeof hash === 'string' ? decodeHash(hash) : null))
    const known = hashes.filter((hash) => hash !== null)
    // Writing these members again reveals other members, another order and spaces: the line must be canonical.
    if (known.length === hashes.length && JSON.stringify({ index, leaf, proof }) === text)
      return { index, leaf, proof: known }
  }
  throw badCarried(line, `Line ${line} of ${member} is not an index, a leaf and a proof.`)
}

function parsed(text: string): { readonly index?: unknown; readonly leaf?: unknown; readonly proof?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}

const badCarried = (line: number, what: string): BrokenAt =>
  new BrokenAt({ check: 'carried', member, line }, 'bad-carried', what)
