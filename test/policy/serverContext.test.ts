import type { Instant } from '../../src/core/data/instant.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { approvers, ask, type Changes, flaws, load } from './folder.ts'

const schemaOf = (context: string): string =>
  `entity Agent;\nentity Target;\naction "plain" appliesTo { principal: Agent, resource: Target, context: { environment: String, ${context} } };`
const freeze = (condition: string, context: string, zone?: string): Changes => ({
  'forbid.cedar': `@id("freeze") forbid(principal, action, resource) when { ${condition} };`,
  'approve.cedar': '',
  'allow.cedar': '@id("yes") permit(principal, action, resource);',
  'schema.cedarschema': schemaOf(context),
  'approvers.json': approvers(zone === undefined ? {} : { zone }),
})
const at = (text: string) => text as Instant

describe('rules read the time in the zone of approvers.json', () => {
  const moment = 'at: { hour: Long, weekday: String, date: String }'
  test.each([
    ['UTC without one', undefined, '2026-03-04T23:30:00.000Z', { hour: 23, weekday: 'wednesday', date: '2026-03-04' }],
    ['Berlin', 'Europe/Berlin', '2026-03-04T23:30:00.000Z', { hour: 0, weekday: 'thursday', date: '2026-03-05' }],
    ['summer time', 'Europe/Berlin', '2026-03-29T01:00:00.000Z', { hour: 3, weekday: 'sunday', date: '2026-03-29' }],
    ['Nepal', 'Asia/Kathmandu', '2026-03-04T18:14:59.999Z', { hour: 23, weekday: 'wednesday', date: '2026-03-04' }],
  ])('%s', async (_, zone, now, { hour, weekday, date }) => {
    const policy = await load(
      freeze(
        `context.at.hour == ${hour} && context.at.weekday == "${weekday}" && context.at.date == "${date}"`,
        moment,
        zone,
      ),
    )
    expect(ask(policy, { params: {}, at: at(now) }).outcome).toBe('forbid')
    expect(ask(policy, { params: {}, at: at('2026-07-01T12:00:00.000Z') }).outcome).toBe('allow')
  })

  test('and again when a grant is issued or redeemed', async () => {
    const policy = await load(freeze('["saturday", "sunday"].contains(context.at.weekday)', 'at: { weekday: String }'))
    const question = {
      agent: policy.agents()[0]?.id,
      action: { action: 'plain', target: 'x', environment: 'a', params: {} },
    }
    const forbids = (now: string) =>
      policy.forbids({ ...question, at: at(now) } as Parameters<typeof policy.forbids>[0])
    expect(forbids('2026-03-06T12:00:00.000Z')).toEqual([])
    expect(forbids('2026-03-07T00:00:00.000Z')).toEqual(['freeze'])
  })

  test.each([
    [
      'an hour that no day has',
      'context.at.hour > 23',
      /context\.at\.hour can never be at least 24 and at most 23 at once/,
    ],
    ['another hour', 'context.at.hour == 24', /from 0 to 23/],
    ['a weekday with a capital', 'context.at.weekday == "Sunday"', /never be "Sunday": .*Write "sunday"/],
    ['a weekday of another language', '["sonntag"].contains(context.at.weekday)', /monday to sunday/],
    ['a date of another form', 'context.at.date == "24.12.2026"', /as 2026-03-04/],
  ])('%s stops the start', async (_, condition, reason) => {
    expect(await flaws(freeze(condition, moment))).toMatchObject([{ reason: expect.stringMatching(reason) as unknown }])
  })

  test.each([
    ['a zone that does not exist', freeze('true', moment, 'Europe/Berlín')],
    ['an offset, which has no summer time', freeze('true', moment, '+01:00')],
    ['a member that the service does not tell', freeze('true', 'at: { minute: Long }')],
    ['another type', freeze('true', 'at: { hour: String }')],
    ['a time that may be absent', freeze('true', 'at?: { hour: Long }')],
  ])('%s stops the start', async (_, changes) => {
    expect(await flaws(changes)).toHaveLength(1)
  })
})

describe('rules read how many items a list has, and how many characters a text', () => {
  const context = 'params: { to: Set<String>, note?: String, rows: Long }, counts: { to: Long, note?: Long }'
  const outcome = async (condition: string, params: JsonObject) =>
    ask(await load(freeze(condition, context)), { params: { rows: 1, ...params } }).outcome

  test.each<[string, JsonObject, string]>([
    ['context.counts.to > 2', { to: ['a', 'b', 'c'] }, 'forbid'],
    ['context.counts.to > 2', { to: ['a', 'b'] }, 'allow'],
    ['context.counts.to > 2', { to: ['a', 'a', 'a'] }, 'forbid'],
    ['context.counts has note && context.counts.note > 3', { to: [], note: 'äöü👍' }, 'forbid'],
    ['context.counts has note && context.counts.note > 4', { to: [], note: 'äöü👍' }, 'allow'],
    ['context.counts has note', { to: [] }, 'allow'],
  ])('%s for %j: %s', async (condition, params, expected) => {
    expect(await outcome(condition, params)).toBe(expected)
  })

  test.each([
    ['a param that is not declared', 'params: { rows: Long }, counts: { to: Long }', /counts\.to counts the param to/],
    ['a number', 'params: { rows: Long }, counts: { rows: Long }', /as a set or as text/],
    [
      'a count that is always there, of a param that is not',
      'params: { a?: String }, counts: { a: Long }',
      /"a\?: Long"/,
    ],
    ['a count of another type', 'params: { a: String }, counts: { a: String }', /is a Long/],
    ['no params', 'counts: { a: Long }', /has to be declared/],
  ])('%s stops the start', async (_, declared, reason) => {
    const found = await flaws(freeze('true', declared))
    expect(found).toMatchObject([
      { file: 'schema.cedarschema', line: 3, reason: expect.stringMatching(reason) as unknown },
    ])
  })
})
