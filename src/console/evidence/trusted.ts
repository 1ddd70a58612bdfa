import { useEffect, useState } from 'preact/hooks'
import type { GivenPiece, PieceOf } from '../verify/given.ts'
import { isSame } from '../verify/samePiece.ts'
import { keepKeys, keptKeys } from './trustedKeys.ts'
import { inWorker } from './verifier.ts'
import { words } from './words.ts'

/** What the reader brought to verify with. */
export interface Trusted {
  readonly keys: readonly PieceOf<'key'>[]
  /** Checkpoints that the reader kept. They are forgotten with the page. */
  readonly checkpoints: readonly PieceOf<'checkpoint'>[]
  readonly refused: readonly PieceOf<'refused'>[]
  /** Whether it is still being read what was given. */
  readonly isReading: boolean
  readonly take: (files: readonly File[]) => void
  readonly remove: (piece: GivenPiece) => void
}

/** Follows what the reader brings. Keys are kept in this browser. */
export function useTrusted(): Trusted {
  const [pieces, setPieces] = useState<readonly GivenPiece[]>([])
  const [isReading, setReading] = useState(true)
  const take = async (files: readonly File[]): Promise<void> => {
    const taken = of(await read(files), 'key').map(({ pem }) => pem)
    // Keys that could not be read this time stay where they are kept.
    if (taken.length > 0) keepKeys([...new Set([...keptKeys(), ...taken])])
  }
  const read = async (files: readonly File[]): Promise<readonly GivenPiece[]> => {
    setReading(true)
    try {
      const found = await sorted(files)
      setPieces((known) => [
        ...known.filter(({ kind }) => kind !== 'refused'),
        ...found.filter((one) => !known.some((other) => isSame(one, other))),
      ])
      return found
    } finally {
      setReading(false)
    }
  }
  useEffect(() => {
    const name = words.keys.title
    void read(keptKeys().map((pem) => new File([pem], name)))
  }, [])
  return {
    ...{ keys: of(pieces, 'key'), checkpoints: of(pieces, 'checkpoint'), refused: of(pieces, 'refused'), isReading },
    take: (files) => void take(files),
    remove: (piece) => {
      setPieces((known) => known.filter((one) => one !== piece))
      if (piece.kind === 'key') keepKeys(keptKeys().filter((pem) => pem !== piece.pem))
    },
  }
}

const of = <K extends GivenPiece['kind']>(pieces: readonly GivenPiece[], kind: K): readonly PieceOf<K>[] =>
  pieces.filter((piece): piece is PieceOf<K> => piece.kind === kind)

/** What this page has no use for, and who does. */
const elsewhere: Readonly<Partial<Record<GivenPiece['kind'], string>>> = {
  bundle: words.keys.bundleHere,
  said: words.keys.bundleHere,
  cosigned: words.keys.cosignedHere,
  witness: words.keys.cosignedHere,
}

/** Lets a worker say what files are. A file that this page has no use for is refused with what to do. */
async function sorted(files: readonly File[]): Promise<readonly GivenPiece[]> {
  if (files.length === 0) return []
  const found = await inWorker<'sort'>({ kind: 'sort', files }, { signal: new AbortController().signal })
  if ('kind' in found) return files.map(({ name }) => ({ kind: 'refused', name, why: found.words }))
  return found.map((piece) => {
    const why = elsewhere[piece.kind]
    return why === undefined ? piece : { kind: 'refused', name: piece.name, why }
  })
}
