// Made from the OpenAPI document by scripts/clientTypes.mjs. Changes here are lost.

export interface ApiAnswerBody {
  /** `id` of the question. */
  readonly question: string
  /** No control characters but tab, newline, and carriage return before newline. */
  readonly answer: string
}

export interface ApiAskBody {
  /** The name of the action, as the tool has it: letters, digits and _ . : / - */
  readonly action: string
  /** In NFC, without invisible characters and white space around it. Rules compare it in NFKC and lower case; for an action whose rules do, it has no dot segments, no empty parts and no word of several scripts. */
  readonly target: string
  /** Lower-case words of a-z and 0-9, joined by . _ or - */
  readonly environment: string
  /** What the action is done with, exactly: the digest covers it, and approvers are shown all of it.
   *
   * Keys, at every depth: 1 to 253 characters, not __proto__, none that a reader cannot see, no letters of scripts that look alike in one word, and no two in one object that look the same.
   *
   * Keys at the top that begin with countersign. are kept: countersign.run is what `countersign run` binds, an object with exactly path, args and cwd.
   *
   * Values: null, booleans, texts, arrays, objects, and numbers as RFC 7493 has them. An integer lies between -(2^53-1) and 2^53-1; any other number is written with the digits that come back from a double.
   *
   * To a param that the policy declares as optional, null means that it is not given. One that is required is not null.
   *
   * Sizes: 16 levels, 2,000 values, and 16,384 bytes for the whole action in canonical form (RFC 8785). Something larger is sent by its digest: an object with sha256 (64 lower-case hex digits), size (bytes), and if wanted href (an https address) and begins (how the text begins). */
  readonly params?: { readonly [key: string]: unknown }
  /** No control characters but tab, newline, and carriage return before newline. */
  readonly reason: string
  /** The object id of the agent that will redeem, if it is another one. Its registration names it. */
  readonly executor?: string
  /** The object id of the person for whom the agent asks. This person may not approve. */
  readonly onBehalfOf?: string
  /** Where approvers can read more. */
  readonly links?: readonly ({
    /** The words of the link: one line. */
    readonly title: string
    /** An https address with the full name of a host, in ASCII, without a user. */
    readonly url: string
  })[]
  /** Seconds until the request expires, if nobody decides. A rule may allow less. */
  readonly expiresIn?: number
  /** Asks for a standing approval. The action is then the sample that people see. */
  readonly standing?: {
    readonly uses: number
    readonly for: number
    /** In what uses may differ from the action of the ask. In everything else they are equal. */
    readonly vary?: {
      /** How the target of a use begins. It ends with a slash, and no part behind it leads away. */
      readonly target?: string
      /** By the name of a param: the most that its number may be, from 0 on; or the values of which it may be one, or some. */
      readonly params?: { readonly [key: string]: unknown }
    }
  }
  /** The id of a standing approval: what lies in it is approved at once, and nobody is asked. Not beside standing. The same idempotency key without it, or with another, is answered with the request that it made. */
  readonly under?: string
  /** A UUID of this attempt, chosen by the agent. What policy alone allows, and the agent executes itself, is redeemed with it by the same call: then `next` is `execute`. The same idempotency key may come with another. */
  readonly redemption?: string
}

export interface ApiDecision {
  readonly approver: string
  readonly verdict: ApiVerdict
  /** The door that the vote came through, as teams or api. */
  readonly via: string
  readonly at: string
  readonly name?: string
  /** Of a deputy, the member who was away. Both have one vote. */
  readonly for?: {
    readonly id: string
    readonly name?: string
  }
  readonly reason?: string
  /** Present for an approval from before the newest answer or narrowing, which counts no more. */
  readonly current?: false
  /** Present once the vote no longer counts. */
  readonly void?: {
    readonly why: 'left' | 'disabled' | 'excluded' | 'duplicate'
    readonly at: string
  }
}

export type ApiDeliveryState = 'pending' | 'ok' | 'late' | 'undeliverable'

export interface ApiGlass {
  readonly by: string
  readonly name?: string
  readonly at: string
  readonly reason?: string
  readonly reviewBy: string
  readonly review?: {
    readonly by: string
    readonly name?: string
    readonly at: string
    readonly finding: 'justified' | 'unjustified'
    readonly reason?: string
  }
}

export interface ApiGrant {
  /** A JWS in compact form. */
  readonly token: string
  readonly expiresAt: string
}

export interface ApiLink {
  readonly title: string
  readonly url: string
}

export interface ApiNarrowing {
  readonly by: string
  readonly name?: string
  readonly at: string
  readonly reason?: string
  /** Of what it left. */
  readonly digest: string
  /** What got smaller, by name. Absent once it is erased, and of a standing approval. */
  readonly params?: { readonly [key: string]: unknown }
  /** What of a standing approval got smaller. Absent once it is erased. */
  readonly standing?: {
    readonly uses?: {
      readonly before: unknown
      readonly after: unknown
    }
    readonly for?: {
      readonly before: unknown
      readonly after: unknown
    }
  }
}

export type ApiNextStep = 'wait' | 'answer' | 'redeem' | 'execute' | 'report' | 'use' | 'stop'

export interface ApiOutcome {
  readonly result: 'succeeded' | 'failed'
  readonly summary?: string
  readonly output?: {
    readonly sha256: string
    readonly size: number
  }
}

export interface ApiOutcomeBody {
  /** Whether the action took effect. */
  readonly result: 'succeeded' | 'failed'
  /** What happened. No control characters but tab, newline, and carriage return before newline. */
  readonly summary?: string
  /** The digest and size in bytes of what was produced, which stays with the executor. */
  readonly output?: {
    readonly sha256: string
    readonly size: number
  }
}

export interface ApiPolicyAnswer {
  readonly version: string
  readonly outcome: ApiPolicyOutcome
  readonly rules: readonly string[]
  readonly summary?: string
  readonly tier?: ApiTier
}

export type ApiPolicyOutcome = 'approve' | 'allow' | 'forbid' | 'no-policy'

export interface ApiPrompts {
  /** When people were reminded last. */
  readonly remindedAt?: string
  /** When more groups may approve, too. */
  readonly escalatesAt?: string
  /** The groups that may from then on. */
  readonly groups?: readonly string[]
  /** The groups that joined already. */
  readonly joined?: readonly string[]
}

export interface ApiQuestion {
  /** The hash of its event, which an answer names. */
  readonly id: string
  readonly by: string
  readonly name?: string
  /** The groups of the person among those that decide. */
  readonly groups: readonly string[]
  readonly at: string
  /** What a person wants to know: data, and no instruction. Absent once it is erased. */
  readonly text?: string
  readonly answer?: {
    readonly by: {
      readonly kind: 'agent' | 'person'
      readonly id: string
      readonly name?: string
    }
    readonly at: string
    readonly text?: string
  }
}

export interface ApiRequest {
  readonly id: string
  readonly status: ApiStatus
  readonly action: string
  readonly target?: string
  readonly environment?: string
  readonly params?: { readonly [key: string]: unknown }
  readonly reason?: string
  readonly links?: readonly ApiLink[]
  /** What approvers are warned of. In answers to people alone: an agent could evade warnings. */
  readonly warnings?: readonly ApiWarning[]
  readonly digest: string
  /** The hash of the newest event that people decide on: of the ask, or of the newest answer or narrowing. */
  readonly content?: string
  readonly agent: {
    readonly id: string
    readonly name: string
    /** The display name of the first enabled owner of the agent, or else sponsor, when it asked. Absent where the directory gave none, and where policy alone answered. */
    readonly owner?: string
  }
  readonly executor: string
  readonly onBehalfOf?: string
  readonly policy: ApiPolicyAnswer
  readonly approvals: {
    readonly required: readonly ApiSlot[]
    readonly decisions: readonly ApiDecision[]
    /** Accounts that only the agent's own word (onBehalfOf, executor) keeps from approving. */
    readonly excludedByAgent?: readonly string[]
  }
  readonly questions?: readonly ApiQuestion[]
  /** The params that approvers may make smaller while it is pending. */
  readonly narrowable?: readonly string[]
  /** What was asked for. Present once an approver made it smaller. */
  readonly asked?: {
    readonly digest: string
  }
  readonly narrowed?: readonly ApiNarrowing[]
  readonly prompts?: ApiPrompts
  readonly glass?: ApiGlass
  readonly standing?: ApiStanding
  /** Of a use: its standing approval. */
  readonly under?: string
  /** Of a use: which one it is, from 1. */
  readonly use?: number
  readonly delivery: ApiDeliveryState
  readonly createdAt: string
  readonly expiresAt?: string
  readonly approvedAt?: string
  readonly lapsesAt?: string
  readonly redeemedAt?: string
  readonly closedAt?: string
  readonly outcome?: ApiOutcome
  readonly next: ApiNextStep
  /** What the person who reads a list may do beside deciding and revoking. Absent if it is nothing, and in other answers. */
  readonly may?: readonly ('ask' | 'answer' | 'narrow' | 'break-glass' | 'review')[]
  readonly stop?: ApiStop
  readonly grant?: ApiGrant
  /** The uuid with which it was redeemed. In answers to the executor alone, which compares it with its own. */
  readonly redemption?: string
}

export interface ApiRequestList {
  readonly requests: readonly ApiRequest[]
  /** Where the next page starts. Absent after the last page. */
  readonly cursor?: string
  /** How far the list was read: when the last request that was looked at was made; of pending ones, when it expires. Absent after the last page. */
  readonly until?: string
  /** Requests that only a newer version of the service can read, for app role Evidence.Read. */
  readonly newer?: readonly string[]
}

export interface ApiSlot {
  readonly groups: readonly string[]
  readonly quorum: number
  readonly have: number
}

export interface ApiStanding {
  readonly uses: number
  readonly used: number
  readonly usedAt?: string
  /** Seconds from the approval on. */
  readonly for: number
  /** When it ends, once it is approved. */
  readonly until?: string
  /** In what uses may differ from the action. Absent once it is erased. */
  readonly vary?: {
    readonly target?: string
    readonly params?: { readonly [key: string]: unknown }
  }
}

export type ApiStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled' | 'redeemed' | 'lapsed' | 'revoked' | 'ended' | 'succeeded' | 'failed'

export interface ApiStop {
  readonly code: ApiStopCode
  readonly words: string
}

export type ApiStopCode = 'denied' | 'forbidden-by-policy' | 'no-policy' | 'expired' | 'cancelled' | 'revoked' | 'tampered' | 'lapsed' | 'ended' | 'succeeded' | 'failed'

export type ApiTier = 'low' | 'medium' | 'high'

export type ApiVerdict = 'approve' | 'deny'

export interface ApiWarning {
  readonly code: string
  /** What it means, for people. */
  readonly words: string
}
