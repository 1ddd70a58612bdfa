import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf } from '../../verify/file.ts'
import { Exit, exits } from '../exit.ts'
import type { RequestId } from '../../core/data/id.ts'
import { addEarlier, type RequestFacts } from './facts.ts'

/** Bytes that are written at once. */
const much = 1 << 20

/** Bytes of a request's id. */
const idBytes = 29

/**
 * Keeps the requests of a period in a file of this user alone, and of each only its place in memory. The file has what
 * people wrote, and is gone with this program, however that ends.
 */
export class RequestSpool {
  readonly #file = openHidden()
  /** Of each entry its request and its place in the file: far smaller than objects. */
  #ids = Buffer.alloc(idBytes << 10)
  #places = new Float64Array(2 << 10)
  #count = 0
  #order: Uint32Array | null = null
  #waiting: Buffer[] = []
  #size = 0
  #written = 0

  /** Keeps what a day tells of a request, beside what earlier days told. Called in the order of the days. */
  add(facts: RequestFacts): void {
    const bytes = Buffer.from(JSON.stringify(facts))
    if (2 * this.#count === this.#places.length) this.#grow()
    const entry = this.#count++
    this.#ids.write(facts.id, entry * idBytes, 'latin1')
    this.#places.set([this.#size, bytes.length], 2 * entry)
    this.#order = null
    this.#waiting.push(bytes)
    this.#size += bytes.length
    if (this.#size - this.#written >= much) this.#flush()
  }

  /** Reads a request; absent if there is none with this id. */
  request(id: RequestId): RequestFacts | undefined {
    const order = this.#sorted()
    const wanted = Buffer.from(id, 'latin1')
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#compareId(order[middle] ?? 0, wanted) < 0) low = middle + 1
      else high = middle
    }
    const same: number[] = []
    for (let i = low; i < order.length && this.#compareId(order[i] ?? 0, wanted) === 0; i++) same.push(order[i] ?? 0)
    return this.#merged(same)
  }

  /** Reads the requests, each once, in the order of their ids, which is that of the time at which they were made. */
  *requests(): Generator<RequestFacts> {
    const order = this.#sorted()
    for (let i = 0; i < order.length; ) {
      const same = [order[i] ?? 0]
      for (i++; i < order.length && this.#compare(order[i] ?? 0, same[0] ?? 0) === 0; i++) same.push(order[i] ?? 0)
      const facts = this.#merged(same)
      if (facts) yield facts
    }
  }

  close(): void {
    closeSync(this.#file.fd)
    removeFolder(this.#file.folder)
  }

  /** Puts together what the days tell of one request: the newest, with texts and exceptions of those before. */
  #merged(entries: readonly number[]): RequestFacts | undefined {
    const [newest, ...earlier] = entries.toReversed()
    if (newest === undefined) return undefined
    const facts = this.#read(newest)
    for (const entry of earlier) addEarlier(facts, this.#read(entry))
    return facts
  }

  #read(entry: number): RequestFacts {
    const [at = 0, length = 0] = this.#places.subarray(2 * entry, 2 * entry + 2)
    if (at + length > this.#written) this.#flush()
    const bytes = Buffer.allocUnsafe(length)
    if (readSync(this.#file.fd, bytes, 0, length, at) !== length) throw new Error('The temporary file was cut off.')
    return JSON.parse(bytes.toString('utf8')) as RequestFacts
  }

  /** The entries by id, and those of one request by their days. */
  #sorted(): Uint32Array {
    this.#order ??= Uint32Array.from({ length: this.#count }, (_, entry) => entry).sort(
      (a, b) => this.#compare(a, b) || a - b,
    )
    return this.#order
  }

  #compare(a: number, b: number): number {
    const [from, other] = [a * idBytes, b * idBytes]
    return this.#ids.compare(this.#ids, other, other + idBytes, from, from + idBytes)
  }

  #compareId(entry: number, id: Buffer): number {
    return this.#ids.compare(id, 0, idBytes, entry * idBytes, entry * idBytes + idBytes)
  }

  #grow(): void {
    const [ids, places] = [this.#ids, this.#places]
    this.#ids = Buffer.concat([ids], 2 * ids.length)
    this.#places = new Float64Array(2 * places.length)
    this.#places.set(places)
  }

  #flush(): void {
    const all = Buffer.concat(this.#waiting)
    onDisk(() => {
      for (let at = 0; at < all.length; ) at += writeSync(this.#file.fd, all, at)
    })
    this.#written += all.length
    this.#waiting = []
  }
}

/** An open file for texts, and the folder in which its name was. */
interface HiddenFile {
  readonly fd: number
  readonly folder: string
}

/** Opens a file that has no name, so that an interruption leaves nothing. Windows keeps the name of an open file. */
function openHidden(): HiddenFile {
  return onDisk(() => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-report-'))
    try {
      return { fd: openSync(join(folder, 'requests'), 'wx+', 0o600), folder }
    } finally {
      if (process.platform !== 'win32') removeFolder(folder)
    }
  })
}

const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** @throws {Exit} 78, naming the folder for temporary files */
function onDisk<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const words = `The report needs room in ${tmpdir()}, the folder for temporary files (TMPDIR): ${reasonOf(cause)}.`
    throw new Exit(exits.usage, words)
  }
}
