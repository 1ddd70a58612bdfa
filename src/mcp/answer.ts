import { canonical, type Json } from '../core/data/json.ts'
import { sha256 } from '../core/data/id.ts'

/** A result of a tool, as hosts get it. Members that this program does not know pass as they are. */
export interface ToolResult {
  readonly content: readonly { readonly type: string; readonly text?: string; readonly [member: string]: unknown }[]
  readonly isError?: boolean
  readonly _meta?: Readonly<Record<string, unknown>>
  readonly [member: string]: unknown
}

/** The names under which a result says what became of its request. */
export const metaNames = { code: 'countersign/code', request: 'countersign/request' } as const

/** Says in words that a tool was not carried out, and by code why. */
export const notRun = (words: string, code: string, request?: string): ToolResult => ({
  content: [{ type: 'text', text: words }],
  isError: true,
  _meta: { [metaNames.code]: code, ...(request !== undefined && { [metaNames.request]: request }) },
})

/** Adds the request to a result, which otherwise passes as it is. */
export const withRequest = (result: ToolResult, request: string): ToolResult => ({
  ...result,
  _meta: { ...result._meta, [metaNames.request]: request },
})

/** The digest and the size of a result in canonical form, for the report. */
export function outputOf(result: ToolResult): { readonly sha256: string; readonly size: number } | undefined {
  const { _meta: _, ...said } = result
  try {
    const text = canonical(JSON.parse(JSON.stringify(said)) as Json)
    return { sha256: sha256(text), size: Buffer.byteLength(text) }
  } catch {
    return undefined // a lone surrogate has no canonical form
  }
}

/** A call that the gateway itself does not carry out. The words are for the model. */
export class NotRun extends Error {
  readonly code: string
  readonly request: string | undefined

  constructor(code: string, words: string, request?: string) {
    super(words)
    this.name = 'NotRun'
    this.code = code
    this.request = request
  }
}

/** An error that a server answered with: JSON-RPC numbers them. */
export const isProtocolError = (cause: unknown): cause is Error & { readonly code: number; readonly data?: unknown } =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'number'
