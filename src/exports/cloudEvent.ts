import type { JsonObject } from '../core/data/json.ts'
import { eventForm } from '../core/data/namespace.ts'
import { type EventOrigin, type OutgoingEvent, uidOf } from './outgoingEvent.ts'

/** The media type of one event in the structured content mode (CloudEvents HTTP binding 1.0 section 3.2). */
export const cloudEventType = 'application/cloudevents+json; charset=utf-8'

/**
 * Tells an event as a CloudEvent 1.0. Its data is the leaf: a receiver that writes it in canonical form (RFC 8785) can
 * compute `leafhash` again, the hash of RFC 6962 for the leaf of a Merkle tree.
 *
 * `partitionkey` and `sequence` are the shard and the number in it, by the extensions of those names: the numbers of a shard
 * have no gaps. `sequence` has twelve digits, because receivers compare it as text.
 */
export function cloudEvent({ event, hash }: OutgoingEvent, { origin }: Pick<EventOrigin, 'origin'>): JsonObject {
  const { type, v, at, shard, seq, request } = event
  return {
    specversion: '1.0',
    id: uidOf(event),
    source: `https://${origin}`,
    type: `countersign.${type}.v${v}`,
    ...(request !== undefined && { subject: request }),
    time: at,
    datacontenttype: 'application/json',
    dataschema: eventForm(type, v),
    sequence: String(seq).padStart(12, '0'),
    partitionkey: shard,
    leafhash: hash,
    data: event as unknown as JsonObject,
  }
}
