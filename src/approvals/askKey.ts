import { type Action, actionDigest } from '../core/action/action.ts'
import { type Hex, keyHash, type ObjectId, type RequestId, type Shard, shardOf, shardOfKey } from '../core/data/id.ts'
import { evidenceBroken, Problem } from '../core/data/problem.ts'
import { type ApprovalRequest, askedDigestOf } from '../core/request/request.ts'
import { uncovered } from '../core/request/standing.ts'
import { type ClaimedKey, isClaim, type KeyRow, type UsedKey } from '../ports/ledger.ts'
import { believed, type ChangeParts } from './commit.ts'

/**
 * Idempotency keys. One key of an agent makes one request, whether it comes with `under` or without, and whatever standing
 * approval `under` names.
 *
 * The request and its key's row are one commit. A use lies in the shard of its standing approval, so the row lies there, too,
 * and the key's own shard has a claim instead, which is written before. An ask without `under` takes the place of a claim
 * only after it has closed the key in the shard of the standing approval: either the use is there by then, and is the answer,
 * or its commit finds the key closed.
 */
interface AskKey {
  readonly agent: { readonly id: ObjectId }
  /** The idempotency key, and the hash of the body it came with. */
  readonly key: { readonly text: string; readonly body: Hex }
}

type KeyParts = Pick<ChangeParts, 'ledger' | 'backOff'>

/** The place of a key's row. */
interface KeyPlace {
  readonly shard: Shard
  readonly hash: Hex
}

/** Where the row of a key lies: in its own shard, or that of a use in the shard of the standing approval. */
export const placeOfKey = ({ agent, key: { text } }: AskKey, under?: RequestId): KeyPlace =>
  under === undefined
    ? { shard: shardOfKey(agent.id, text), hash: keyHash(agent.id, text) }
    : { shard: shardOf(under), hash: keyHash(agent.id, `${under}\n${text}`) }

/** Finds what a key made; `null` if it made nothing yet. @throws {Problem} `evidence-broken`, `unavailable` */
export async function usedKeyOf({ ledger }: Pick<KeyParts, 'ledger'>, ask: AskKey): Promise<UsedKey | null> {
  const { shard, hash } = placeOfKey(ask)
  const found = await ledger.findKey(shard, hash)
  return found && isClaim(found) ? useOf({ ledger }, ask, found.under) : found
}

/** Finds the use that a key made of a standing approval. */
async function useOf({ ledger }: Pick<KeyParts, 'ledger'>, ask: AskKey, under: RequestId): Promise<UsedKey | null> {
  const { shard, hash } = placeOfKey(ask, under)
  return unlessClaim(await ledger.findKey(shard, hash))
}

const unlessClaim = (key: KeyRow | null): UsedKey | null => (key && isClaim(key) ? null : key)

/**
 * Claims a key for a use of a standing approval, before the use is committed.
 *
 * @param request the id that the use gets
 * @returns what the key made before; `null` if it made nothing
 * @throws {Problem} `not-covered` if the key was left to another standing approval, or taken from this one
 */
export async function claimForUse(
  { ledger }: Pick<KeyParts, 'ledger'>,
  ask: AskKey,
  { under, request }: Omit<ClaimedKey, 'body'>,
): Promise<UsedKey | null> {
  const { shard, hash } = placeOfKey(ask)
  const { body } = ask.key
  const found = await ledger.claimKey(shard, hash, { request, body, under })
  if (found === null) return null
  if (!isClaim(found)) return found
  if (found.under === under) return null
  const used = await useOf({ ledger }, ask, found.under)
  if (used === null) throw uncovered('', 'its idempotency key came with another one before')
  return used
}

/** Says that a use came too late: its key was taken for the action itself. */
export const keyIsClosed = (): Problem => uncovered('', 'its idempotency key came without it meanwhile')

/**
 * Takes a claimed key from its standing approval, so that no use takes it any more.
 *
 * @returns the use that has taken it already; `null` if there is none, and will be none
 */
export async function closeClaim(
  { ledger }: Pick<KeyParts, 'ledger'>,
  ask: AskKey,
  claim: ClaimedKey,
): Promise<UsedKey | null> {
  const { shard, hash } = placeOfKey(ask, claim.under)
  return unlessClaim(await ledger.claimKey(shard, hash, claim))
}

/**
 * Reads what a key made, for an answer. The key's row is not trusted: the request that it names must be the caller's, with
 * the action that was just sent.
 *
 * @throws {Problem} `idempotency-mismatch`, `evidence-broken`, `busy`, `unavailable`
 */
export async function requestOfKey(
  parts: KeyParts,
  used: UsedKey,
  { agent, action, key }: Pick<AskKey, 'agent'> & Partial<Pick<AskKey, 'key'>> & { readonly action: Action },
): Promise<ApprovalRequest> {
  if (used.body !== key?.body)
    throw new Problem('idempotency-mismatch', 'This idempotency key was used with another body.', {
      request: used.request,
    })
  const found = await parts.ledger.find(used.request)
  const request = found && (await believed(parts, found))
  if (request?.agent.id !== agent.id || askedDigestOf(request) !== actionDigest(action))
    throw evidenceBroken({ shard: shardOf(used.request), row: 'key', request: used.request, check: 'events' })
  return request
}
