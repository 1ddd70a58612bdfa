import type { Row } from './row.ts'

const useCase = 'test/approvals/refusals.test.ts'
const forgery = { 'test/core/record/forgery.test.ts': ['a forged history is refused › %s'] }

/** What is recorded of those who try what they may not. */
export const refusalRows: readonly Row[] = [
  {
    attack: 'A caller tries until something works, and nothing tells of it; or fills the log by trying',
    control:
      'Refusals of callers who may know of the request are events: once for each caller and code, 20 for each request, replayed by the verifier. Others leave no trace, and no refusal waits for its record',
    switches: [
      {
        name: 'refusal-recorded',
        file: 'src/approvals/refusals.ts',
        find: 'const step = code === null ? null : refuse(request, { ...attempt, code })',
        replace: 'const step = code === null ? refuse(request, { ...attempt, code: "not-permitted" }) : null',
        tests: { [useCase]: ['a decision that is refused is recorded: %s'] },
      },
      {
        name: 'refusal-at-the-door',
        file: 'src/http/binding.ts',
        find: 'if (caller && cause instanceof Problem) await noteRefused(',
        replace: 'if (false) await noteRefused(',
        tests: {
          'test/http/binding.test.ts': [
            'a caller whom token, role or registration refuse › is told to what records it: %s',
          ],
        },
      },
      {
        name: 'refusal-of-strangers',
        file: 'src/approvals/refusals.ts',
        find: 'if (found?.agent.id !== agent && found?.executor !== agent) throw noSuchRequest()',
        replace: 'if (!found) throw noSuchRequest()',
        tests: { [useCase]: ['a caller who may not know of the request › leaves no trace, in any way in'] },
      },
      {
        name: 'refusal-answered',
        file: 'src/approvals/refusals.ts',
        find: 'if (refusal === null || cause === refusal) throw cause',
        replace: 'throw cause',
        tests: { [useCase]: ['a refusal that cannot be recorded › is answered all the same: %s'] },
      },
      {
        name: 'refusal-in-time',
        file: 'src/approvals/refusals.ts',
        find: 'return await Promise.race([changing, late])',
        replace: 'return await changing',
        tests: { [useCase]: ['a refusal that cannot be recorded › is answered before the record if that takes long'] },
      },
      {
        name: 'refusal-once',
        file: 'src/core/request/refusal.ts',
        find: 'one.by === by.id && one.code === data.code',
        replace: 'false',
        tests: { [useCase]: ['a decision that is refused is recorded: %s'], ...forgery },
      },
      {
        name: 'refusal-limit',
        file: 'src/core/request/refusal.ts',
        find: '|| refusals.length >= mostRefusals',
        replace: '',
        tests: forgery,
      },
      {
        name: 'refusal-in-events',
        file: 'src/core/record/retelling.ts',
        find: "'grant', 'erasureAsks', 'refusals']",
        replace: "'grant', 'erasureAsks']",
        tests: { [useCase]: ['a row that hides a refusal, or makes one up, does not hold'] },
      },
      {
        name: 'refusal-moves-no-card',
        file: 'src/core/request/delivery.ts',
        find: "new Set(['shown', 'erasure-asked', 'refused', 'reminded'])",
        replace: "new Set(['shown', 'erasure-asked', 'reminded'])",
        tests: { [useCase]: ['a refusal moves no deadline, no card and no content'] },
      },
      {
        name: 'refusal-of-the-agent',
        file: 'src/core/record/eventTable.ts',
        find: "if (actor.kind === 'agent' && !isParty)",
        replace: 'if (false)',
        tests: forgery,
      },
    ],
  },
]
