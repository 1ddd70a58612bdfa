import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { RequestId } from '../../src/core/data/id.ts'
import type { Address } from './storage.ts'

/** What a process that is an instance of its own can be told to do. Moments are milliseconds since 1970. */
export interface Tasks {
  /** Asks for so long, with so many at once. */
  ask(how: { readonly clients: number; readonly seconds: number }): Asked
  /** Asks once for each. */
  open(how: { readonly requests: number }): readonly RequestId[]
  /** Approves; answers with when it was told to. */
  approve(how: { readonly id: RequestId }): number
  /** Begins to wait for them; resolves when all wait. */
  wait(how: { readonly ids: readonly RequestId[]; readonly seconds: number }): null
  /** Begins to keep as many bare promises, each with a timer. */
  promise(how: { readonly count: number; readonly seconds: number }): null
  /** When each that was waited for was answered; resolves when all were. */
  answers(): readonly (readonly [RequestId, number])[]
  /** Bytes on the heap and beside it, once all garbage is collected; and milliseconds of a processor so far. */
  held(): { readonly bytes: number; readonly busy: number }
}

interface Asked {
  readonly asked: number
  readonly busy: number
  readonly seconds: number
}

export type Peer = {
  readonly [Name in keyof Tasks]: (...given: Parameters<Tasks[Name]>) => Promise<ReturnType<Tasks[Name]>>
} & { close(): Promise<void> }

export interface Order {
  readonly number: number
  readonly task: keyof Tasks
  readonly how: unknown
}

export interface Report {
  readonly number: number
  readonly result?: unknown
  readonly failed?: string
}

/** Starts an instance in a process of its own. */
export async function startPeer({ url, account, key }: Address): Promise<Peer> {
  const program = join('dist/bench', 'peerProcess.mjs')
  const child = fork(program, [url, account, key], { execArgv: ['--expose-gc'], serialization: 'advanced' })
  const waiting = new Map<
    number,
    { readonly done: (result: unknown) => void; readonly failed: (cause: Error) => void }
  >()
  child.on('message', ({ number, result, failed }: Report) => {
    const waiter = waiting.get(number)
    waiting.delete(number)
    if (failed === undefined) waiter?.done(result)
    else waiter?.failed(new Error(failed))
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  child.once('exit', () => {
    for (const waiter of waiting.values()) waiter.failed(new Error('An instance ended.'))
  })
  let orders = 0
  const order = (task: keyof Tasks, how: unknown) =>
    new Promise<unknown>((done, failed) => {
      const number = ++orders
      waiting.set(number, { done, failed })
      child.send({ number, task, how } satisfies Order, (cause) => {
        if (cause) failed(cause)
      })
    })
  const names: readonly (keyof Tasks)[] = ['ask', 'open', 'approve', 'wait', 'promise', 'answers', 'held']
  const tasks = Object.fromEntries(names.map((name) => [name, (how?: unknown) => order(name, how)]))
  return {
    ...(tasks as unknown as Omit<Peer, 'close'>),
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
