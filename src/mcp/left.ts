import { lessWords } from '../client/approval.ts'
import type { Request } from '../client/countersign.ts'
import { NotRun } from './answer.ts'
import { resumeName } from './catalogue.ts'

/**
 * Whether approvers made a call smaller, so that it is not to be carried out as the model made it. Of a standing approval they
 * make the terms smaller, and not the call that it was asked for with.
 */
export const isNarrowed = ({ asked, digest, standing }: Request): boolean =>
  standing === undefined && asked !== undefined && asked.digest !== digest

/**
 * Tells a model what approvers left of its call. It agrees by the digest of that, so that nothing else is carried out than
 * what it was told.
 */
export function toTake(request: Request): NotRun {
  const { id, digest } = request
  const words =
    `${lessWords(request)} Nothing was carried out. All else is as it was asked for. If that is still useful, call ` +
    `${resumeName} with ${JSON.stringify({ request: id, left: digest })}: it carries out what is left, once that is approved.`
  return new NotRun('narrowed', words, id)
}
