import { useEffect, useState } from 'preact/hooks'
import type { GivenPiece, PieceOf } from '../verify/given.ts'
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
  const read = async (files: readonly File[], known: readonly GivenPiece[]): Promise<readonly GivenPiece[]> => {
    setReading(true)
    const found = (await sorted(files)).filter((one) => !known.some((other) => isSame(one, other)))
    const all = [...known.filter(({ kind }) => kind !== 'refused'), ...found]
    setPieces(all)
    setReading(false)
    return all
  }
  useEffect(() => {
    const name = words.keys.title
    void read(
      keptKeys().map((pem) => new File([pem], name)),
      [],
    )
  }, [])
  return {
    ...{ keys: of(pieces, 'key'), checkpoints: of(pieces, 'checkpoint'), refused: of(pieces, 'refused'), isReading },
    take: (files) => void read(files, pieces).then((all) => keepKeys(of(all, 'key').map(({ pem }) => pem))),
    remove: (piece) => {
      const rest = pieces.filter((one) => one !== piece)
      setPieces(rest)
      keepKeys(of(rest, 'key').map(({ pem }) => pem))
    },
  }
}

const of = <K extends GivenPiece['kind']>(pieces: readonly GivenPiece[], kind: K): readonly PieceOf<K>[] =>
  pieces.filter((piece): piece is PieceOf<K> => piece.kind === kind)

/** Lets a worker say what files are. A file that this page has no use for is refused with what to do. */
async function sorted(files: readonly File[]): Promise<readonly GivenPiece[]> {
  if (files.length === 0) return []
  const found = await inWorker<'sort'>({ kind: 'sort', files }, { signal: new AbortController().signal })
  if ('kind' in found) return files.map(({ name }) => ({ kind: 'refused', name, why: found.words }))
  return found.map((piece) =>
    piece.kind === 'bundle' || piece.kind === 'said'
      ? { kind: 'refused', name: piece.name, why: words.keys.bundleHere }
      : piece,
  )
}

function isSame(a: GivenPiece, b: GivenPiece): boolean {
  if (a.kind === 'key' && b.kind === 'key') return a.thumbprint === b.thumbprint
  return a.kind === 'checkpoint' && b.kind === 'checkpoint' && a.text === b.text
}
