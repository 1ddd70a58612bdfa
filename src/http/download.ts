import type { HttpResponseInit } from '@azure/functions'
import type { OperationInput } from './handler.ts'
import { isNamed, rangeOf } from './range.ts'

/** A file that never changes, ready to be sent. */
export interface Download {
  readonly filename: string
  readonly contentType: string
  readonly size: number
  readonly sha256?: string
  open(range?: { readonly from: number; readonly size: number }): Promise<AsyncIterable<Uint8Array>>
}

/** Answers with a file, a single range of it, or that the caller has it (RFC 9110 sections 13 and 14). */
export async function download(headers: OperationInput['headers'], file: Download): Promise<HttpResponseInit> {
  const { size, sha256 } = file
  const tag = sha256 === undefined ? null : `"${sha256}"`
  const always = { 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache', ...(tag && { etag: tag }) }
  if (tag !== null && isNamed(headers.get('if-none-match'), tag)) return { status: 304, headers: always }

  const isCurrent = [null, tag].includes(headers.get('if-range'))
  const range = isCurrent ? rangeOf(headers.get('range'), size) : null
  if (range === 'unsatisfiable') return { status: 416, headers: { ...always, 'content-range': `bytes */${size}` } }

  return {
    status: range ? 206 : 200,
    headers: {
      ...always,
      ...attachment(file),
      'content-length': String(range ? range.size : size),
      ...(range && { 'content-range': `bytes ${range.from}-${range.from + range.size - 1}/${size}` }),
    },
    body: await file.open(range ?? undefined),
  }
}

export const attachment = ({ filename, contentType }: Pick<Download, 'filename' | 'contentType'>) => ({
  'content-type': contentType,
  'content-disposition': `attachment; filename="${filename}"`,
  'x-content-type-options': 'nosniff',
})

/** Lines as they are sent, in pieces of some KiB. Begins before the answer does, so that what fails at once is a problem. */
export async function begun(lines: AsyncIterable<string>): Promise<AsyncIterable<Uint8Array>> {
  const pieces = piecesOf(lines)[Symbol.asyncIterator]()
  const first = await pieces.next()
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await pieces.next()) yield next.value
    } finally {
      await pieces.return?.()
    }
  })()
}

const pieceSize = 32_768

async function* piecesOf(lines: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  let piece = ''
  for await (const line of lines) {
    piece += line
    if (piece.length < pieceSize) continue
    yield Buffer.from(piece)
    piece = ''
  }
  if (piece !== '') yield Buffer.from(piece)
}
