import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { leafHash } from '../../src/core/log/merkle.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { root } from '../support/root.ts'
import { type AskedFor, askedFor, type OutgoingEvent } from '../../src/exports/outgoingEvent.ts'

/** Every type of event, with and without what may be absent. They are no legal life of a request. */
export function goldenEvents(): readonly OutgoingEvent[] {
  const leaves = readFileSync(join(root, 'test', 'golden', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  let newest: AskedFor | null = null
  return leaves.map((leaf) => {
    const event = readRecord(leaf)
    if (event.type === 'requested') newest = askedFor(event.data)
    return { event, leaf, hash: leafHash(leaf), asked: event.request === undefined ? null : newest }
  })
}
