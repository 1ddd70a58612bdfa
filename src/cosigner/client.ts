import type { Cosigner, CosignerAnswer, CosignerRefusal } from '../ports/cosigner.ts'
import type { WitnessSettings } from './settings.ts'

/** Milliseconds in which a witness answers. */
const patience = 15_000

/** Bytes of an answer that are read: far more than all cosignatures that count. */
const most = 16_384

/** The refusals by status (C2SP tlog-witness). */
const refusals: Readonly<Record<number, CosignerRefusal>> = {
  400: 'malformed',
  403: 'unknown-key',
  404: 'unknown-log',
  422: 'fork',
  429: 'throttled',
}

/** Makes the client of a witness. Each call is one attempt: what to do about a missing answer is for the caller. */
export function cosignerAt({ url, keys }: WitnessSettings, within = patience): Cosigner {
  return { keys, add: (body) => add(`${url}/add-checkpoint`, body, within) }
}

async function add(url: string, body: string, within: number): Promise<CosignerAnswer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body,
      redirect: 'manual', // an operator named this address, and no other
      signal: AbortSignal.timeout(within),
    })
    return answerOf(response, await textIn(response))
  } catch {
    return { refusal: 'no-answer' }
  }
}

function answerOf({ status, headers }: Response, text: string | null): CosignerAnswer {
  if (status === 200 && text !== null) return { lines: text }
  if (status === 409) {
    const isSize = headers.get('content-type')?.startsWith('text/x.tlog.size') === true
    return { size: isSize ? sizeIn(text ?? '') : null }
  }
  return { refusal: refusals[status] ?? (status >= 500 ? 'no-answer' : 'unexpected') }
}

/** Reads a decimal and a newline. */
function sizeIn(text: string): number | null {
  const [, size] = /^(0|[1-9]\d{0,15})\n$/.exec(text) ?? []
  return size !== undefined && Number.isSafeInteger(Number(size)) ? Number(size) : null
}

/** Reads the body; `null` if it is longer than any that counts, or no text. */
async function textIn({ body }: Response): Promise<string | null> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += piece.length
    // Leaving the loop closes the connection.
    if (size > most) return null
    pieces.push(piece)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces))
  } catch {
    return null
  }
}
