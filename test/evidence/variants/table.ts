import { envelopes } from './envelopes.ts'
import { files, folders, names } from './folderContents.ts'
import { intactDays } from './intactDays.ts'
import { keyFiles } from './keyFiles.ts'
import { newerForms } from './newerForms.ts'
import { notes, rotations } from './notes.ts'
import { emptyProofs, proofs } from './proofs.ts'
import { records, stories } from './records.ts'
import { statements } from './statements.ts'
import type { Variant } from './variant.ts'

/** Every variant, by kind. The first of a kind stands for the others in a short run. */
export const variants: Readonly<Record<string, readonly Variant[]>> = {
  ...{ intactDays, keyFiles, envelopes, statements, folders, names, files, notes, rotations },
  ...{ proofs, emptyProofs, records, stories, newerForms },
}
