import { type Draft, chain, type ChainHead, emptyChain, type Leaf } from '../../../src/core/request/event.ts'
import { newRequestId, type RequestId } from '../../../src/core/data/id.ts'
import { decide } from '../../../src/core/request/decision.ts'
import { redeem, report } from '../../../src/core/request/redemption.ts'
import { type ApprovalRequest, overdue, recorded } from '../../../src/core/request/request.ts'
import { checkStands, use } from '../../../src/core/request/standing.ts'
import { open, type Submission } from '../../../src/core/request/submission.ts'
import { revoke } from '../../../src/core/request/withdrawal.ts'
import {
  action,
  after,
  bot,
  dba,
  dba2,
  decision,
  facts,
  owner,
  redemption,
  scope,
  shard,
  submission,
} from '../../support/build.ts'

/** One shard with a standing approval and its uses, as the use cases write them. */
export class Uses {
  readonly leaves: Leaf[] = []
  readonly all = new Map<RequestId, ApprovalRequest>()
  readonly under: RequestId = this.#next()
  seconds = 0

  constructor(uses: number, other: Partial<Submission> = {}) {
    const asked = { ...action, standing: { ...scope, uses } }
    const born = open(submission({ id: this.under, action: asked, excluded: [owner], ...other }))
    this.#write(born.events, born.request)
  }

  get standing(): ApprovalRequest {
    return this.all.get(this.under) as ApprovalRequest
  }

  /** Lets time pass, and passed deadlines take effect. */
  wait(seconds: number): void {
    this.seconds += seconds
    for (const { id } of [...this.all.values()])
      for (;;) {
        const late = overdue(this.all.get(id) as ApprovalRequest, after(this.seconds))
        if (!late) break
        this.#write(late.events, late.request)
      }
  }

  approve(approver = dba): void {
    const { standing } = this
    const step = decide(
      standing,
      decision(standing, {
        approver,
        at: after(this.seconds),
        others: new Map([
          [dba, { facts: facts(dba), excluded: false }],
          [dba2, { facts: facts(dba2), excluded: false }],
        ]),
      }),
    )
    this.#write(step.events, step.request)
  }

  use(other: Partial<Submission> = {}): RequestId {
    const at = after(this.seconds)
    const id = this.#next()
    const asked = open(submission({ id, at, under: this.under, excluded: [owner], ...other }))
    const [requested] = asked.events
    if (requested?.type !== 'requested') throw new TypeError('An ask begins with that.')
    const step = use(this.standing, { id, agent: bot, data: requested.data, at })
    const approval = { status: 'approved', approvedAt: at, lapsesAt: step.lapsesAt, use: step.use } as const
    this.#write([requested, ...step.events], { ...asked.request, ...approval }, step.standing)
    return id
  }

  redeem(id: RequestId): void {
    const request = this.all.get(id) as ApprovalRequest
    checkStands(this.standing)
    const step = redeem(request, {
      ...{ redemption, digest: request.digest, grantExpiresAt: after(this.seconds + 1), at: after(this.seconds) },
    })
    this.#write(step.events, step.request)
  }

  report(id: RequestId): void {
    const step = report(this.all.get(id) as ApprovalRequest, {
      executor: bot,
      result: 'succeeded',
      at: after(this.seconds),
    })
    this.#write(step.events, step.request)
  }

  revoke(id: RequestId = this.under): void {
    const at = after(this.seconds)
    const step = revoke(this.all.get(id) as ApprovalRequest, { approver: dba, facts: facts(dba), at })
    this.#write(step.events, step.request)
  }

  /** Something else that happens in the shard. */
  ask(other: Partial<Submission> = {}): void {
    const step = open(submission({ id: this.#next(), at: after(this.seconds), ...other }))
    this.#write(step.events, step.request)
  }

  #next(): RequestId {
    return newRequestId(after(0), Buffer.alloc(10, this.all.size + 1), shard)
  }

  #write(events: readonly Draft[], ...requests: readonly ApprovalRequest[]): void {
    const head: ChainHead = this.leaves.at(-1) ?? emptyChain
    const made = chain(events, head, { shard, at: after(this.seconds) }, () => '5a'.repeat(16))
    this.leaves.push(...made)
    for (const request of requests)
      this.all.set(
        request.id,
        recorded(
          request,
          made.filter((leaf) => leaf.request === request.id),
        ),
      )
  }
}
