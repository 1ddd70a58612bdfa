import { type Digest, digestOf, type ObjectId } from '../data/id.ts'

/** The most members of a group that are listed one by one; a larger group has its digest and its count alone. */
export const mostListed = 5_000

/** Who is in a group, as events commit to it. */
export interface MemberList {
  /** The ids, sorted, each once and followed by a newline. */
  readonly text: string
  /** The SHA-256 of the text. */
  readonly digest: Digest
  readonly count: number
}

/** Lists the members of a group, in whatever order they come. */
export function memberList(members: Iterable<ObjectId>): MemberList {
  const ids = [...new Set(members)].sort()
  const text = ids.map((id) => `${id}\n`).join('')
  return { text, digest: digestOf(text), count: ids.length }
}

const listed = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\n)*$/

/** Undoes {@link memberList}; `null` for a text that it does not write. */
export function membersIn(text: string): readonly ObjectId[] | null {
  if (!listed.test(text)) return null
  const ids = text.split('\n').slice(0, -1) as ObjectId[]
  return memberList(ids).text === text ? ids : null
}
