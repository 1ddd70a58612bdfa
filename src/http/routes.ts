import type { z } from 'zod'
import type { ProblemCode } from '../core/problem.ts'
import { askBody, decisionBody, listQuery, noQuery, outcomeBody, reasonBody, redeemBody } from './schemas.ts'

/** One operation of the API: what is bound, documented and tested is made from this table. */
export interface Route {
  readonly name: RouteName
  readonly method: 'GET' | 'POST'
  /** Without the leading slash; `{id}` is a request id. */
  readonly path: string
  readonly summary: string
  /** Who may call; `null` is anyone. */
  readonly who: string | null
  readonly body?: z.ZodType
  readonly query: z.ZodType
  readonly headers: readonly ('Prefer' | 'Idempotency-Key')[]
  /** Status → media type of the answers that are not problems. */
  readonly answers: Readonly<Record<number, readonly string[]>>
  readonly problems: readonly ProblemCode[]
}

export type RouteName =
  | 'ask'
  | 'read'
  | 'list'
  | 'cancel'
  | 'decide'
  | 'redeem'
  | 'report'
  | 'revoke'
  | 'events'
  | 'health'
  | 'openapi'
  | 'keys'

const json = ['application/json']

/** Problems of every route that asks who calls. */
const signedIn: readonly ProblemCode[] = ['invalid-input', 'unauthenticated', 'not-permitted', 'unavailable']
const withId: readonly ProblemCode[] = [...signedIn, 'not-found']
const withBody: readonly ProblemCode[] = [...withId, 'invalid-json', 'too-large', 'busy']

export const routes: readonly Route[] = [
  {
    name: 'ask',
    method: 'POST',
    path: 'api/requests',
    summary: 'Ask for an action',
    who: 'app role Actions.Request',
    body: askBody,
    query: noQuery,
    headers: ['Prefer', 'Idempotency-Key'],
    answers: { 200: json, 201: json },
    problems: [
      ...signedIn,
      'invalid-json',
      'too-large',
      'already-pending',
      'idempotency-mismatch',
      'no-eligible-approver',
      'not-showable',
      'too-many',
      'cooling-down',
      'busy',
    ],
  },
  {
    name: 'list',
    method: 'GET',
    path: 'api/requests',
    summary: 'List requests, newest first; pending ones by deadline',
    who: 'app role Evidence.Read; an approver sees what they may decide',
    query: listQuery,
    headers: [],
    answers: { 200: json },
    problems: signedIn,
  },
  {
    name: 'read',
    method: 'GET',
    path: 'api/requests/{id}',
    summary: 'Read a request as it stands, or wait for it to leave pending',
    who: 'the agent that asked; the executor; who may decide or has decided; app role Evidence.Read',
    query: noQuery,
    headers: ['Prefer'],
    answers: { 200: json },
    problems: [...withId, 'busy'],
  },
  {
    name: 'cancel',
    method: 'POST',
    path: 'api/requests/{id}/cancel',
    summary: 'Withdraw a request, while pending or approved',
    who: 'the agent that asked',
    body: reasonBody,
    query: noQuery,
    headers: [],
    answers: { 200: json },
    problems: [...withBody, 'not-pending', 'already-redeemed'],
  },
  {
    name: 'decide',
    method: 'POST',
    path: 'api/requests/{id}/decisions',
    summary: 'Approve or deny',
    who: 'an eligible approver',
    body: decisionBody,
    query: noQuery,
    headers: [],
    answers: { 200: json },
    problems: [...withBody, 'self-approval', 'digest-mismatch', 'not-pending', 'already-decided'],
  },
  {
    name: 'redeem',
    method: 'POST',
    path: 'api/requests/{id}/redeem',
    summary: 'Claim the grant, once',
    who: 'the executor: the agent that asked, or app role Grants.Redeem',
    body: redeemBody,
    query: noQuery,
    headers: [],
    answers: { 200: json },
    problems: [...withBody, 'grant-invalid', 'digest-mismatch', 'already-redeemed', 'not-redeemable'],
  },
  {
    name: 'report',
    method: 'POST',
    path: 'api/requests/{id}/outcome',
    summary: 'Report what happened, once',
    who: 'who redeemed',
    body: outcomeBody,
    query: noQuery,
    headers: [],
    answers: { 200: json },
    problems: [...withBody, 'not-redeemed', 'already-reported'],
  },
  {
    name: 'revoke',
    method: 'POST',
    path: 'api/requests/{id}/revoke',
    summary: 'Take back an unused approval',
    who: 'an eligible approver',
    body: reasonBody,
    query: noQuery,
    headers: [],
    answers: { 200: json },
    problems: [...withBody, 'self-approval', 'not-redeemable', 'already-redeemed'],
  },
  {
    name: 'events',
    method: 'GET',
    path: 'api/requests/{id}/events',
    summary: 'Read the leaves of a request exactly as hashed',
    who: 'app role Evidence.Read',
    query: noQuery,
    headers: [],
    answers: { 200: ['application/jsonl', 'application/json'] },
    problems: withId,
  },
  {
    name: 'health',
    method: 'GET',
    path: 'api/health',
    summary: 'Whether the service and its parts work',
    who: null,
    query: noQuery,
    headers: [],
    answers: { 200: json, 503: json },
    problems: ['invalid-input'],
  },
  {
    name: 'openapi',
    method: 'GET',
    path: 'api/openapi.json',
    summary: 'This document',
    who: null,
    query: noQuery,
    headers: [],
    answers: { 200: json },
    problems: ['invalid-input'],
  },
  {
    name: 'keys',
    method: 'GET',
    path: '.well-known/jwks.json',
    summary: 'The keys that sign grants',
    who: null,
    query: noQuery,
    headers: [],
    answers: { 200: ['application/jwk-set+json'] },
    problems: ['invalid-input', 'unavailable'],
  },
]
