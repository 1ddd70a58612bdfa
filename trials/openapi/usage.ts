// Uses the types that a generator makes from the OpenAPI document. TypeScript 5 compiles this file, and no program runs
// it. Code that must not compile is below `@ts-expect-error`.
import type { components, operations, paths } from './api.ts'

type Schemas = components['schemas']
type Request = Schemas['Request']

/** The required members of an ask. */
export const ask: Schemas['AskBody'] = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  reason: 'Quarterly churn report',
}

// @ts-expect-error: the reason is required
export const unexplained: Schemas['AskBody'] = { action: 'db.export', target: 'prod', environment: 'production' }

// @ts-expect-error: a verdict is approve or deny
export const undecided: Schemas['DecisionBody'] = { verdict: 'maybe', digest: ask.target }

/** All values are known, so that the compiler finds a missing one. */
export function stepOf(request: Request): string | undefined {
  switch (request.next) {
    case 'wait':
      return request.expiresAt
    case 'redeem':
      return request.grant?.token
    case 'execute':
      return request.digest
    case 'report':
      return request.redeemedAt
    case 'stop':
      return request.stop && wordsOf(request.stop)
  }
}

function wordsOf({ code, words }: Schemas['Stop']): string {
  const again: readonly Schemas['StopCode'][] = ['expired', 'lapsed']
  // @ts-expect-error: not one of the codes
  if (code === 'maybe') return ''
  return again.includes(code) ? `${words} Ask again.` : words
}

type Answers<Name extends keyof operations> = operations[Name]['responses']
type Json<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : never
type ProblemOf<Answer> = Answer extends { content: { 'application/problem+json': infer Body } } ? Body : never

export const shown = (answer: Json<Answers<'read'>[200]>): string | undefined => stepOf(answer)

export const firstOf = ({ requests }: Json<Answers<'list'>[200]>): Request | undefined => requests[0]

export const newest = ({ bundles }: Json<Answers<'bundles'>[200]>): string | undefined => bundles.at(-1)?.root

export const indices = ({ events }: Json<Answers<'events'>[200]>) => events.map(({ index, said }) => ({ index, said }))

export const isBroken = ({ parts }: Json<Answers<'health'>[503]>): boolean => parts.seal === 'evidence-broken'

/** The problems of one operation, by status. */
export function conflictOf({ code, pointer }: ProblemOf<Answers<'decide'>[409]>): string | undefined {
  switch (code) {
    case 'not-pending':
    case 'already-decided':
      return pointer
  }
}

// @ts-expect-error: reading changes nothing, so it has no conflicts
export type Unknown = Answers<'read'>[409]

export type Paths = [
  paths['/api/requests']['post'],
  paths['/api/requests/{id}/redeem']['post'],
  paths['/api/evidence/bundles/{date}']['get'],
  paths['/.well-known/jwks.json']['get'],
]
