import { dryAskBody } from './bodies.ts'
import { always, json, type Operation } from './operation.ts'
import { dryRunAnswer, meAnswer, policyView } from './policyAnswers.ts'
import { noQuery } from './queries.ts'

/** What policy says of an action. */
export const policyOperations = {
  policy: {
    method: 'GET',
    path: 'api/policy',
    tag: 'policy',
    summary: 'The policy in force: its rules in words and as text, who may approve, and the agents',
    caller: { kind: 'person' },
    callerWords: 'a member of any group of approvers; app role Evidence.Read',
    query: noQuery,
    headers: [],
    answers: { 200: json(policyView) },
    problems: [...always, 'unauthenticated', 'not-permitted'],
  },
  me: {
    method: 'GET',
    path: 'api/me',
    tag: 'policy',
    summary: 'Who you are here: your app roles, and the groups of approvers that you are in',
    caller: { kind: 'person' },
    query: noQuery,
    headers: [],
    answers: { 200: json(meAnswer) },
    problems: [...always, 'unauthenticated', 'not-permitted'],
  },
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
