import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './publicAddress.ts'

/** How this program gets to a receiver. Only tests have another way. */
export interface Dial {
  /** Finds all addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly LookupAddress[]>
  /** Makes what keeps the connection of some calls that follow one another. */
  readonly agent: () => Agent
  /** Milliseconds in which a receiver answers. */
  readonly patience: number
}

export const publicDial: Dial = {
  resolve: (name) => lookup(name, { all: true }),
  agent: () => new Agent({ keepAlive: true, maxSockets: 1 }),
  patience: 15_000,
}

export interface HookCall {
  readonly method: 'POST' | 'OPTIONS'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** The status of an answer and its headers. Its body is thrown away: nobody must read through a hook what lies behind it. */
export interface HookReply {
  readonly status: number
  readonly headers: Readonly<IncomingMessage['headers']>
}

/** Bytes of an answer's body, after which the connection is closed. */
const mostOfBody = 65_536

/** The name leads to an address that is not public. */
export class NotPublic extends Error {
  readonly code = 'ENOTPUBLIC'

  constructor() {
    super('The address is not public.')
    this.name = 'NotPublic'
  }
}

/**
 * Calls a receiver once, and follows nowhere. The address is checked where it is connected to, and so it is the one that is
 * called, whatever the name leads to later.
 *
 * @param agent one of its own, since another might keep connections whose addresses were not checked
 * @throws {NotPublic}
 * @throws {Error} without an answer in time
 */
export function callHook(
  { method, url, headers, body = '' }: HookCall,
  { resolve, patience }: Pick<Dial, 'resolve' | 'patience'>,
  agent: Agent,
  signal: AbortSignal = AbortSignal.timeout(patience),
): Promise<HookReply> {
  return new Promise((done, failed) => {
    const options = {
      ...{ method, agent, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      lookup: publicOnly(resolve),
      ...({ rejectUnauthorized: true, minVersion: 'TLSv1.2', signal } as const),
    }
    const call = request(url, options, (answer) => {
      const reply = { status: answer.statusCode ?? 0, headers: answer.headers }
      // The status decides, whatever becomes of the body.
      for (const event of ['end', 'close', 'error']) answer.once(event, () => done(reply))
      let size = 0
      answer.on('data', (part: Buffer) => {
        size += part.length
        if (size > mostOfBody) answer.destroy()
      })
    })
    call.once('error', (cause: NodeJS.ErrnoException) => {
      // A receiver may close a kept connection just as it is used again. Another one is used then, so this ends. Both tries
      // together have the time of one.
      if (!call.reusedSocket || cause.code !== 'ECONNRESET') failed(cause)
      else callHook({ method, url, headers, body }, { resolve, patience }, agent, signal).then(done, failed)
    })
    call.end(body)
  })
}

/** A lookup for a connection, which refuses a name if any of its addresses is not public. */
function publicOnly(resolve: Dial['resolve']): LookupFunction {
  return (name, { all }, done) => {
    const answered = (found: Awaited<ReturnType<Dial['resolve']>>): void => {
      const [first] = found
      if (!first || !found.every(({ address }) => isPublicAddress(address))) done(new NotPublic(), [])
      else if (all) done(null, [...found])
      else done(null, first.address, first.family)
    }
    resolve(name).then(answered, (cause: NodeJS.ErrnoException) => done(cause, []))
  }
}
