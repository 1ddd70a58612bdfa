import { type Erasable, erasable, erase } from '../../../src/core/request/erasure.ts'
import { revision } from '../../../src/core/request/delivery.ts'
import { type ApprovalRequest, saidIn, saidWith } from '../../../src/core/request/request.ts'
import { report } from '../../../src/core/request/redemption.ts'
import { decide } from '../../../src/core/request/decision.ts'
import {
  anyWith,
  bot,
  code,
  decision,
  dba,
  pending,
  redeemed,
  stored,
  statuses,
  after,
  tool,
} from '../../support/build.ts'

const erasing = (request: ApprovalRequest, names: readonly Erasable[] = erasable) =>
  erase(request, { names, why: 'A secret was in it.', by: dba })

const done = () => stored(report(redeemed(), { executor: bot, result: 'succeeded', summary: 'Done.', at: after(180) }))

test.each(statuses)('a request that is %s', (status) => {
  const request = anyWith(status)
  if (['pending', 'approved', 'redeemed'].includes(status)) expect(code(() => erasing(request))).toBe('still-open')
  else expect(erasing(request).erased).not.toEqual([])
})

test('an unreported request is open', () => {
  expect(code(() => erasing({ ...redeemed(), unreported: true }))).toBe('still-open')
})

test('each event of an erasure says through which application', () => {
  const { events } = erase(done(), { names: ['reason'], why: 'A secret.', by: dba, client: tool })
  expect(events).toMatchObject([{ type: 'erased', data: { names: ['reason'], client: tool } }])
})

test('each text goes, from each event, with one event that records it', () => {
  const request = done()
  const { erased, events, request: after } = erasing(request)
  const types = request.events.filter(({ seq }) => erased.some((one) => one.seq === seq)).map(({ type }) => type)
  expect(types).toEqual(['requested', 'decided', 'succeeded'])
  expect(erased.map(({ names }) => names)).toEqual([['action', 'reason'], ['name'], ['summary']])
  expect(events).toEqual(
    erased.map(({ event, names }) => ({
      type: 'erased',
      actor: { kind: 'person', id: dba },
      data: { event, names },
      said: { why: 'A secret was in it.' },
    })),
  )
  expect(after).toMatchObject({ action: null, said: [], digest: request.digest, verb: request.verb })
  expect(after.events).toEqual(request.events)
})

test('texts that are not named stay', () => {
  const denied = stored(decide(pending(), decision(pending(), { verdict: 'deny', reason: 'No.' })))
  const { request, erased } = erasing(denied, ['reason'])
  expect(erased.map(({ names }) => names)).toEqual([['reason'], ['reason']])
  expect(request.action).toEqual(denied.action)
  expect(saidIn(request, 'requested', 'reason')).toBeNull()
  expect(request.decisions.map((one) => saidWith(request, one))).toEqual([{ name: 'Dana' }])
})

test('an erased text is not erased again', () => {
  const { request } = erasing(done())
  expect(erasing(request)).toEqual({ request, events: [], erased: [] })
  expect(erasing(done(), ['links']).events).toEqual([])
})

test('cards that show it are out of date', () => {
  const request = done()
  expect(revision(erasing(request).request)).toBeGreaterThan(revision(request))
})

test('texts of 40 events are erased at a time, to fit into a transaction', () => {
  const one = done()
  const events = Array.from({ length: 90 }, (_, i) => ({ ...one.events[1], seq: i + 1 })) as ApprovalRequest['events']
  const said = events.map(({ seq }) => ({ seq, name: 'name', text: 'Dana' }))
  const counts: number[] = []
  let left: ApprovalRequest = { ...one, events, said }
  for (let step = erasing(left); step.erased.length > 0; step = erasing(left)) {
    counts.push(step.events.length)
    left = step.request
  }
  expect(counts).toEqual([40, 40, 10])
  expect(left.said).toEqual([])
})
