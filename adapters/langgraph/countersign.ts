// A node of LangGraph that waits for people: the graph pauses meanwhile, and may be resumed by another process.
import {
  type AskedAction,
  type Countersign,
  type ExecuteOptions,
  Questioned,
  type RunAction,
  Stopped,
} from '@countersign/client'
import { Command, interrupt, isInterrupted } from '@langchain/langgraph'

export type GatedAction<P extends object> = AskedAction<P> & { readonly reason: string }

/**
 * Asks, pauses the graph while people decide, and runs at most once. A node that is resumed starts over: it asks again
 * with the same key, and finds its request. What the graph is resumed with is not believed.
 *
 * @param key names the thread and the step, as `keyOf('langgraph', threadId, 'export')`
 */
export async function gated<P extends object, R>(
  client: Countersign,
  { reason, ...action }: GatedAction<P>,
  key: string,
  run: RunAction<AskedAction<P>, R>,
  options: ExecuteOptions<R> = {},
): Promise<R> {
  let request = await client.ask(action, { reason, key, signal: options.signal })
  while (request.next === 'wait') {
    interrupt({ countersign: request.id })
    request = await client.read(request.id)
  }
  return client.execute(request, action, options, run)
}

interface Graph<I, S, C> {
  invoke(input: I | Command | null, config: C): Promise<S>
}

/**
 * Runs a graph, and resumes it whenever people have decided. After a crash, an abort or any other fault it goes on with
 * `null` as the input.
 *
 * @throws what the client throws while it waits, but for how requests end
 */
export async function drive<I, S, C extends { readonly signal?: AbortSignal; readonly configurable?: object }>(
  graph: Graph<I, S, C>,
  client: Countersign,
  input: I | Command | null,
  config: C,
): Promise<S> {
  const state = await graph.invoke(input, config)
  const paused = isInterrupted<{ countersign?: string }>(state) ? state.__interrupt__ : []
  const waits = paused.filter(({ id, value }) => id !== undefined && value?.countersign !== undefined)
  if (waits.length === 0) return state
  const others = new AbortController()
  const waiting = {
    signal: AbortSignal.any([others.signal, config.signal ?? others.signal]),
    onAbort: 'leave',
  } as const
  const ends = waits.map(async ({ id, value }) => {
    try {
      await client.untilApproved(await client.read(value?.countersign ?? ''), waiting)
    } catch (cause) {
      // How a request ended is told by its node, which asks again. Any other fault would come back at once, for ever.
      if (!(cause instanceof Stopped || cause instanceof Questioned)) throw cause
    }
    return [id, true] as const
  })
  // The first one goes on: an approval may lapse while people decide about the others.
  const first = await Promise.race(ends).finally(() => others.abort())
  return drive(graph, client, new Command({ resume: Object.fromEntries([first]) }), config)
}
