import { always, json, type Operation } from './operation.ts'
import { noQuery } from './queries.ts'
import { consoleSettings, healthReport, keySet, openapiDocument } from './serviceAnswers.ts'

/** What the service says of itself, to anyone. */
export const serviceOperations = {
  health: {
    method: 'GET',
    path: 'api/health',
    tag: 'service',
    summary: 'Whether the service and its parts work',
    caller: { kind: 'anyone', more: 'Evidence.Read' },
    query: noQuery,
    headers: [],
    answers: { 200: json(healthReport), 503: json(healthReport) },
    problems: always,
  },
  openapi: {
    method: 'GET',
    path: 'api/openapi.json',
    tag: 'service',
    summary: 'This document',
    caller: { kind: 'anyone' },
    query: noQuery,
    headers: [],
    answers: { 200: json(openapiDocument) },
    problems: always,
  },
  consoleSettings: {
    method: 'GET',
    path: 'console/config.json',
    tag: 'service',
    summary: 'How people sign in to the console',
    caller: { kind: 'anyone' },
    query: noQuery,
    headers: [],
    answers: { 200: json(consoleSettings) },
    problems: [...always, 'not-found'],
  },
  keys: {
    method: 'GET',
    path: '.well-known/jwks.json',
    tag: 'service',
    summary: 'The keys that sign grants',
    caller: { kind: 'anyone' },
    query: noQuery,
    headers: [],
    answers: { 200: { 'application/jwk-set+json': keySet } },
    problems: always,
  },
} as const satisfies Readonly<Record<string, Operation>>
