import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Witnessed } from './order.ts'

/** Milliseconds between two looks at the event loop. Reported delays are beyond this. */
const resolution = 10

/** Measures the process that it runs in. */
export function startWitness(): () => Witnessed {
  const sockets = openSockets()
  const loop = monitorEventLoopDelay({ resolution })
  loop.enable()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const beyond = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution)
  return () => {
    const delay = { p50: beyond(loop.percentile(50)), p99: beyond(loop.percentile(99)), max: beyond(loop.max) }
    // The delays do not include the collection, which is caused by this measurement.
    loop.disable()
    collect()
    collect()
    loop.reset()
    loop.enable()
    const { heapUsed, external, rss } = process.memoryUsage()
    return { heapBytes: heapUsed, externalBytes: external, rssBytes: rss, delay, sockets: sockets.size }
  }
}

/** Tracks open sockets, also idle ones, which are not among the active handles of a process. */
function openSockets(): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  for (const channel of ['net.client.socket', 'net.server.socket'])
    subscribe(channel, (message) => {
      const { socket } = message as { socket: Socket }
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
  return open
}
