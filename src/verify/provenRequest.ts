import { Broken } from '../core/data/broken.ts'
import type { RequestId } from '../core/data/id.ts'
import { leafHash } from '../core/log/merkle.ts'
import type { Exceptional } from '../core/record/auditException.ts'
import { replay } from '../core/record/replay.ts'
import { checkProof, type Proven } from './proof.ts'
import type { Story, StoryEvent } from './requestStory.ts'
import { SaidReader } from './saidReader.ts'

/** A file with the proof of one event. */
export interface ProofFile {
  readonly name: string
  readonly text: string
}

/** A request of which all proofs hold, and follow each other. */
export interface ProvenRequest {
  readonly request: RequestId
  readonly log: Pick<Proven, 'origin' | 'size' | 'root'>
  readonly story: Story
  /** Whether the request had ended: then nothing but erasures can follow the events that are proved here. */
  readonly ended: boolean
  readonly texts: number
}

/** The file's name of the proof of an event. */
export const proofName = (request: RequestId, seq: number): string => `${request}-${seq}.tlog-proof`

/**
 * Checks the files of one request's proofs, each by itself and then {@link together}.
 *
 * @throws {Broken} for the first check that fails
 */
export function checkProofs(
  files: readonly ProofFile[],
  said: AsyncIterator<Uint8Array>,
  keys: readonly Uint8Array[],
): Promise<ProvenRequest> {
  return together(
    files.map((file) => named(file, checkProof(file.text, keys))),
    said,
  )
}

/**
 * Checks proven events of one request together: all are of one log at one size, they stand in the log in the order of
 * their numbers, none is doubled, those of one commit are all there, and the rules lead from each to the next, beginning
 * with the ask. The log cannot show that no other event is about the request, but the rules leave no room for one that
 * would have changed what became of it.
 *
 * @param said the disclosed texts, as lines of a said file
 * @throws {Broken} for the first check that fails
 */
export async function together(all: readonly Proven[], said: AsyncIterator<Uint8Array>): Promise<ProvenRequest> {
  const proven = all.toSorted((a, b) => a.index - b.index)
  const [first] = proven
  const request = first?.event.request
  if (!first || request === undefined) throw new Broken('bad-proof', 'No proof here is of an event of a request.')
  for (const [i, one] of proven.entries()) checkNeighbours(first, proven[i - 1], one)
  const reader = new SaidReader(said)
  const rules = replay()
  const events: StoryEvent[] = []
  const exceptions: Exceptional[] = []
  for (const { index, event, leaf } of proven) {
    exceptions.push(...rules.take(event, index, leafHash(leaf)))
    events.push({ index, event, texts: reader.concerns(event) ? await reader.take(event, index) : [] })
  }
  const [life] = rules.rows()
  const { given } = await reader.end()
  if (!life) throw new Broken('bad-proof', 'The proofs do not make a request.')
  const { origin, size, root } = first
  const story = { life, events, exceptions }
  return { request, log: { origin, size, root }, story, ended: 'closedAt' in life.request, texts: given }
}

function named({ name, text: _text }: ProofFile, proven: Proven): Proven {
  const { request, seq } = proven.event
  if (request !== undefined && name !== proofName(request, seq))
    throw new Broken('bad-proof', `${name} proves event ${seq} of request ${request}, which its name does not say.`)
  return proven
}

function checkNeighbours(first: Proven, before: Proven | undefined, one: Proven): void {
  const { event, origin, size, root } = one
  if (event.request !== first.event.request)
    throw new Broken('bad-proof', `Event ${event.seq} is of another request than event ${first.event.seq}.`)
  if (origin !== first.origin || size !== first.size || root !== first.root)
    throw new Broken(
      'bad-proof',
      `Event ${event.seq} is proved for the log of size ${size}, event ${first.event.seq} for size ${first.size}: make all proofs from one bundle.`,
    )
  if (!before) return
  if (event.seq <= before.event.seq)
    throw new Broken('bad-proof', `Event ${event.seq} stands in the log behind event ${before.event.seq}.`)
  if (event.seq === before.event.seq + 1 && event.prev !== leafHash(before.leaf))
    throw new Broken('broken-chain', `Event ${event.seq} does not follow event ${before.event.seq} in its shard.`)
}
