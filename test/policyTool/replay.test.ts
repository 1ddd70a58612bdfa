import { join } from 'node:path'
import type { Service } from '../../src/cli/service.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { action, request } from '../cli/double.ts'
import { root } from '../support/root.ts'
import { tool, withPolicy } from './tool.ts'

const example = join(root, 'policy')
const days = ['--from', '2026-01-01', '--to', '2026-01-31']

const id = (n: number): string => `01kaqz3v8m000000000000000${n}-07`

/** A past request, as the service lists it. */
const past = (
  n: number,
  other: JsonObject = {},
  policy: JsonObject = {},
  required?: readonly JsonObject[],
): JsonObject => {
  const made = request()
  return {
    ...made,
    ...{ id: id(n), createdAt: `2026-01-0${n}T12:00:00.000Z` },
    ...(required && { approvals: { required, decisions: [] } }),
    ...other,
    policy: { ...(made['policy'] as JsonObject), ...policy },
  }
}

const slot = (group: string, quorum = 1): JsonObject => ({ groups: [group], quorum, have: 0 })
const large = [slot('security'), slot('dba')]
const restart: JsonObject = { action: 'service.restart', target: 'web-1', environment: 'staging', params: {} }

const listing =
  (...requests: readonly JsonObject[]): Service['list'] =>
  async () => ({ requests })

const found = (record: JsonObject) =>
  (record['differences'] as readonly JsonObject[]).map(({ id, kind, before, after }) => [id, kind, before, after])

test('the same answers are no differences', async () => {
  const allowed = past(2, restart, { outcome: 'allow', rules: ['restart-in-staging'] }, [])
  const { exit, record, shown } = await tool(['replay', example, ...days], listing(past(1, {}, {}, large), allowed))
  expect([exit, record]).toEqual([0, { exit: 0, judged: 2, erased: 0, differences: [] }])
  expect(shown).toContain('judged 2 requests, 0 answered in another way')
})

test('other answers are listed, first what no person would look at any more', async () => {
  const requests = [
    past(1, { action: 'db.drop', params: {} }, { outcome: 'approve' }, [slot('dba')]),
    past(2, {}, {}, [slot('dba')]),
    past(3, {}, { outcome: 'forbid', rules: ['old'] }, []),
    past(4, restart, { outcome: 'approve' }, [slot('dba')]),
    past(5, { params: { rows: 'many' } }, {}, [slot('dba')]),
    past(6, { agent: { id: 'b0000000-0000-4000-8000-000000000009', name: 'gone' } }, {}, [slot('dba')]),
  ]
  const { exit, record, shown } = await tool(['replay', example, ...days], listing(...requests))
  expect(exit).toBe(1)
  expect(found(record)).toEqual([
    [id(4), 'allowed', 'approve by dba:1', 'allow'],
    [id(3), 'asked', 'forbid', 'approve by dba:1, security:1'],
    [id(2), 'approvers', 'approve by dba:1', 'approve by dba:1, security:1'],
    [id(1), 'stopped', 'approve by dba:1', 'forbid'],
    [id(5), 'stopped', 'approve by dba:1', 'invalid-input'],
    [id(6), 'stopped', 'approve by dba:1', 'not-permitted'],
  ])
  expect(shown).toMatch(/^approve by dba:1 → allow: newly allowed, with no person involved\nrequest 01kaqz3v8m/)
  expect(shown).toContain('action service.restart on web-1 in staging')
})

test('requests whose action was erased are counted', async () => {
  const { target: _target, params: _params, ...erased } = past(1)
  const { record, shown } = await tool(['replay', example, ...days], listing(erased))
  expect(record).toMatchObject({ judged: 1, erased: 1, differences: [] })
  expect(shown).toContain('erased 1: their actions were erased')
})

test('each request is judged as of the time at which it was made', async () => {
  const schema = `entity Agent, Target;
    action "db.export" appliesTo { principal: Agent, resource: Target, context: { environment: String, at: { date: String } } };`
  const allow =
    '@id("r") permit (principal, action == Action::"db.export", resource) when { context.at.date == "2026-01-02" };'
  const files = { 'schema.cedarschema': schema, 'allow.cedar': allow, 'approve.cedar': '', 'forbid.cedar': '' }
  await withPolicy({ ...files, 'presentation.json': '{ "version": 1, "actions": {} }' }, async (folder) => {
    const denied = { outcome: 'no-policy', rules: [] }
    const { record } = await tool(
      ['replay', folder, ...days],
      listing(past(1, {}, denied, []), past(2, {}, denied, [])),
    )
    expect(found(record)).toEqual([[id(2), 'allowed', 'no-policy', 'allow']])
  })
})

test('reads all pages, and a long range in parts that the service lists', async () => {
  const asked: Readonly<Record<string, string>>[] = []
  const list: Service['list'] = async (query) => {
    asked.push(query)
    return { requests: [past(asked.length, {}, {}, large)], ...(asked.length === 1 && { cursor: 'next' }) }
  }
  const { record, progress } = await tool(['replay', example, '--from', '2026-01-01', '--to', '2026-02-28'], list)
  expect(asked).toEqual([
    { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z', limit: '100' },
    { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z', limit: '100', cursor: 'next' },
    { from: '2026-02-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z', limit: '100' },
  ])
  expect(record['judged']).toBe(3)
  expect(progress).toEqual([...[1, 2, 3].map((n) => `${n} requests judged, 0 answered in another way`), null])
})

test.each<[string, readonly string[], string]>([
  ['a day that the calendar does not have', ['--from', '2026-02-30', '--to', '2026-03-01'], '--from: '],
  ['no time', ['--from', '2026-02-01', '--to', 'today'], '--to: '],
  ['times in the wrong order', ['--from', '2026-02-03', '--to', '2026-02-01'], '--from is before --to'],
])('refuses %s', async (_what, given, words) => {
  const { exit, shown } = await tool(['replay', example, ...given])
  expect([exit, shown]).toEqual([78, expect.stringContaining(words)])
})

test('an answer that is no list is said to be none', async () => {
  const { exit, shown } = await tool(['replay', example, ...days], async () => ({ requests: [{ ...action }] }))
  expect([exit, shown]).toEqual([69, expect.stringContaining('cannot read: update it')])
})
