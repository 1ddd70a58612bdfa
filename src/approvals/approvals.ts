import { checkGrant } from '../core/request/grant.ts'
import { checkMayDecide, type DecisionInput, decide, show } from '../core/request/decision.ts'
import type { Digest, Hex, ObjectId, RequestId } from '../core/data/id.ts'
import { milliseconds } from '../core/data/instant.ts'
import { pagesOf } from '../core/action/page.ts'
import { asNewer, Problem } from '../core/data/problem.ts'
import { redeem, type Report, report } from '../core/request/redemption.ts'
import { type ApprovalRequest, due } from '../core/request/request.ts'
import { type Facts, overlap } from '../core/request/requirement.ts'
import { checkSecretIn } from '../core/action/secret.ts'
import { cancel, revoke } from '../core/request/withdrawal.ts'
import { type Ask, type Asked, ask, type AskParts } from './ask.ts'
import { change, settle, unchanged } from './commit.ts'
import type { Grant, grants } from './grants.ts'
import { factsFor, type Known, known } from './eligibility.ts'
import type { KeptEvent, Page, Scope } from '../ports/ledger.ts'
import type { Waiting } from './waiting.ts'

export type ApprovalsParts = AskParts & {
  readonly grants: ReturnType<typeof grants>
  readonly issuer: string
  readonly waiting: Waiting
}

/** Who reads: an agent, or a person who may hold the right to read evidence. */
export type Reader =
  | { readonly kind: 'agent'; readonly id: ObjectId }
  | { readonly kind: 'person'; readonly id: ObjectId; readonly evidence: boolean }

/** A person's decision, before the facts about them are known. */
export type DecideInput = Omit<DecisionInput, 'facts' | 'at' | 'name'>

/** A request as one person sees it. */
export interface Reviewed {
  readonly request: ApprovalRequest
  readonly page: number
  /** Why this person may not decide. */
  readonly refusal: Problem | null
  /** They are in none of the groups that decide it: what it is about is not for them. */
  readonly stranger: boolean
}

/** At most so many overdue requests are settled in one sweep of the timer. */
const sweepLimit = 500

export type Approvals = ReturnType<typeof approvals>

/** The use cases of the main job: each loads, asks the core, commits once, then tells. */
export function approvals(parts: ApprovalsParts) {
  const { ledger, clock, waiting } = parts

  /** Lets passed deadlines take effect: nobody is told of a state that is over. */
  async function settled(request: ApprovalRequest): Promise<ApprovalRequest> {
    const deadline = due(request)
    return deadline === null || clock.now() < deadline ? request : settle(parts, request.id)
  }

  return {
    async ask(input: Ask): Promise<Asked> {
      const asked = await ask(parts, input)
      return asked.created ? asked : { ...asked, request: await settled(asked.request) }
    },

    /** @throws {Problem} `not-found` also for what the reader may not know of. */
    async read(id: RequestId, reader: Reader): Promise<ApprovalRequest> {
      const request = await ledger.find(id)
      if (!request || !(await mayRead(parts, request, reader))) throw notFound()
      return settled(request)
    },

    /** Waits, at most so many seconds, for the request to leave `pending`. The reader was let in before. */
    async wait(id: RequestId, seconds: number): Promise<ApprovalRequest> {
      const until = Date.now() + seconds * 1000
      const watch = waiting.watch(id)
      try {
        for (;;) {
          const request = await ledger.find(id)
          if (!request) throw notFound()
          const now = await settled(request)
          const left = until - Date.now()
          if (now.status !== 'pending' || left <= 0 || waiting.stopped()) return now
          const toDeadline = milliseconds(now.requirement.expiresAt) - milliseconds(clock.now())
          await watch.changed(Math.max(1, Math.min(left, toDeadline)))
        }
      } finally {
        watch.close()
      }
    },

    /** The grant that goes with an approved request, for the agent that asked or the executor; else `null`. */
    async grant(request: ApprovalRequest, reader: ObjectId): Promise<Grant | null> {
      const mayHave = reader === request.agent.id || reader === request.executor
      return mayHave ? parts.grants.issue(request, clock.now()) : null
    },

    /** @throws {Problem} as core/request/decision.ts; `not-found` for who may not know of it. */
    async decide(id: RequestId, input: DecideInput): Promise<ApprovalRequest> {
      const { found, ...involved } = await involvedIn(parts, id, input.approver)
      return change(parts, id, (request, at) => decide(request, { ...input, ...involved, at }), found)
    },

    /**
     * Shows a person one page of a request: recorded, before the page leaves, if they may decide.
     *
     * @throws {Problem} `not-found` also for guests, and who is disabled.
     */
    async review(id: RequestId, approver: ObjectId, wanted: { page: number; template: Hex }): Promise<Reviewed> {
      const { facts, found } = await actorIn(parts, id, approver)
      let reviewed = { page: 1, refusal: null as Problem | null }
      const request = await change(
        parts,
        id,
        (request, at) => {
          const pages = request.action ? pagesOf(request.action, request.policy.presentation).length : 1
          const page = Math.min(wanted.page, pages)
          const refusal = refusalOf(request, facts)
          reviewed = { page, refusal }
          if (refusal) return unchanged(request, at)
          return show(request, { approver, template: wanted.template, page, pages })
        },
        found,
      )
      return { request, ...reviewed, stranger: !isInvolved(request, facts) }
    },

    /** @throws {Problem} as core/request/withdrawal.ts; `not-found` for other agents. */
    async cancel(id: RequestId, agent: ObjectId, reason?: string): Promise<ApprovalRequest> {
      checkSecretIn(reason, '/reason')
      return change(parts, id, (request, at) => {
        if (request.agent.id !== agent) throw notFound()
        return cancel(request, { at, ...(reason !== undefined && { reason }) })
      })
    },

    /** @throws {Problem} as core/request/withdrawal.ts; `not-found` for who may not know of it. */
    async revoke(id: RequestId, approver: ObjectId, reason?: string): Promise<ApprovalRequest> {
      const { found, ...involved } = await involvedIn(parts, id, approver)
      const input = { approver, ...involved, ...(reason !== undefined && { reason }) }
      return change(parts, id, (request, at) => revoke(request, { ...input, at }), found)
    },

    /** @throws {Problem} `grant-invalid`, `digest-mismatch`, `already-redeemed`, `not-redeemable` */
    async redeem(
      id: RequestId,
      input: { caller: ObjectId; mayRedeemForOthers: boolean; grant: string; digest: Digest; redemption: string },
    ): Promise<ApprovalRequest> {
      const { caller, mayRedeemForOthers, grant, digest, redemption } = input
      const claims = await parts.grants.read(grant)
      return change(parts, id, (request, at) => {
        if (request.executor !== caller && request.agent.id !== caller) throw notFound()
        if (request.agent.id !== caller && !mayRedeemForOthers)
          throw new Problem('not-permitted', 'To execute for another agent needs the app role Grants.Redeem.')
        const grantExpiresAt = checkGrant(claims, { issuer: parts.issuer, caller, digest, request })
        return redeem(request, { redemption, digest, grantExpiresAt, at })
      })
    },

    /** @throws {Problem} `not-redeemed`, `already-reported`; `not-found` for who could not have redeemed. */
    async report(id: RequestId, input: Omit<Report, 'at'>): Promise<ApprovalRequest> {
      checkSecretIn(input.summary, '/summary')
      return change(parts, id, (request, at) => {
        if (request.executor !== input.executor) throw notFound()
        return report(request, { ...input, at })
      })
    },

    events: async (request: ApprovalRequest): Promise<readonly KeptEvent[]> => ledger.events(request),

    /**
     * A page of requests, their deadlines settled; only those the reader may know of, and that this program can read.
     *
     * @throws {Problem} `unavailable` also when it cannot be found out whether they may: nothing is hidden in silence.
     */
    async list(
      scope: Scope,
      page: { keep: (request: ApprovalRequest) => boolean; limit: number; cursor?: string },
      reader: Reader & { kind: 'person' },
    ): Promise<Page> {
      const person = reader.evidence ? null : await known(parts, reader.id)
      const keep = async (request: ApprovalRequest) =>
        page.keep(request) && (reader.evidence || (person !== null && (await mayKnow(parts, request, person))))
      const found = await ledger.list(scope, { ...page, keep })
      const states = await Promise.all(
        found.requests.map((request) => settled(request).then((request) => ({ request }), asNewer)),
      )
      const newer = [...(found.newer ?? []), ...states.flatMap((state) => ('newer' in state ? [state.newer] : []))]
      const requests = states.flatMap((state) => ('request' in state ? [state.request] : [])).filter(page.keep)
      return { ...found, requests, ...(newer.length > 0 && { newer }) }
    },

    /** Lets every passed deadline take effect. Returns how many requests it looked at. */
    async sweep(): Promise<number> {
      const ids = await ledger.due(clock.now(), sweepLimit)
      const results = await Promise.allSettled(ids.map((id) => settle(parts, id)))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
      return ids.length
    },
  }
}

async function mayRead(parts: ApprovalsParts, request: ApprovalRequest, reader: Reader): Promise<boolean> {
  if (reader.kind === 'agent') return reader.id === request.agent.id || reader.id === request.executor
  if (reader.evidence) return true
  const person = await known(parts, reader.id)
  return person !== null && mayKnow(parts, request, person)
}

/**
 * The one rule of which people know of a request: members of a required group, also those who are excluded from
 * deciding it, and who has decided. To a guest, or who was disabled, it is as if there were none.
 */
async function mayKnow(parts: ApprovalsParts, request: ApprovalRequest, person: Known): Promise<boolean> {
  if (!isOfTenant(person)) return false
  return hasDecided(request, person) || (await factsFor(parts, person, request)).groups.length > 0
}

const isOfTenant = ({ member, enabled }: Pick<Facts, 'member' | 'enabled'>): boolean => member && enabled

const hasDecided = ({ decisions }: ApprovalRequest, { accounts }: Pick<Facts, 'accounts'>): boolean =>
  decisions.some(({ facts }) => overlap(facts.accounts, accounts))

const isInvolved = (request: ApprovalRequest, facts: Facts): boolean =>
  facts.groups.length > 0 || hasDecided(request, facts)

/** What a person's act on a request rests on; as {@link mayKnow} says who may act. */
async function involvedIn(parts: ApprovalsParts, id: RequestId, who: ObjectId) {
  const actor = await actorIn(parts, id, who)
  if (!isInvolved(actor.found, actor.facts)) throw notFound()
  return actor
}

/** Somebody of the tenant. What a request requires never changes, so that facts are asked for before the turn. */
async function actorIn(parts: ApprovalsParts, id: RequestId, who: ObjectId) {
  const [person, found] = await Promise.all([known(parts, who), parts.ledger.find(id)])
  if (!person || !found || !isOfTenant(person)) throw notFound()
  return { name: person.name, facts: await factsFor(parts, person, found), found }
}

function refusalOf(request: ApprovalRequest, facts: Facts): Problem | null {
  try {
    checkMayDecide(request, facts)
    return null
  } catch (cause) {
    if (cause instanceof Problem) return cause
    throw cause
  }
}

const notFound = () => new Problem('not-found', 'There is no such request.')
