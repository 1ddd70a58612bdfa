import { BrokenAt } from './finding.ts'

/** Compares a member with the expected text byte by byte, while both arrive in pieces. */
export class Comparison {
  readonly #member: string
  readonly #source: AsyncIterator<Uint8Array>
  /** The part of the member that has been read and not compared yet. */
  #piece: Uint8Array = new Uint8Array()
  #line = 1

  constructor(member: string, source: AsyncIterator<Uint8Array>) {
    this.#member = member
    this.#source = source
  }

  /** @throws {BrokenAt} `wrong-table` */
  async expect(text: string): Promise<void> {
    for (let left = Buffer.from(text); left.length > 0; ) {
      if (this.#piece.length === 0) {
        const next = await this.#source.next()
        if (next.done === true) throw this.#differs('ends before the records do')
        this.#piece = next.value
      }
      const size = Math.min(left.length, this.#piece.length)
      const [here, there] = [left.subarray(0, size), this.#piece.subarray(0, size)]
      const isSame = here.equals(there)
      this.#line += newlinesIn(isSame ? here : here.subarray(0, same(here, there)))
      if (!isSame) throw this.#differs(`does not say in line ${this.#line} what the records say`)
      left = left.subarray(size)
      this.#piece = this.#piece.subarray(size)
    }
  }

  /** @throws {BrokenAt} `wrong-table` */
  async end(): Promise<void> {
    const next = this.#piece.length > 0 ? null : await this.#source.next()
    if (next?.done !== true) throw this.#differs('goes on after the records end')
  }

  #differs(what: string): BrokenAt {
    const place = { check: 'tables', member: this.#member, line: this.#line } as const
    return new BrokenAt(place, 'wrong-table', `${this.#member} ${what}.`)
  }
}

/** Counts the bytes before the first difference. */
const same = (a: Uint8Array, b: Uint8Array): number => a.findIndex((byte, i) => byte !== b[i])

function newlinesIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}
