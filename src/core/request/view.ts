import { type Digest, digestOf, type Hex } from '../data/id.ts'
import { canonical } from '../data/json.ts'
import { type ApprovalRequest, contentOf } from './request.ts'

/** What an approver was shown, as recorded facts. Nothing in it depends on the reader, the clock or other votes. */
export interface View {
  /** The hash of the newest event that has content. */
  readonly content: Hex
  /** SHA-256 of the card template. */
  readonly template: Hex
  readonly warnings: readonly string[]
}

/** The digest of the view of a request that this template makes; `null` before the request has content. */
export function viewOf(request: ApprovalRequest, template: Hex): Digest | null {
  const content = contentOf(request)
  return content === null ? null : viewDigest({ content, template, warnings: request.warnings })
}

/** The digest of the view in canonical form, which is written here member by member: there are millions. */
export const viewDigest = ({ content, template, warnings }: View): Digest =>
  digestOf(`{"content":"${content}","template":"${template}","v":1,"warnings":${canonical(warnings)}}`)
