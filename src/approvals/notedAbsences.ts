import type { ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import {
  type AbsenceFile,
  absencePath,
  absencesOf,
  authenticatedAbsence,
  formatAbsence,
  parseAbsence,
} from '../core/record/absenceFile.ts'
import type { Archive } from '../ports/archive.ts'
import type { Macs } from '../runtime/macs.ts'

interface NotingParts {
  /** The write-once archive. */
  readonly archive: Pick<Archive, 'createOrRead' | 'list'>
  readonly macs: Pick<Macs, 'origin' | 'rows' | 'isAuthentic'>
}

/** Notes in the archive where a member's word is, after it was recorded and before the member is answered. */
export async function noteAbsence({ archive, macs }: NotingParts, file: AbsenceFile): Promise<void> {
  const { sign } = await macs.rows()
  const text = formatAbsence(file, sign(authenticatedAbsence(macs.origin, file)))
  await archive.createOrRead(absencePath(file), Buffer.from(text), 'application/json', text)
}

/** The absences of these accounts that end after a moment. Files that the service did not write are passed over. */
export async function notedAbsences(
  { archive, macs }: NotingParts,
  members: readonly ObjectId[],
  at: Instant,
): Promise<readonly AbsenceFile[]> {
  const listed = await Promise.all(members.map((member) => archive.list(absencesOf(member))))
  const found = listed.flat().map(async ({ name, note = '' }): Promise<readonly AbsenceFile[]> => {
    const read = parseAbsence(note)
    if (!read || read.file.until <= at || absencePath(read.file) !== name) return []
    return (await macs.isAuthentic(authenticatedAbsence(macs.origin, read.file), read.mac)) ? [read.file] : []
  })
  return (await Promise.all(found)).flat()
}
