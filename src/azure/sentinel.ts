import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { TokenCredential } from '@azure/identity'
import { milliseconds } from '../core/data/instant.ts'
import { parseRetryAfter } from '../core/data/retryAfter.ts'
import { type AsimBy, asimRow } from '../exports/asim.ts'
import type { OutgoingEvent } from '../exports/outgoingEvent.ts'
import type { Clock } from '../ports/clock.ts'
import type { Sink, SinkAnswer, SinkFailure } from '../ports/sinks.ts'

export interface SentinelSettings {
  readonly name: string
  /** Where logs are taken: the `logsIngestion` endpoint of the data collection rule, without a slash at its end. */
  readonly endpoint: string
  /** The immutable id of the data collection rule: `dcr-…`. */
  readonly rule: string
  /** The stream that the rule declares. */
  readonly stream: string
}

export interface SentinelParts {
  readonly credential: TokenCredential
  /** What a token is for in this cloud: `https://monitor.azure.com`. */
  readonly audience: string
  readonly by: AsimBy
  readonly clock: Clock
  /** In milliseconds, for a call with its token. */
  readonly timeout?: number
}

/**
 * Bytes of one call before it is compressed; the service takes 1 MB, compressed or not:
 * https://learn.microsoft.com/azure/azure-monitor/service-limits#logs-ingestion-api.
 */
const mostOfCall = 1_000_000

const apiVersion = '2023-01-01'

const atOnce = 8

/** The quickest level: rows are much alike, and come out at an eighth of their size all the same. */
const compressed = async (text: string): Promise<Buffer> => promisify(gzip)(text, { level: constants.Z_BEST_SPEED })

/** Sends events as rows of `ASimAuditEventLogs` to Microsoft Sentinel, by the Logs Ingestion API of Azure Monitor. */
export function sentinelSink(settings: SentinelSettings, parts: SentinelParts): Sink {
  const { name, endpoint, rule, stream } = settings
  const url = `${endpoint}/dataCollectionRules/${rule}/streams/${stream}?api-version=${apiVersion}`
  return {
    ...{ name, kind: 'sentinel', atOnce },
    async send(events) {
      const rows = rowsOf(events, parts.by)
      const failure = await post(url, `[${rows.join(',')}]`, parts)
      return failure === null ? { taken: rows.length } : ({ taken: 0, failure } satisfies SinkAnswer)
    },
  }
}

/** The rows of the first events, as many as a call takes: one in any case. */
function rowsOf(events: readonly OutgoingEvent[], by: AsimBy): readonly string[] {
  const rows: string[] = []
  let size = 2
  for (const told of events) {
    const row = JSON.stringify(asimRow(told, by))
    size += Buffer.byteLength(row) + 1
    if (rows.length > 0 && size > mostOfCall) break
    rows.push(row)
  }
  return rows
}

/** `null` for success. */
async function post(
  url: string,
  rows: string,
  { credential, audience, clock, timeout = 20_000 }: SentinelParts,
): Promise<SinkFailure | null> {
  try {
    const abortSignal = AbortSignal.timeout(timeout)
    const [token, body] = await Promise.all([
      credential.getToken(`${audience}/.default`, { abortSignal }),
      compressed(rows),
    ])
    if (token === null) return { why: 'not-permitted' }
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token.token}`,
        ...{ 'content-type': 'application/json', 'content-encoding': 'gzip' },
      },
      body: new Uint8Array(body),
      redirect: 'manual', // The token is for this host alone.
      signal: abortSignal,
    })
    await answer.body?.cancel()
    return failureOf(answer, milliseconds(clock.now()))
  } catch {
    return { why: 'no-answer' }
  }
}

function failureOf({ status, headers }: Response, now: number): SinkFailure | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return { why: 'redirected' }
  if (status === 401 || status === 403) return { why: 'not-permitted' }
  if (status !== 429 && status !== 503) return { why: 'refused' }
  const retryAfter = parseRetryAfter(headers.get('retry-after'), now)
  return { why: 'throttled', ...(retryAfter !== null && { retryAfter }) }
}
