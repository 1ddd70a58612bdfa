import { hourOf } from '../data/instant.ts'
import type { EventOf } from './eventType.ts'

/** Names what is recorded once: a person, the file that they downloaded, and the hour (UTC) in which they did. */
export function exportKey({
  actor,
  at,
  data: { file, date },
}: Pick<EventOf<'exported'>, 'actor' | 'at' | 'data'>): string {
  return ['id' in actor ? actor.id : actor.kind, file, date, hourOf(at)].join(' ')
}
