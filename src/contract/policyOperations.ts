import { dryAskBody } from './bodies.ts'
import { always, json, type Operation } from './operation.ts'
import { dryRunAnswer } from './policyAnswers.ts'
import { noQuery } from './queries.ts'

/** What policy says of an action. */
export const policyOperations = {
  judgements: {
    method: 'POST',
    path: 'api/policy/judgements',
    tag: 'policy',
    summary: 'Try an ask: what policy answers, and who would have to approve. Records nothing',
    caller: { kind: 'person' },
    callerWords: 'a member of any group of approvers; app role Evidence.Read',
    query: noQuery,
    body: dryAskBody,
    headers: [],
    answers: { 200: json(dryRunAnswer) },
    problems: [...always, 'unauthenticated', 'not-permitted', 'invalid-json', 'too-large', 'secret-in-params'],
  },
} as const satisfies Readonly<Record<string, Operation>>
