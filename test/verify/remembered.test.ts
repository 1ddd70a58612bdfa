import * as fc from 'fast-check'
import { actionDigest } from '../../src/core/action/action.ts'
import { canonicalAction } from '../../src/core/action/canonicalAction.ts'
import { type ObjectId, sha256 } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { readPlainPolicy } from '../../src/core/policy/plainPolicy.ts'
import { type RecordedAsk, structuralJudge } from '../../src/core/policy/structure.ts'
import type { EventOf } from '../../src/core/record/eventType.ts'
import type { Requested } from '../../src/core/request/event.ts'
import { type Judgement, open } from '../../src/core/request/submission.ts'
import { BrokenAt } from '../../src/verify/finding.ts'
import { PolicyCheck } from '../../src/verify/policyCheck.ts'
import type { LoadedVersion } from '../../src/verify/policyJudge.ts'
import {
  action,
  bot,
  dba,
  dba2,
  mayNotApprove,
  needs,
  noon,
  oid,
  policyFiles,
  policyVersion,
  runner,
  slot,
  submission,
  template,
} from '../support/build.ts'
import { sample } from '../support/chance.ts'

const files = new Map([...policyFiles].map(([name, text]) => [name, Buffer.from(text)]))
const read = readPlainPolicy(files, [template])
if (typeof read === 'string') throw new Error(read)
const policy = read

const judgements: Readonly<Record<string, Judgement>> = {
  'db.export': needs(),
  'db.dump': needs([slot('dba', 2)], { rules: ['dump-needs-two'] }),
  'db.read': { outcome: 'allow', rules: ['reads-are-free'], lapse: 3600, grant: 300 },
  'db.drop': { outcome: 'forbid', rules: ['never-drop'] },
  'db.other': { outcome: 'no-policy', rules: [] },
}
const verbs = Object.keys(judgements)

/** What the event of a true ask says. */
function truth(verb: string, agent: ObjectId, executor: ObjectId, onBehalfOf: ObjectId | undefined): Requested {
  const excluded = [...mayNotApprove, ...(onBehalfOf === undefined ? [] : [onBehalfOf])].toSorted()
  const asks = submission({
    ...{ agent: { id: agent, name: 'agent' }, executor, action: { ...action, action: verb }, excluded },
    ...{ judgement: judgements[verb] ?? needs() },
    ...(onBehalfOf !== undefined && { onBehalfOf, excludedByAgent: [onBehalfOf] }),
  })
  const [event] = open(asks).events
  if (event?.type !== 'requested') throw new Error('It begins with an ask.')
  return event.data
}

/** True asks and false ones, of few kinds, so that the same question comes again with other answers. */
const asked: fc.Arbitrary<RecordedAsk> = fc
  .record({
    agent: fc.constantFrom(bot, bot, bot, runner, oid(99)),
    executor: fc.constantFrom(bot, bot, runner),
    onBehalfOf: fc.constantFrom(undefined, undefined, dba, dba2),
    verb: fc.constantFrom(...verbs),
    change: fc.constantFrom<Partial<Requested>>(
      ...[{}, {}, {}, { lapse: 60 }, { excluded: [] }, { tier: 'low' as const }, { via: ['api'] }],
      ...[{ requirement: [slot('dba', 3)] }, { expiresAt: plusSeconds(noon, 7_200) }, { private: true as const }],
      ...[['export-needs-dba'], ['dump-needs-two'], ['export-needs-dba', 'dump-needs-two'], ['unknown']].map(
        (rules) => ({ policy: { version: policyVersion, outcome: 'approve' as const, rules } }),
      ),
    ),
  })
  .map(({ agent, executor, onBehalfOf, verb, change }) => ({
    ...{ agent, at: noon, data: { ...truth(verb, agent, executor, onBehalfOf), ...change } },
  }))

test('an ask is judged by structure as if nothing were remembered', () => {
  const counts = { true: 0, false: 0 }
  fc.assert(
    fc.property(fc.array(asked, { minLength: 30, maxLength: 60 }), (asks) => {
      const remembering = structuralJudge(policy)
      for (const ask of asks) {
        const flaw = remembering(ask)
        expect(flaw).toBe(structuralJudge(policy)(ask))
        counts[flaw === null ? 'true' : 'false'] += 1
      }
    }),
    sample(50),
  )
  expect(Math.min(counts.true, counts.false)).toBeGreaterThan(200)
})

/** Answers by all that it is asked, and by the time of the verbs that read it. */
const cedar: LoadedVersion = {
  rules: files.get('rules.json') ?? new Uint8Array(),
  readsTime: (verb) => verb === 'db.dump',
  judge({ agent, action: asked, onBehalfOf, at }) {
    const when = asked.action === 'db.dump' ? at.slice(0, 13) : ''
    const first = Number.parseInt(sha256(`${agent} ${onBehalfOf} ${canonicalAction(asked)} ${when}`).slice(0, 2), 16)
    if (first < 20) return 'it cannot be judged'
    return first < 128 ? { outcome: 'approve', rules: ['export-needs-dba'] } : { outcome: 'no-policy', rules: [] }
  },
}

const judged = fc.record({
  agent: fc.constantFrom(bot, runner),
  onBehalfOf: fc.constantFrom(undefined, dba),
  verb: fc.constantFrom('db.export', 'db.dump'),
  // What the event says of the verb, if it lies.
  said: fc.constantFrom(undefined, undefined, undefined, 'db.read'),
  target: fc.constantFrom('prod/one', 'prod/two'),
  after: fc.constantFrom(0, 60, 3_600, 7_200),
})

test('an action is judged by Cedar as if nothing were remembered', () => {
  const counts = { true: 0, false: 0, asked: 0, plainly: 0 }
  const counting = (count: 'asked' | 'plainly') => () => ({
    ...cedar,
    judge: (question: Parameters<LoadedVersion['judge']>[0]) => {
      counts[count] += 1
      return cedar.judge(question)
    },
  })
  const checkOf = (count: 'asked' | 'plainly') =>
    new PolicyCheck([{ version: policyVersion, listed: new Map(), files, templates: [template] }], counting(count))
  fc.assert(
    fc.property(fc.array(judged, { minLength: 30, maxLength: 60 }), (all) => {
      const remembering = checkOf('asked')
      for (const { agent, onBehalfOf, verb, said = verb, target, after } of all) {
        const asks = { ...action, action: verb, target }
        const digest = actionDigest(asks)
        const data = { ...truth('db.export', agent, agent, onBehalfOf), action: said, digest }
        const event = { type: 'requested', actor: { kind: 'agent', id: agent }, at: plusSeconds(noon, after), data }
        const text = canonicalAction(asks)
        const flaw = flawOf(remembering, event as EventOf<'requested'>, text)
        expect(flaw).toBe(flawOf(checkOf('plainly'), event as EventOf<'requested'>, text))
        counts[flaw === null ? 'true' : 'false'] += 1
      }
    }),
    sample(50),
  )
  expect(Math.min(counts.true, counts.false)).toBeGreaterThan(200)
  expect(counts.asked).toBeLessThan(counts.plainly * 0.8)
})

function flawOf(check: PolicyCheck, event: EventOf<'requested'>, text: string): string | null {
  try {
    check.anew(event, text, { member: 'records.jsonl', index: 0 })
    return null
  } catch (cause) {
    if (cause instanceof BrokenAt) return cause.message
    throw cause
  }
}
