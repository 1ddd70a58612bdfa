import type { Progress } from './work.ts'
import { words } from './words.ts'

/** Before the first record of the first file. */
export const unbegun: Progress = { file: '', place: 0, files: 1, done: 0, of: 0 }

/** The share of all files that was read, from 0 to 1. */
export const shareOf = ({ place, files, done, of }: Progress): number => (place + (of > 0 ? done / of : 0)) / files

/** Says which file is read, and how far. */
export function progressWords({ file, place, files, done, of }: Progress): {
  readonly what: string
  readonly how: string
} {
  const how = of > 0 ? words.records(done, of) : words.reading
  return { what: words.running(file), how: files > 1 ? `${words.which(place, files)}: ${how}` : how }
}
