import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Witnessed } from './order.ts'

/** How often the event loop is asked, in milliseconds: what is told of it is beyond that. */
const resolution = 10

/** Looks at the process it runs in. */
export function startWitness(): () => Witnessed {
  const sockets = openSockets()
  const loop = monitorEventLoopDelay({ resolution })
  loop.enable()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const beyond = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution)
  return () => {
    const delay = { p50: beyond(loop.percentile(50)), p99: beyond(loop.percentile(99)), max: beyond(loop.max) }
    // before the collection, which is the witness's doing
    loop.disable()
    collect()
    collect()
    loop.reset()
    loop.enable()
    const { heapUsed, rss } = process.memoryUsage()
    return { heapBytes: heapUsed, rssBytes: rss, delay, sockets: sockets.size }
  }
}

/** Also those that are idle, which do not keep the process and are no active handles. */
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
