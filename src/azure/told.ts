import type { TableEntity } from '@azure/data-tables'
import { type ObjectId, type RequestId, sha256, shardOf } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Hearing } from '../ports/hearings.ts'
import type { ToldRow } from '../ports/outbox.ts'
import { foreignColumns, integerIn, type Row, rowVersion, textIn, textOrNull } from './column.ts'
import { rowOf } from './row.ts'

/** The range of the keys of what was told of a request: from the first, up to the second. */
export const toldKeys = (request: RequestId): readonly [string, string] => [`told-${request}-`, `told-${request}-~`]

/** Who was told is hashed in the key, because a channel has characters that a key may not have. */
export const toldRow = (request: RequestId, row: ToldRow): TableEntity => {
  const { seq, whom, at, attempts, notBefore, lost, ...foreign } = row
  return rowOf(shardOf(request), `told-${request}-${seq}-${sha256(whom)}`, {
    ...foreign,
    ...{ seq, whom, attempts },
    ...(at !== undefined && { at }),
    ...(notBefore !== undefined && { notBefore }),
    ...(lost && { lost }),
  })
}

const known = ['seq', 'whom', 'at', 'attempts', 'notBefore', 'lost']

export function toldFrom(row: Row): ToldRow {
  const [at, notBefore] = [textOrNull(row, 'at'), textOrNull(row, 'notBefore')]
  return {
    ...foreignColumns(row, known),
    seq: integerIn(row, 'seq'),
    whom: textIn(row, 'whom'),
    attempts: integerIn(row, 'attempts'),
    ...(at !== null && { at: at as Instant }),
    ...(notBefore !== null && { notBefore: notBefore as Instant }),
    ...(row['lost'] === true && { lost: true }),
  }
}

/** The place of a person's row, beside those of the bot's conversations. */
export const hearingPlace = (person: ObjectId) => ({ partitionKey: 'teams', rowKey: `person-${person}` })

export const hearingRow = ({ person, conversation, quiet }: Hearing): TableEntity => ({
  ...hearingPlace(person),
  v: rowVersion,
  conversation,
  ...(quiet !== undefined && { quiet }),
})

export function hearingFrom(row: Row): Hearing {
  const quiet = textOrNull(row, 'quiet')
  return {
    person: textIn(row, 'rowKey').slice('person-'.length) as ObjectId,
    conversation: textIn(row, 'conversation'),
    ...(quiet !== null && { quiet }),
  }
}
