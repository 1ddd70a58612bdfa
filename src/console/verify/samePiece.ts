import type { GivenPiece } from './given.ts'

/** Whether two pieces are the same file, or the same key. */
export function isSame(a: GivenPiece, b: GivenPiece): boolean {
  if (a.kind === 'key' && b.kind === 'key') return a.thumbprint === b.thumbprint
  if (a.kind === 'checkpoint' && b.kind === 'checkpoint') return a.text === b.text
  if (a.kind === 'witness' && b.kind === 'witness') return a.key === b.key
  if (!('file' in a) || !('file' in b) || a.kind !== b.kind) return false
  return a.name === b.name && a.file.size === b.file.size && a.file.lastModified === b.file.lastModified
}
