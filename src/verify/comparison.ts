import { BrokenAt } from './finding.ts'

/** Compares a member with what it must be, byte for byte and as both come. */
export function comparison(member: string, source: AsyncIterator<Uint8Array>) {
  let piece: Uint8Array = new Uint8Array()
  let line = 1
  const differs = (what: string) => new BrokenAt({ check: 'tables', member, line }, 'wrong-table', `${member} ${what}.`)

  return {
    /** @throws {BrokenAt} `wrong-table` */
    async expect(text: string): Promise<void> {
      for (let left = Buffer.from(text); left.length > 0; ) {
        if (piece.length === 0) {
          const next = await source.next()
          if (next.done === true) throw differs('ends before the records do')
          piece = next.value
        }
        const size = Math.min(left.length, piece.length)
        const [here, there] = [left.subarray(0, size), piece.subarray(0, size)]
        const isSame = here.equals(there)
        line += newlinesIn(isSame ? here : here.subarray(0, same(here, there)))
        if (!isSame) throw differs(`does not say in line ${line} what the records say`)
        left = left.subarray(size)
        piece = piece.subarray(size)
      }
    },

    /** @throws {BrokenAt} `wrong-table` */
    async end(): Promise<void> {
      const next = piece.length > 0 ? null : await source.next()
      if (next?.done !== true) throw differs('goes on after the records end')
    },
  }
}

/** Bytes before the first that differs. */
const same = (a: Uint8Array, b: Uint8Array): number => a.findIndex((byte, i) => byte !== b[i])

function newlinesIn(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}
