import { english } from './english.ts'
import type { Words } from './words.ts'

/** The language of this program. Another language is one more file like `english.ts`, named here. */
export const spoken: Words = english
