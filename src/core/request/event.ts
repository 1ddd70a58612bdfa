import type { Day } from '../data/day.ts'
import type { Digest, Hex, HoldId, ObjectId, RequestId, Shard } from '../data/id.ts'
import { sha256 } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { canonical, type JsonObject } from '../data/json.ts'
import { leafHash } from '../log/merkle.ts'
import type { HoldScope } from './hold.ts'
import type { RefusedAct, RefusedCode } from './refusalCode.ts'
import type { Facts, Glass, Slot } from './requirement.ts'

export type Actor =
  | { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
  | { readonly kind: 'policy' | 'system' }

export const verdicts = ['approve', 'deny'] as const
export type Verdict = (typeof verdicts)[number]

export const tiers = ['low', 'medium', 'high'] as const
export type Tier = (typeof tiers)[number]

/**
 * Why a vote no longer counts: its person left a group or the tenant, was disabled, is excluded now, or turned out to
 * have voted before with another account.
 */
export const voidReasons = ['left', 'disabled', 'excluded', 'duplicate'] as const
export type VoidReason = (typeof voidReasons)[number]

/** The answer of policy: people decide, approved by a rule, denied by a rule, denied because no rule matched. */
export const outcomes = ['approve', 'allow', 'forbid', 'no-policy'] as const
export type Outcome = (typeof outcomes)[number]

/** How a row that does not hold was found out: the same words as in health, as far as a repair mends them. */
export const tamperChecks = ['missing', 'mac', 'form', 'head', 'events'] as const
export type TamperCheck = (typeof tamperChecks)[number]

/** What an execution produced, by its hash. `size` is in bytes. */
export interface Output {
  readonly sha256: Hex
  readonly size: number
}

/** All facts by type, each in version 1. docs/evidence/events.md explains what they mean, and how they may grow. */
export type Fact =
  | { readonly type: 'requested'; readonly data: Requested }
  | {
      readonly type: 'shown'
      readonly data: {
        readonly view: Digest
        readonly content: Hex
        readonly template: Hex
        readonly page: number
        readonly pages: number
      }
    }
  | { readonly type: 'decided'; readonly data: Decided }
  | {
      readonly type: 'vote-void'
      readonly data: { readonly vote: Hex; readonly why: VoidReason; readonly facts: Facts }
    }
  | {
      readonly type: 'approved'
      readonly data: {
        readonly by: 'quorum' | 'policy' | 'glass' | 'standing'
        readonly rules?: readonly string[]
        readonly lapsesAt: Instant
        /** Of a use: the standing approval that it is a use of, and which one, from 1. */
        readonly standing?: RequestId
        readonly use?: number
      }
    }
  | {
      readonly type: 'denied'
      readonly data: { readonly by: 'denial' | 'policy'; readonly rules?: readonly string[] }
    }
  | { readonly type: 'expired' | 'lapsed' | 'unreported' | 'undeliverable' | 'cancelled' }
  | {
      readonly type: 'revoked'
      readonly data: { readonly client?: ObjectId; readonly facts: Facts } | { readonly rules: readonly string[] }
    }
  | { readonly type: 'redeemed'; readonly data: { readonly redemption: string; readonly digest: Digest } }
  | { readonly type: 'succeeded' | 'failed'; readonly data?: { readonly output: Output } }
  | { readonly type: 'policy-changed'; readonly data: { readonly from?: Digest; readonly to: Digest } }
  | { readonly type: 'key-rotated'; readonly data: { readonly key: string; readonly size: number } }
  | {
      readonly type: 'erasure-asked'
      readonly data: {
        readonly names: readonly string[]
        readonly accounts: readonly ObjectId[]
        readonly client?: ObjectId
      }
    }
  | {
      readonly type: 'erased'
      readonly data: {
        readonly event: Hex
        readonly names: readonly string[]
        /** The person who asked for it first. */
        readonly askedBy: ObjectId
        readonly accounts: readonly ObjectId[]
        readonly client?: ObjectId
      }
    }
  | { readonly type: 'tampered'; readonly data: Tampered }
  | { readonly type: 'exported'; readonly data: Exported }
  | { readonly type: 'refused'; readonly data: RefusedAttempt }
  | { readonly type: 'roster'; readonly data: GroupRoster }
  | { readonly type: 'held'; readonly data: Held }
  | { readonly type: 'released'; readonly data: Released }
  | {
      readonly type: 'asked'
      /** `expiresAt` is present if the question moves the deadline to it. */
      readonly data: Sight & { readonly facts: Facts; readonly expiresAt?: Instant }
    }
  | { readonly type: 'answered'; readonly data: Answered }
  | { readonly type: 'narrowed'; readonly data: Narrowed }
  | { readonly type: 'reminded'; readonly data: { readonly round: number } }
  | { readonly type: 'escalated'; readonly data: { readonly groups: readonly string[] } }
  | {
      readonly type: 'glass-broken'
      readonly data: Sight & { readonly facts: Facts; readonly reviewBy: Instant }
    }
  | {
      readonly type: 'reviewed'
      readonly data: { readonly finding: ReviewFinding; readonly client?: ObjectId; readonly facts: Facts }
    }
  | { readonly type: 'unreviewed' }
  | { readonly type: 'used'; readonly data: UsedStanding }
  | { readonly type: 'ended'; readonly data: { readonly by: 'uses' | 'time' } }
  | { readonly type: 'delegated'; readonly data: Delegated }
  | { readonly type: 'recalled'; readonly data: Recalled }

/** A use of a standing approval: which one, from 1, and the request that it is, with its digest. */
interface UsedStanding {
  readonly use: number
  readonly request: RequestId
  readonly digest: Digest
}

/** A member of groups is away, and says who acts for them there meanwhile. */
export interface Delegated {
  readonly to: ObjectId
  /** Sorted. Policy names the deputy for each of them. */
  readonly groups: readonly string[]
  readonly until: Instant
  /** The application that the member used. */
  readonly client?: ObjectId
}

/** The member is back before the time. */
interface Recalled {
  /** The hash of the `delegated` event. */
  readonly event: Hex
  /** The application that the member used. */
  readonly client?: ObjectId
}

interface Decided extends Sight {
  readonly verdict: Verdict
  readonly facts: Facts
}

export interface Tampered {
  /** The first number of the events that it is about, and the last. */
  readonly from: number
  readonly to: number
  readonly check: TamperCheck
  /** The application that the person used. */
  readonly client?: ObjectId
}

export interface RefusedAttempt {
  readonly act: RefusedAct
  readonly code: RefusedCode
  /** The door of a decision. */
  readonly via?: string
  /** The application that a person used. */
  readonly client?: ObjectId
}

interface Answered {
  /** The hash of the question's event. */
  readonly question: Hex
  /** What the approvers are warned of since. */
  readonly warnings: readonly string[]
  /** The application that a person used. */
  readonly client?: ObjectId
  /** Of a person. An agent has none. */
  readonly facts?: Facts
}

/** What an approver made smaller: params, or the terms of a standing approval. */
interface Narrowed extends Sight {
  /** Of what is left. */
  readonly digest: Digest
  /** The names of what is smaller, sorted. Absent in a standing approval. */
  readonly params?: readonly string[]
  /** The policy by which what is left was judged. */
  readonly policy: Digest
  readonly facts: Facts
  /** What is left of a standing approval. */
  readonly standing?: { readonly uses: number; readonly seconds: number }
}

interface Held {
  readonly hold: HoldId
  readonly scope: HoldScope
  /** The application that the person used. */
  readonly client?: ObjectId
}

interface Released {
  readonly hold: HoldId
  /** The application that the person used. */
  readonly client?: ObjectId
}

/** The files of a sealed day that a person can download. */
export const exportedFiles = ['bundle', 'said'] as const
export type ExportedFile = (typeof exportedFiles)[number]

export interface Exported {
  readonly file: ExportedFile
  /** The sealed day that the file is of. */
  readonly date: Day
  /** The application that the person used. */
  readonly client?: ObjectId
}

/** Who was in a group that may approve, when a day began. */
export interface GroupRoster {
  /** Its name in `approvers.json`. */
  readonly group: string
  /** The group of the directory whose members are among them. Absent for a group that is a list. */
  readonly entraGroup?: ObjectId
  readonly date: Day
  /** Of the text of {@link memberList}. */
  readonly digest: Digest
  readonly count: number
}

export interface Requested {
  readonly action: string
  readonly digest: Digest
  readonly executor: ObjectId
  readonly onBehalfOf?: ObjectId
  readonly policy: { readonly version: Digest; readonly outcome: Outcome; readonly rules: readonly string[] }
  readonly warnings: readonly string[]
  readonly tier?: Tier
  readonly requirement?: readonly Slot[]
  /** Accounts of people who may not approve. */
  readonly excluded?: readonly ObjectId[]
  /** Those of them that only the agent's own word excludes: by whom it acts for, or by the executor that it names. */
  readonly excludedByAgent?: readonly ObjectId[]
  readonly expiresAt?: Instant
  /** Seconds from the approval until it lapses. */
  readonly lapse?: number
  /** Seconds for which a grant is valid. */
  readonly grant?: number
  /** The doors through which people may approve, sorted. Absent if every door may. */
  readonly via?: readonly string[]
  /** Present if channels are shown no more of the action than verb and target. */
  readonly private?: true
  /** A question moves the deadline to so many seconds after it, but not past `latest`. */
  readonly answer?: { readonly latest: Instant; readonly within: number }
  /** When people are reminded: seconds after the ask, or with a negative number before the deadline. Ascending. */
  readonly remind?: readonly number[]
  /** Who may approve alone in an emergency, and how many seconds others then have to review that. */
  readonly glass?: Glass
  /** The params that approvers may make smaller, sorted. Absent if there are none. */
  readonly narrowable?: readonly string[]
  /** Present if a standing approval is asked for: `lapse` is then how long it stands. */
  readonly standing?: { readonly uses: number }
  /** Present in a use: the standing approval that it is a use of. */
  readonly under?: RequestId
}

/** What a person saw before an act, and the door that the act came through. */
export interface Sight {
  /** The door: a name such as `teams` or `api`. */
  readonly via: string
  /** The hash of the event whose content was seen. */
  readonly content: Hex
  /** Absent if the act rests on the action's digest alone. */
  readonly view?: Digest
  /** The application that the person used (`azp` of the access token), for doors with tokens. */
  readonly client?: ObjectId
  /** The authentication context that the person met, if one was asked for. */
  readonly proved?: string
}

/** What somebody who broke a glass could have done wrong, in the eyes of the person who looked at it afterwards. */
export const findings = ['justified', 'unjustified'] as const
export type ReviewFinding = (typeof findings)[number]

/** A fact with its actor and the texts that people wrote, before it has a place in a chain. */
export type Draft = Fact & {
  readonly actor: Actor
  readonly request?: RequestId
  readonly said?: Readonly<Record<string, string>>
}

/** A text and the salt that its digest in the leaf was made with (32 hex digits). */
export interface Salted {
  readonly salt: string
  readonly text: string
}

/** An event as it is stored: canonical text and hash, and the salted texts, which are not part of the leaf. */
export interface Leaf {
  readonly seq: number
  readonly type: Fact['type']
  readonly hash: Hex
  readonly text: string
  readonly request?: RequestId
  readonly said: Readonly<Record<string, Salted>>
}

/** The newest event of a shard. Before the first one `seq` is 0 and `hash` is 64 zeros. */
export interface ChainHead {
  readonly seq: number
  readonly hash: Hex
}

export const emptyChain: ChainHead = { seq: 0, hash: '0'.repeat(64) as Hex }

/** A leaf holds facts and digests only, because it can never be deleted: docs/evidence/events.md. */
export const maxLeafBytes = 4096

/**
 * Chains drafts to a shard's head and writes them as leaves: canonical JSON, free text replaced by salted digests.
 *
 * @param salt returns 32 new hex digits at each call
 * @throws {RangeError} for a leaf over 4 KiB, which the limits on policy and input prevent.
 */
export function chain(
  drafts: readonly Draft[],
  head: ChainHead,
  place: { readonly shard: Shard; readonly at: Instant },
  salt: () => string,
): readonly Leaf[] {
  let { seq, hash } = head
  return drafts.map((draft) => {
    const { said: texts = {}, ...fact } = draft
    const said = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { salt: salt(), text }]))
    const digests = Object.fromEntries(Object.entries(said).map(([name, salted]) => [name, saidDigest(salted)]))
    const event = { v: 1, ...fact, ...place, seq: seq + 1, prev: hash, ...(draft.said && { said: digests }) }
    const text = canonical(present(event))
    if (Buffer.byteLength(text) > maxLeafBytes) throw new RangeError(`A ${draft.type} event has over 4 KiB.`)
    seq += 1
    hash = leafHash(text)
    return { seq, type: draft.type, hash, text, said, ...(draft.request && { request: draft.request }) }
  })
}

/** Commits to a text without revealing it: hex(SHA-256(JCS({ salt, text }))). */
export const saidDigest = ({ salt, text }: Salted): Hex => sha256(canonical({ salt, text }))

/** Drops members that are `undefined`: absent facts are absent from the bytes. */
function present(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject
}
