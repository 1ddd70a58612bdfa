import type { Day } from '../data/day.ts'
import { isRequestId, type RequestId, sha256 } from '../data/id.ts'
import { canonical } from '../data/json.ts'
import type { Mac } from './mac.ts'

/** Requests that were pending or approved when a day ended. An end of one of them leaves a file with its id. */
export interface OpenRequests {
  readonly date: Day
  /** Sorted. */
  readonly ids: readonly RequestId[]
}

export const openPath = (date: Day): string => `open/${date}`

/** The text that the file's MAC is made of. */
export const authenticatedOpen = (origin: string, { date, ids }: OpenRequests): string =>
  canonical({ type: 'countersign/open/v1', origin, date, sha256: sha256(linesOf(ids)) })

/** Writes the file: its MAC in the first line, and a line for each request. */
export const formatOpen = ({ ids }: OpenRequests, { mac, macKey }: Mac): string => `${mac} ${macKey}\n${linesOf(ids)}`

/** Reads the file of a day without checking its MAC; `null` if it is anything else. */
export function parseOpen(file: string, date: Day): { readonly open: OpenRequests; readonly mac: Mac } | null {
  const [first = '', ...lines] = file.split('\n')
  const [, mac, macKey] = /^([0-9a-f]{64}) ([ -~]{1,128})$/.exec(first) ?? []
  if (mac === undefined || macKey === undefined || lines.pop() !== '' || !lines.every(isRequestId)) return null
  return { open: { date, ids: lines as RequestId[] }, mac: { mac, macKey } as Mac }
}

const linesOf = (ids: readonly RequestId[]): string => ids.map((id) => `${id}\n`).join('')
