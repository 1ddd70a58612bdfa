import { plusSeconds } from '../core/data/instant.ts'
import type { Instant } from '../core/data/instant.ts'
import type { RequestId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { isUsedByGate } from '../approvals/gateUse.ts'
import type { PipelineGate, PipelineGates, GateWord } from '../ports/pipelineGate.ts'
import type { Outbox, ToldRow } from '../ports/outbox.ts'
import { gateText } from '../words/gateText.ts'
import { spoken } from '../words/spoken.ts'
import { type Held, isGivenUp, send, type SendingParts } from './sending.ts'

/** What opens gates: it finds them, and uses up approvals for them. */
export interface GateKeeping {
  readonly gates: PipelineGates
  /** Uses up an approval, and resolves when that can be undone by nobody any more. */
  readonly useUp: (id: RequestId) => Promise<ApprovalRequest>
}

export type GateParts = SendingParts & {
  readonly outbox: Pick<Outbox, 'renew' | 'told' | 'putTold'>
  /** Without it there are no gates. */
  readonly gateKeeping?: GateKeeping
}

/** The request that a delivery holds. */
interface GateVisit {
  readonly held: Held
  readonly request: ApprovalRequest
  /** Called with the time at which something that is left may be tried. */
  readonly come: (at: Instant) => void
}

/** The request after a round, and whether the delivery goes on with it. */
interface GateRound {
  readonly request: ApprovalRequest
  readonly ended: 'lost' | 'moved' | null
}

/** Characters of a comment, as GitHub allows them. */
const mostWords = 1_024

/** Seconds until an approval that could not be used up is tried again. */
const useAgain = 15

/**
 * Tells the gate of a request what became of it, if it has one. An approval is used up before the gate hears of it, so that
 * a gate is never opened by one that is used or taken back elsewhere. What a gate was told is written down after the send;
 * after a crash in between the gate is told the same once more.
 */
export async function gateRound(parts: GateParts, visit: GateVisit): Promise<GateRound> {
  const { gateKeeping } = parts
  const gate = gateKeeping?.gates(visit.request) ?? null
  if (!gateKeeping || gate === null) return { request: visit.request, ended: null }
  const request =
    visit.request.status === 'approved' || isInUse(visit.request)
      ? await used(parts, gateKeeping, visit)
      : visit.request
  if (request === null) return { request: visit.request, ended: null }
  const word = wordFor(request)
  const rows = await parts.outbox.told(request.id)
  return { request, ended: await tellGate(parts, { ...visit, request }, gate, word, rows) }
}

/** Whether the approval was used up for the gate, and the file of that may be missing. */
const isInUse = (request: ApprovalRequest): boolean => request.status === 'redeemed' && isUsedByGate(request)

/** Uses up the approval; `null` if that must be tried again, or the request turned out to have ended. */
async function used(
  { clock, failed }: GateParts,
  { useUp }: GateKeeping,
  { request, come }: GateVisit,
): Promise<ApprovalRequest | null> {
  try {
    return await useUp(request.id)
  } catch (cause) {
    // If the request ended meanwhile, its row says so, and the delivery reads it again.
    if (!(cause instanceof Problem) || cause.code === 'evidence-broken') failed(cause)
    come(plusSeconds(clock.now(), useAgain))
    return null
  }
}

function wordFor(request: ApprovalRequest): GateWord {
  const isUsed = isUsedByGate(request)
  const words = gateText(request, spoken, { isUsed, most: mostWords })
  if (isUsed) return { state: 'approved', words }
  return request.status === 'pending' ? { words } : { state: 'rejected', words }
}

async function tellGate(
  parts: GateParts,
  { held, request, come }: GateVisit,
  gate: PipelineGate,
  word: GateWord,
  rows: readonly ToldRow[],
): Promise<'lost' | 'moved' | null> {
  // One row for the decision, whatever it is: a gate has at most one.
  const whom = `${gate.name} ${word.state === undefined ? 'report' : 'decision'}`
  const seq = request.events[0]?.seq ?? 0
  const row = rows.find((one) => one.seq === seq && one.whom === whom) ?? { seq, whom, attempts: 0 }
  if (row.at !== undefined || isGivenUp({ ...row, channel: gate.place, rev: 0 })) return null
  const tried = await send(parts, held, { ...row, channel: gate.place, rev: 0 }, () => gate.tell(word))
  if (typeof tried === 'string') return tried
  if ('notBefore' in tried) come(tried.notBefore)
  else if ('sent' in tried) await parts.outbox.putTold(request.id, { seq, whom, attempts: 0, at: parts.clock.now() })
  else {
    const { attempts, notBefore, lost } = tried.row
    await parts.outbox.putTold(request.id, { seq, whom, attempts, notBefore, ...(lost && { lost }) })
    if (lost)
      parts.failed(new Error(`${gate.name} does not take the ${word.state ?? 'report'} of request ${request.id}.`))
    come(notBefore)
  }
  return null
}
