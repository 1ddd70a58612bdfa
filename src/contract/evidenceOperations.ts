import { erasureBody } from './bodies.ts'
import { bundleFile, bundleList, checkpointNote, erasureAnswer, proofList, saidLines } from './evidenceAnswers.ts'
import { always, changing, json, jsonLines, type Operation, reading, signedIn } from './operation.ts'
import { noQuery } from './queries.ts'

const zip = { 'application/zip': bundleFile } as const

/** What the evidence is read and erased by. */
export const evidenceOperations = {
  proof: {
    method: 'GET',
    path: 'api/requests/{id}/proof',
    tag: 'evidence',
    summary: 'Proofs that its events are in the log (C2SP tlog-proof), against the newest checkpoint',
    caller: { kind: 'person', role: 'Evidence.Read' },
    query: noQuery,
    headers: [],
    answers: { 200: json(proofList) },
    problems: reading,
  },
  bundles: {
    method: 'GET',
    path: 'api/evidence/bundles',
    tag: 'evidence',
    summary: 'List the sealed days, oldest first',
    caller: { kind: 'person', role: 'Evidence.Read' },
    query: noQuery,
    headers: [],
    answers: { 200: json(bundleList) },
    problems: signedIn,
  },
  bundle: {
    method: 'GET',
    path: 'api/evidence/bundles/{date}',
    tag: 'evidence',
    summary: 'Download the evidence of a sealed day',
    caller: { kind: 'person', role: 'Evidence.Export' },
    query: noQuery,
    headers: ['Range', 'If-Range', 'If-None-Match'],
    answers: { 200: zip, 206: zip, 304: {}, 416: {} },
    problems: [...signedIn, 'not-found'],
  },
  said: {
    method: 'GET',
    path: 'api/evidence/said/{date}',
    tag: 'evidence',
    summary: 'Download what people wrote on a sealed day, as far as it is not erased',
    caller: { kind: 'person', role: 'Evidence.Export' },
    query: noQuery,
    headers: [],
    answers: { 200: { [jsonLines]: saidLines } },
    problems: [...signedIn, 'not-found'],
  },
  erasures: {
    method: 'POST',
    path: 'api/evidence/erasures',
    tag: 'evidence',
    summary: 'Erase texts of a closed request; every proof still holds',
    caller: { kind: 'person', role: 'Evidence.Erase' },
    query: noQuery,
    body: erasureBody,
    headers: [],
    answers: { 200: json(erasureAnswer) },
    problems: [...changing, 'still-open'],
  },
  checkpoint: {
    method: 'GET',
    path: 'api/evidence/checkpoint',
    tag: 'evidence',
    summary: 'The newest signed checkpoint (C2SP tlog-checkpoint)',
    caller: { kind: 'anyone' },
    query: noQuery,
    headers: [],
    answers: { 200: { 'text/plain': checkpointNote } },
    problems: [...always, 'newer-format', 'evidence-broken', 'not-found'],
  },
} as const satisfies Readonly<Record<string, Operation>>
