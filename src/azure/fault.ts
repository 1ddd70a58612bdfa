import { RestError } from '@azure/data-tables'
import { Problem } from '../core/data/problem.ts'
import { parseRetryAfter } from '../core/data/retryAfter.ts'
import { Conflict } from '../ports/ledger.ts'
import type { Row } from './column.ts'

/** Waits for the storage, and translates its errors. */
export async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw translated(cause)
  }
}

/** Does what `answered` does, for reads. A read cannot conflict, so a conflict is a fault of the storage. */
export async function read<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw unread(cause)
  }
}

/** Reads one row; `null` if it does not exist. JSON without an ETag does not come from the storage. */
export async function found(work: Promise<object>): Promise<Row | null> {
  const row = await unlessMissing(work)
  if (row !== null && typeof row['etag'] !== 'string') throw unavailable(new TypeError('The answer is no row.'))
  return row
}

/** Waits for the deletion of a row. A row that is gone already counts as deleted. */
export async function dropped(work: Promise<object>): Promise<void> {
  await unlessMissing(work)
}

/** Waits for a write; `null` if the row is not as it was read, or exists although it should not. */
export async function unlessConflict<T extends object>(work: Promise<T>): Promise<T | null> {
  try {
    return await answered(work)
  } catch (cause) {
    if (cause instanceof Conflict) return null
    throw cause
  }
}

/**
 * Creates a row. If there is one, reads it: it is another writer's, or our own, whose answer was lost.
 *
 * @returns the row that was there; `null` for the one that was created
 * @throws {Conflict} if the row that was there is gone
 */
export async function createOrRead(create: Promise<object>, read: () => Promise<Row | null>): Promise<Row | null> {
  try {
    await answered(create)
    return null
  } catch (cause) {
    const standing = cause instanceof Conflict ? await read() : null
    if (standing === null) throw cause
    return standing
  }
}

async function unlessMissing(work: Promise<object>): Promise<Row | null> {
  try {
    return { ...(await work) }
  } catch (cause) {
    if (cause instanceof RestError && cause.statusCode === 404 && !isTableMissing(cause)) return null
    throw unread(cause)
  }
}

/**
 * Translates by status code: another writer was first, or the storage cannot be reached or refuses us. An error that
 * tells of a bug in this program is left as it is.
 */
export function translated(cause: unknown): unknown {
  if (isConflict(cause)) return new Conflict({ cause })
  if (!(cause instanceof RestError)) return isUnreachable(cause) || isGarbled(cause) ? unavailable(cause) : cause
  const { statusCode: status = 0 } = cause
  const ours = status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status)
  return ours ? cause : unavailable(cause)
}

const unread = (cause: unknown): unknown => (isConflict(cause) ? unavailable(cause) : translated(cause))

/** In a transaction a row to delete that is gone (404) means the same: it is not as it was read. */
const isConflict = (cause: unknown): boolean =>
  cause instanceof RestError &&
  (cause.statusCode === 409 || cause.statusCode === 412 || (cause.statusCode === 404 && !isTableMissing(cause)))

const isTableMissing = (error: RestError): boolean =>
  error.code === 'TableNotFound' || error.response?.bodyAsText?.includes('"TableNotFound"') === true

/** Whether the call's own deadline passed, or Entra gave no token. */
const isUnreachable = (cause: unknown): boolean =>
  cause instanceof Error &&
  ['AbortError', 'AuthenticationError', 'AggregateAuthenticationError', 'CredentialUnavailableError'].includes(
    cause.name,
  )

/** Errors that the SDK throws if an answer does not come from the table service. */
const isGarbled = (cause: unknown): boolean => cause instanceof TypeError || cause instanceof SyntaxError

export function unavailable(cause: unknown): Problem {
  const header = cause instanceof RestError ? cause.response?.headers.get('retry-after') : null
  const asked = Math.ceil(parseRetryAfter(header, Date.now()) ?? 0)
  return new Problem('unavailable', 'The ledger’s storage cannot be reached.', { retryAfter: asked || 2, cause })
}
