import { RestError } from '@azure/storage-blob'
import { dayOf } from '../core/data/day.ts'
import { Problem } from '../core/data/problem.ts'
import { ocsfEvent } from '../exports/ocsf.ts'
import type { EventOrigin, OutgoingEvent } from '../exports/outgoingEvent.ts'
import type { Sink, SinkFault } from '../ports/sinks.ts'
import { type ExportBlobs, mostOfAppend } from './exportBlobs.ts'

export interface OcsfSinkSettings {
  readonly name: string
  /** Whether the leaf goes along, as `raw_data`. */
  readonly rawData: boolean
}

/** All shards at once: their lines go together in one append. */
const atOnce = 16

/**
 * Writes each event as a line of OCSF into the blobs of the day on which it was recorded: `<sink>/2026-03-04/0001.jsonl` in the
 * container `export`. The lines of one shard are in their order.
 */
export function ocsfSink(
  { name, rawData }: OcsfSinkSettings,
  { blobs, by }: { readonly blobs: Pick<ExportBlobs, 'append'>; readonly by: EventOrigin },
): Sink {
  const lineOf = (told: OutgoingEvent): string => `${JSON.stringify(ocsfEvent(told, by, { rawData }))}\n`
  return {
    ...{ name, kind: 'ocsf', atOnce },
    async send(events) {
      const day = dayOf(events[0]?.event.at ?? ('' as OutgoingEvent['event']['at']))
      const lines: string[] = []
      let size = 0
      for (const told of events) {
        const line = lineOf(told)
        size += Buffer.byteLength(line)
        if (dayOf(told.event.at) !== day || size > mostOfAppend) break
        lines.push(line)
      }
      try {
        await blobs.append(`${name}/${day}`, lines.join(''))
        return { taken: lines.length }
      } catch (cause) {
        if (!(cause instanceof Problem)) throw cause
        return { taken: 0, failure: { why: faultOf(cause) } }
      }
    },
  }
}

function faultOf({ cause }: Problem): SinkFault {
  return cause instanceof RestError && (cause.statusCode === 401 || cause.statusCode === 403)
    ? 'not-permitted'
    : 'no-answer'
}
