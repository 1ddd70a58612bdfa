import type { TableEntity } from '@azure/data-tables'
import { cardName } from '../core/request/delivery.ts'
import { type RequestId, sha256, shardOf } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { CardRow } from '../ports/outbox.ts'
import { foreignColumns, integerIn, type Row, textIn, textOrNull } from './column.ts'
import { rowOf } from './row.ts'

/** Makes the key of a card's row. The ids are hashed, because they have characters that a key may not have. */
export const cardKey = (request: RequestId, row: CardRow): string => `card-${request}-${sha256(cardName(row))}`

/** The range of the keys of a request's cards: from the first, up to the second. */
export const cardKeys = (request: RequestId): readonly [string, string] => [`card-${request}-`, `card-${request}-~`]

export const cardRow = (request: RequestId, row: CardRow): TableEntity => {
  const { channel, card, rev, attempts, notBefore, lost, ...foreign } = row
  return rowOf(shardOf(request), cardKey(request, row), {
    ...foreign,
    channel,
    rev,
    attempts,
    ...card,
    ...(notBefore !== undefined && { notBefore }),
    ...(lost && { lost }),
  })
}

const known = ['channel', 'conversation', 'activity', 'rev', 'attempts', 'notBefore', 'lost']

/** Columns that this program does not know become members, and are written again with the others. */
export function cardFrom(row: Row): CardRow {
  const activity = textOrNull(row, 'activity')
  const notBefore = textOrNull(row, 'notBefore')
  return {
    ...foreignColumns(row, known),
    channel: textIn(row, 'channel'),
    ...(activity !== null && { card: { conversation: textIn(row, 'conversation'), activity } }),
    rev: integerIn(row, 'rev'),
    attempts: integerIn(row, 'attempts'),
    ...(notBefore !== null && { notBefore: notBefore as Instant }),
    ...(row['lost'] === true && { lost: true }),
  }
}
