import type { ApprovalRequest } from '../core/request/request.ts'
import type { Sent } from './messenger.ts'

/** What a gate is told: a decision, or without `state` words that decide nothing. */
export interface GateWord {
  readonly state?: 'approved' | 'rejected'
  readonly words: string
}

/** A pipeline outside that stands still until it is told what became of one request. */
export interface PipelineGate {
  /** As rows name it. */
  readonly name: string
  /** Sends to gates of one place share their limits. */
  readonly place: string
  /**
   * Tells the gate. `sent`: it took this decision now, or had taken the same one before, as after an answer that was lost.
   * The call ends within 20 s.
   */
  tell(word: GateWord): Promise<Sent<null>>
}

/** Finds the gate that waits for a request; `null` if there is none. */
export type PipelineGates = (request: ApprovalRequest) => PipelineGate | null
