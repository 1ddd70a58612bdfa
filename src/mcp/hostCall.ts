import type { Progress } from '@modelcontextprotocol/client'
import type { Sealed } from './seal.ts'

/** A call of a host, with what the gateway has to know of the host. */
export interface HostCall {
  /** Who calls: the object id of a person, or `local`. Callers know nothing of each other's calls. */
  readonly caller: string
  /** The person for whom the call is made, whom the request then names. */
  readonly onBehalfOf?: string | undefined
  /** What the host calls this call by. The same call that arrives again has the same names. */
  readonly callId?: readonly string[] | undefined
  /** Seconds for which the call is held while people decide. */
  readonly hold: number
  /** Aborts when the host gives the call up. */
  readonly signal: AbortSignal
  /** Whether giving up means to stop the tool as well. Over HTTP it may be a connection that broke. */
  readonly stopsTool: boolean
  /** Tells the host how the call goes; absent if the host did not ask for it. */
  readonly progress?: ((progress: Progress) => void) | undefined
  /** What the host gives back of an earlier answer. */
  readonly state?: Sealed | undefined
  /** Whether the host calls again by itself with the state that it is given. */
  readonly takesState: boolean
  /** Whether the host asks for a task by its id until it is done. */
  readonly takesTasks: boolean
}
