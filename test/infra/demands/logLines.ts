import { HttpRequest, InvocationContext } from '@azure/functions'
import { backlog } from '../../../src/approvals/backlog.ts'
import { parseObjectId } from '../../../src/core/data/id.ts'
import { instant } from '../../../src/core/data/instant.ts'
import { evidenceBroken, Problem } from '../../../src/core/data/problem.ts'
import { type Answering, boundary } from '../../../src/http/boundary.ts'
import { backgroundLine, sinkLine, undeliveredLine } from '../../../src/runtime/log.ts'
import { timer } from '../../../src/runtime/timer.ts'
import { traced, traceFrom } from '../../../src/runtime/trace.ts'

/**
 * Has the product write each kind of line that it logs, and names every member that it writes: `status`, `caller.id`.
 * What a query reads and is not here is a slip.
 */
export async function membersWritten(): Promise<ReadonlySet<string>> {
  const lines: unknown[] = []
  const log = (line: string) => void lines.push(JSON.parse(line))
  const who = { kind: 'person', id: parseObjectId('00000000-0000-4000-8000-000000000001') } as const
  const broken = { shard: '00', row: 'head', request: 'r', check: 'mac' } as const
  const newer = { shard: '00', row: 'head', request: 'r', version: 2 }
  const bug = new Error('x', { cause: new Error('y') })
  const answers: readonly Promise<never>[] = [
    evidenceBroken(broken),
    new Problem('newer-format', 'x', { newer }),
    new Problem('unauthenticated', 'x', { claim: 'aud', cause: bug }),
    bug,
  ].map(async (cause) => Promise.reject(cause))
  const fine: Answering = { who, intent: 'decide', answer: Promise.resolve({ response: { status: 200 } }) }
  for (const answering of [fine, ...answers.map((answer) => ({ answer }))]) await call(answering, log)
  const swept = backlog({ ledger: { pending: async () => [] }, clock: { now: () => instant(0) } })
  const done = async () => ({ requests: 1, deliveries: 1, sinks: 1, heads: 1, ...(await swept()) })
  const out = { info: log, error: log }
  await timer('sweep', done)(null, out)
  await timer('seal', async () => ['2026-01-31'])(null, out)
  await timer('seal', async () => Promise.reject(bug))(null, out).catch(() => undefined)
  const off = sinkLine({ sink: 's', why: 'gone', isOff: true })
  traced(traceFrom(null), () => [backgroundLine(evidenceBroken(broken)), undeliveredLine('r'), off].forEach(log))
  return new Set(lines.flatMap((line) => membersOf(line, '')))
}

async function call(answering: Answering, log: (line: string) => void): Promise<void> {
  const url = 'https://a.example/api/requests'
  const init = { url, method: 'GET', params: {}, nativeRequest: new Request(url) }
  const request = new HttpRequest(init)
  const context = new InvocationContext({
    functionName: 'ask',
    logHandler: (_level, ...words) => log(String(words[0])),
  })
  await boundary('ask', async () => answering)(request, context)
}

function membersOf(value: unknown, prefix: string): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, part]) => [prefix + name, ...membersOf(part, `${prefix}${name}.`)])
}
