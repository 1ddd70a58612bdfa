import * as fc from 'fast-check'
import { leafHash } from '../../../src/core/log/merkle.ts'
import { actionStatuses } from '../../support/build.ts'
import { fold, type Read } from '../log/fold.ts'
import { command, judgement, people, run, talk } from './lives.ts'

/** What people say beside votes, and what becomes of it. */
const told = ['asked', 'answered', 'narrowed', 'reminded', 'escalated', 'glass-broken', 'reviewed', 'unreviewed']

test.each([
  ['any commands', command, actionStatuses()],
  ['questions, reminders and broken glasses', talk, ['approved', 'pending', 'expired']],
])('%s in any order lead to events that record a whole and legal history', (_, command, expected) => {
  const reached = new Map<string, number>()
  const voided = new Set<string>()
  const types = new Map<string, number>()
  fc.assert(
    fc.property(
      judgement,
      fc.subarray([...people], { maxLength: 1 }),
      fc.array(command, { maxLength: 14, size: 'max' }),
      (judgement, excluded, commands) => {
        const { request, leaves } = run(judgement, excluded.flat(), commands)
        const events = leaves.map(({ text }) => JSON.parse(text) as Read)
        const status = fold(events)
        expect(status).toBe(request.status)
        expect(request.events.map(({ hash }) => hash)).toEqual(leaves.map(({ text }) => leafHash(text)))
        expect(events.map(({ prev }) => prev)).toEqual(['0'.repeat(64), ...leaves.map(({ hash }) => hash)].slice(0, -1))
        reached.set(status, (reached.get(status) ?? 0) + 1)
        for (const { type } of events) types.set(type, (types.get(type) ?? 0) + 1)
        if (request.decisions.some((vote) => vote.void)) voided.add(status)
      },
    ),
    { numRuns: 2000 },
  )
  expect([...reached.keys()]).toEqual(expect.arrayContaining([...expected]))
  if (command === talk) expect([...types.keys()]).toEqual(expect.arrayContaining(told))
  // Among talk, or with an approval later, a void vote is too rare to be demanded of chance: see test/approvals/frozenFacts.
  else expect([...voided]).toContain('pending')
})
