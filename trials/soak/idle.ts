import { Worker } from 'node:worker_threads'

/** Measures how late an idle thread is, which shows how busy the machine is with other programs. */
export interface Idle {
  /** Gives milliseconds: the 99th percentile since the last call. */
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
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(null)
      }),
    close: () => worker.terminate(),
  }
}
