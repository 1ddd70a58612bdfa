import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import type { Operation } from '../../src/contract/operation.ts'
import { operationNames, operationOf } from '../../src/contract/operations.ts'
import { internalError, problemAnswer } from '../../src/contract/problemAnswer.ts'
import { Problem } from '../../src/core/data/problem.ts'

/** An answer of the API, as a caller gets it. */
export interface Heard {
  readonly method: string
  /** With or without a query. */
  readonly path: string
  readonly status: number
  readonly type: string | null
  /** The body, parsed if it is JSON. */
  readonly body: unknown
}

/**
 * Compares an answer with its operation's row: its status and media type, the code of a problem, and every member.
 * Accepts answers of paths that are not in the contract.
 *
 * @throws {Error} for a status, a code or a member that the contract does not have
 */
export function checkDocumented({ method, path, status, type: contentType, body }: Heard): void {
  const found = operationFor(method, path)
  if (found === null) return
  const type = contentType?.split(';')[0] ?? ''
  const complaint = complaintAbout(found.operation, status, type, body)
  if (complaint !== null)
    throw new Error(`${found.name} answered ${status} ${type}: ${complaint}\n${JSON.stringify(body, null, 2)}`)
}

function complaintAbout({ answers, problems }: Operation, status: number, type: string, body: unknown): string | null {
  if (type === 'application/problem+json') {
    if (status === 500) return misfit(internalError, body)
    const known = problems.find((code) => code === (body as { readonly code?: unknown }).code)
    if (known === undefined) return 'its row does not list this problem'
    return new Problem(known, '').status === status ? misfit(problemAnswer, body) : 'this is not the status of its code'
  }
  const content = answers[status]
  if (content === undefined) return 'its row does not list this status'
  if (Object.keys(content).length === 0) return body === '' ? null : 'there is a body'
  const schema = content[type]
  if (schema === undefined) return 'its row does not list this media type'
  return type.endsWith('json') ? misfit(schema, body) : null
}

/** Whether an answer has only members of its schema: parsing drops unknown ones, so the result must be the same. */
function misfit(schema: z.ZodType, body: unknown): string | null {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return parsed.error.message
  return isDeepStrictEqual(parsed.data, body) ? null : 'it has a member that its schema does not have'
}

function operationFor(method: string, path: string) {
  const place = path.replace(/^\//, '').replace(/\?.*/s, '')
  for (const name of operationNames) {
    const operation = operationOf(name)
    const pattern = operation.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')
    if (operation.method === method.toUpperCase() && new RegExp(`^${pattern}$`).test(place)) return { name, operation }
  }
  return null
}
