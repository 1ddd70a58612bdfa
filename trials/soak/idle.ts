import { Worker } from 'node:worker_threads'

/** How late a thread is that has nothing to do: by as much as the machine is busy elsewhere. */
export interface Idle {
  /** Milliseconds, in 99 of 100 looks since it was last asked. */
  late(): Promise<number>
  close(): Promise<unknown>
}

const program = `
const { monitorEventLoopDelay } = require('node:perf_hooks')
const { parentPort } = require('node:worker_threads')
const loop = monitorEventLoopDelay({ resolution: 10 })
loop.enable()
parentPort.on('message', () => {
  parentPort.postMessage(Math.max(0, loop.percentile(99) / 1e6 - 10))
  loop.reset()
})
`

export function startIdle(): Idle {
  const worker = new Worker(program, { eval: true })
  return {
    late: () =>
      new Promise((done) => {
        worker.once('message', (late: number) => done(late))
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, and no window
        worker.postMessage(null)
      }),
    close: () => worker.terminate(),
  }
}
