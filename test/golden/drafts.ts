import type { Draft } from '../../src/core/request/event.ts'
import type { Digest, Hex, ObjectId, RequestId } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'

const hex = (pair: string): Hex => pair.repeat(32) as Hex
const digest = (pair: string): Digest => `sha256:${pair.repeat(32)}` as Digest
const id = (digit: string): ObjectId => `${digit.repeat(8)}-0000-4000-8000-000000000000` as ObjectId
const later = '2026-03-04T13:00:00.000Z' as Instant

const request = '01kjw2xm00abcdefghjkmnpqrs-07' as RequestId
const agent = { kind: 'agent', id: id('a') } as const
const person = { kind: 'person', id: id('1') } as const
const policy = { kind: 'policy' } as const
const system = { kind: 'system' } as const
const facts = {
  accounts: [id('1'), id('2')],
  groups: ['dba', 'security'],
  member: true,
  enabled: true,
  asOf: '2026-03-04T11:59:30.000Z' as Instant,
}
const gone = { ...facts, groups: [], member: false, enabled: false }
const erasers = { askedBy: id('7'), accounts: [id('1'), id('2')] }
const output = { sha256: hex('5d'), size: 1_048_576 }

/** Every type of event, with and without what may be absent. New ones are added at the end; old ones never change. */
export const drafts: readonly Draft[] = [
  { type: 'policy-changed', actor: system, data: { to: digest('01') } },
  {
    type: 'requested',
    actor: agent,
    request,
    data: {
      action: 'db.export',
      digest: digest('ac'),
      executor: id('b'),
      onBehalfOf: id('3'),
      policy: { version: digest('01'), outcome: 'approve', rules: ['export-needs-dba', 'export-large'] },
      warnings: ['long-target'],
      tier: 'high',
      requirement: [
        { groups: ['dba'], quorum: 2 },
        { groups: ['oncall', 'security'], quorum: 1 },
      ],
      excluded: [id('3'), id('4')],
      expiresAt: later,
      lapse: 3600,
      grant: 300,
    },
    said: {
      reason: 'Quarterly report\nfor "finance", Zürich 😀',
      links: '[{"title":"FIN-881","url":"https://x.example"}]',
    },
  },
  {
    type: 'shown',
    actor: person,
    request,
    data: { view: digest('7e'), content: hex('c0'), template: hex('7a'), page: 1, pages: 2 },
  },
  {
    type: 'decided',
    actor: person,
    request,
    data: { verdict: 'approve', via: 'teams', content: hex('c0'), view: digest('7e'), facts },
    said: { name: 'Dana Übermut' },
  },
  { type: 'approved', actor: person, request, data: { by: 'quorum', lapsesAt: later } },
  {
    type: 'redeemed',
    actor: agent,
    request,
    data: { redemption: '6f9619ff-8b86-4d01-b42d-00c04fc964ff', digest: digest('ac') },
  },
  { type: 'unreported', actor: system, request },
  { type: 'succeeded', actor: agent, request, data: { output }, said: { summary: 'Exit 0' } },
  {
    type: 'requested',
    actor: agent,
    request,
    data: {
      action: 'service.restart',
      digest: digest('ad'),
      executor: id('a'),
      policy: { version: digest('01'), outcome: 'allow', rules: ['restart'] },
      warnings: [],
      lapse: 3600,
      grant: 300,
    },
    said: { reason: 'Hangs' },
  },
  { type: 'approved', actor: policy, request, data: { by: 'policy', rules: ['restart'], lapsesAt: later } },
  { type: 'lapsed', actor: system, request },
  {
    type: 'requested',
    actor: agent,
    request,
    data: {
      action: 'db.drop',
      digest: digest('ae'),
      executor: id('a'),
      policy: { version: digest('01'), outcome: 'no-policy', rules: [] },
      warnings: [],
    },
    said: { reason: 'x' },
  },
  { type: 'denied', actor: policy, request, data: { by: 'policy', rules: [] } },
  {
    type: 'decided',
    actor: person,
    request,
    data: {
      verdict: 'deny',
      via: 'api',
      content: hex('c0'),
      client: id('c'),
      facts: { ...facts, accounts: [id('1')], groups: ['dba'] },
    },
    said: { name: 'Dana', reason: 'Not during the audit.' },
  },
  { type: 'denied', actor: person, request, data: { by: 'denial' } },
  { type: 'expired', actor: system, request },
  { type: 'undeliverable', actor: system, request },
  { type: 'cancelled', actor: agent, request },
  { type: 'cancelled', actor: agent, request, said: { reason: 'No longer needed.' } },
  { type: 'revoked', actor: person, request, data: { facts } },
  { type: 'revoked', actor: person, request, data: { facts }, said: { reason: 'Wrong week.' } },
  { type: 'succeeded', actor: agent, request },
  { type: 'failed', actor: agent, request, data: { output } },
  { type: 'failed', actor: agent, request, said: { summary: 'Exit 1' } },
  { type: 'policy-changed', actor: system, data: { from: digest('01'), to: digest('02') } },
  { type: 'key-rotated', actor: system, data: { key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE', size: 1234 } },
  {
    type: 'erased',
    actor: person,
    request,
    data: { event: hex('e0'), names: ['action', 'reason'], ...erasers },
    said: { why: 'A secret.' },
  },
  {
    type: 'decided',
    actor: person,
    request,
    data: {
      verdict: 'approve',
      via: 'console',
      content: hex('c0'),
      view: digest('7e'),
      client: id('d'),
      proved: 'c1',
      facts,
    },
    said: { name: 'Dana', reason: 'As agreed.' },
  },
  {
    type: 'decided',
    actor: person,
    request,
    data: { verdict: 'approve', via: 'slack', content: hex('c0'), view: digest('7e'), facts },
    said: { name: 'Dana' },
  },
  {
    type: 'decided',
    actor: person,
    request,
    data: { verdict: 'approve', via: 'cli', content: hex('c0'), client: id('e'), proved: 'c25', facts },
    said: { name: 'Dana' },
  },
  { type: 'revoked', actor: person, request, data: { facts }, said: { name: 'Dana', reason: 'Wrong week.' } },
  {
    type: 'erased',
    actor: person,
    request,
    data: { event: hex('e1'), names: ['links', 'name', 'summary'], ...erasers },
    said: { why: 'They asked for it.' },
  },
  { type: 'revoked', actor: person, request, data: { client: id('c'), facts } },
  {
    type: 'erased',
    actor: person,
    request,
    data: { event: hex('e2'), names: ['reason'], ...erasers, client: id('c') },
    said: { why: 'A secret.' },
  },
  { type: 'vote-void', actor: system, request, data: { vote: hex('d1'), why: 'left', facts: gone } },
  { type: 'vote-void', actor: system, request, data: { vote: hex('d2'), why: 'excluded', facts } },
  { type: 'revoked', actor: policy, request, data: { rules: ['freeze', 'no-exports'] } },
  { type: 'vote-void', actor: system, request, data: { vote: hex('d3'), why: 'duplicate', facts } },
  { type: 'tampered', actor: person, data: { from: 12, to: 15, check: 'mac' }, said: { why: 'A leaked key.' } },
  {
    type: 'tampered',
    actor: person,
    request,
    data: { from: 2, to: 9, check: 'events', client: id('c') },
    said: { why: 'A leaked key.' },
  },
  {
    type: 'requested',
    actor: agent,
    request,
    data: {
      action: 'db.export',
      digest: digest('af'),
      executor: id('b'),
      onBehalfOf: id('3'),
      policy: { version: digest('01'), outcome: 'approve', rules: ['export-needs-dba'] },
      warnings: ['approver-excluded'],
      tier: 'low',
      requirement: [{ groups: ['dba'], quorum: 1 }],
      excluded: [id('3'), id('4'), id('5')],
      excludedByAgent: [id('3'), id('5')],
      expiresAt: later,
      lapse: 3600,
      grant: 300,
    },
    said: { reason: 'As they said.' },
  },
  {
    type: 'erasure-asked',
    actor: person,
    request,
    data: { names: ['action', 'reason'], accounts: [id('1'), id('2')] },
    said: { why: 'A secret.' },
  },
  {
    type: 'erasure-asked',
    actor: person,
    request,
    data: { names: ['name'], accounts: [id('1')], client: id('c') },
    said: { why: 'GDPR.' },
  },
  {
    type: 'requested',
    actor: agent,
    request,
    data: {
      action: 'role.grant',
      digest: digest('af'),
      executor: id('a'),
      policy: { version: digest('01'), outcome: 'approve', rules: ['role-needs-security'] },
      warnings: [],
      tier: 'medium',
      requirement: [{ groups: ['security'], quorum: 1 }],
      excluded: [],
      expiresAt: later,
      lapse: 3600,
      grant: 300,
      via: ['console', 'teams'],
      private: true,
    },
    said: { reason: 'On call' },
  },
]
