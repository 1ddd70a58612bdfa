import { leafHash } from '../core/log/merkle.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { missingNames, type Text } from './saidReader.ts'

/** A text to which an event of a request commits, and that is not there. */
export interface Absence {
  /** The place of the event in the log. */
  readonly index: number
  readonly name: string
  /** The place of the event that says that it was erased; absent if there is none up to this day. */
  readonly erased?: number
}

interface KnownEvent {
  readonly index: number
  readonly event: LogEvent
  /** Absent if the texts of this event were not given. */
  readonly texts?: readonly Pick<Text, 'name'>[]
}

/** Finds the texts that are missing of a request's events, in the order of the log. */
export function absencesIn(events: readonly KnownEvent[]): readonly Absence[] {
  return events.flatMap(({ index, event, texts }) => {
    const names = texts ? missingNames(event, texts) : []
    if (names.length === 0) return []
    const hash = leafHash(JSON.stringify(event))
    return names.map((name): Absence => {
      const erasure = events.find(
        ({ event: one }) => one.type === 'erased' && one.data.event === hash && one.data.names.includes(name),
      )
      return { index, name, ...(erasure && { erased: erasure.index }) }
    })
  })
}
