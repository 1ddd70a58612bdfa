import type { ProvenRequest } from '../../verify/provenRequest.ts'
import { accountOf } from '../account.ts'
import { sectionOf } from '../accountHtml.ts'
import { listOf, pageEnd, pageHead } from '../html.ts'

/**
 * Describes one request to a person outside, and how to check all of it. It is made from the proofs and the disclosed
 * texts alone, so that a verifier can make it again and compare.
 */
export function proofPage(proven: ProvenRequest): string {
  const { request, log, story, ended, texts } = proven
  return `${pageHead(`Countersign: request ${request}`)}<h1>One request, proved</h1>
<p>This page says what a log of privileged actions has about one request. Do not believe the page, but check the files beside
it, with the log’s public key from a source that you trust:</p>
<blockquote>countersign verify-proof FOLDER --key LOG.pem</blockquote>
${listOf([
  ['log', log.origin],
  ['size', `${log.size}`],
  ['root', log.root],
  ['events', `${story.events.length}, each with a proof that the log has it: ${placesOf(proven)}`],
  ['texts', `${texts} disclosed. Where a text is missing, it was not disclosed, or erased`],
  ['complete', completeness(ended)],
])}<p>Names are for display; object ids decide. ↵ is the end of a line, and ⟦U+…⟧ an invisible character.</p>
${sectionOf(accountOf(story))}${pageEnd}`
}

const placesOf = ({ story }: ProvenRequest): string => story.events.map(({ index }) => index).join(', ')

/** What the proofs say about events that are not among them. */
export const completeness = (ended: boolean): string =>
  ended
    ? 'from the ask to the end, and the rules leave no room for another decision or use between. Views by people who did not vote may be missing'
    : 'from the ask on, but the request had not ended: later events are not here'
