import { delegationOperations } from './delegationOperations.ts'
import { evidenceOperations } from './evidenceOperations.ts'
import type { Operation } from './operation.ts'
import { policyOperations } from './policyOperations.ts'
import { requestOperations } from './requestOperations.ts'
import { serviceOperations } from './serviceOperations.ts'

/** The whole API, by the names of its operations. */
export const operations = {
  ...requestOperations,
  ...delegationOperations,
  ...evidenceOperations,
  ...policyOperations,
  ...serviceOperations,
}

export type OperationName = keyof typeof operations

export const operationNames = Object.keys(operations) as readonly OperationName[]

/** An operation without its own types, for what treats all operations alike. */
export const operationOf = (name: OperationName): Operation => operations[name]

/** Says in words who may call; `null` is anyone. */
export function callerWordsOf({ caller, callerWords }: Operation): string | null {
  if (caller.kind === 'anyone') return null
  if (callerWords !== undefined) return callerWords
  const roles = caller.kind === 'person' ? [caller.role].flat() : caller.roles
  const known = roles.filter((role) => role !== undefined)
  return known.length > 0 ? `app role ${known.join(' or ')}` : 'a person of the tenant'
}
