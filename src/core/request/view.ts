import { type Digest, digestOf, type Hex } from '../data/id.ts'
import { canonical } from '../data/json.ts'

/** What an approver was shown, as recorded facts. Nothing in it depends on the reader, the clock or other votes. */
export interface View {
  /** The hash of the newest event that has content. */
  readonly content: Hex
  /** SHA-256 of the card template. */
  readonly template: Hex
  readonly warnings: readonly string[]
}

export const viewDigest = ({ content, template, warnings }: View): Digest =>
  digestOf(canonical({ v: 1, content, template, warnings }))
