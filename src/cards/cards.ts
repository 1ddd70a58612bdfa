// Not the package's main file: its types are sources that TypeScript would check as ours.
import { Template } from 'adaptivecards-templating/lib/template-engine.js'
import { type Hex, sha256 } from '../core/data/id.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Reader } from './button.ts'
import { channelFace, listFace, refusedFace, reviewFace } from './cardData.ts'
import { wording } from './wording.ts'

/** Draws requests as Adaptive Cards. What agents and people wrote is data in them, and never part of a template. */
export interface Cards {
  /** What a view commits to: SHA-256 of the template of the approver's view. */
  readonly template: Hex
  /** For everybody in a channel: the request as it is now, and nothing to decide with. */
  readonly channel: (request: ApprovalRequest) => object
  /** For one person who may decide: one page in full; on the last page, the means to approve. */
  readonly review: (request: ApprovalRequest, reader: Reader) => object
  /** For one person who may not decide: why, and who may. A stranger is not told who decided, and why. */
  readonly refused: (request: ApprovalRequest, words: string, to?: { readonly stranger: boolean }) => object
  /** Pending requests, each with its button. With `more` there may be others, which expire later. */
  readonly list: (requests: readonly ApprovalRequest[], also?: { readonly more: boolean }) => object
}

/**
 * Reads the templates, once.
 *
 * @param files by name, as `review.json`: the same bytes that the policy's version is made from
 * @throws {Error} with the name of a file that is missing or no template
 */
export function loadCards(files: ReadonlyMap<string, Uint8Array>): Cards {
  const channel = pen(files, 'channel.json')
  const review = pen(files, 'review.json')
  const refused = pen(files, 'refused.json')
  const list = pen(files, 'list.json')
  const template = sha256(files.get('review.json') ?? '')
  return {
    template,
    channel: (request) => channel(channelFace(request)),
    review: (request, reader) => review(reviewFace(request, reader, template)),
    refused: (request, words, to) => refused(refusedFace(request, words, to)),
    list: (requests, also) => list(listFace(requests, also)),
  }
}

/** Draws with one template. The data is looked up, once: what stands in it is not read as a template again. */
function pen(files: ReadonlyMap<string, Uint8Array>, name: string): (data: object) => object {
  const bytes = files.get(name)
  if (!bytes) throw new Error(`cards/${name} is missing.`)
  const template = parsed(bytes, name)
  return (data) => template.expand({ $root: { ...data, words: wording.onCards } }) as object
}

function parsed(bytes: Uint8Array, name: string): Template {
  try {
    const card: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof card !== 'object') throw new TypeError('It is not an object.')
    return new Template(card)
  } catch (cause) {
    throw new Error(`cards/${name} is no card template.`, { cause })
  }
}
