import { bounds } from '../../src/core/data/bound.ts'
import { listQuery } from '../../src/contract/queries.ts'
import { readPage, rowsOf } from '../support/pages.ts'

const cells = rowsOf(readPage('docs/agents/limits.md')).map(([, limit]) => limit)

const n = (number: number): string => number.toLocaleString('en-US')
const {
  body,
  activity,
  token,
  wait,
  list,
  tables,
  action,
  text,
  shown,
  expiresIn,
  pending,
  hourly,
  cardsPerChannel,
  coolDown,
  answered,
  batch,
  standing,
  useLapse,
} = bounds

test.each([
  `${n(body.bytes)} bytes, ${body.depth} levels, ${n(body.nodes)} values`,
  `${n(activity.bytes)} bytes, ${activity.depth} levels, ${n(activity.nodes)} values`,
  `${n(token.access)} characters; ${n(token.grant)}`,
  `${wait} seconds`,
  `${list.most} requests (${list.otherwise} if not given) of ${list.days} days, ${n(list.rows)} rows read for it`,
  `${tables.days} days, ${n(tables.bytes)} bytes`,
  `${n(action.canonicalBytes)} bytes in canonical form; params ${action.depth} levels, ${n(action.nodes)} values`,
  `${action.verb} characters; ${action.environment}; ${action.target}; ${action.key}`,
  `${n(text.reason)} characters; ${text.words}; ${text.links} of ${text.linkTitle} (title) and ${text.linkUrl} (address)`,
  `${shown.pages} pages, ${shown.keys} params`,
  `${expiresIn.least} to ${n(expiresIn.most)} seconds (${n(expiresIn.otherwise)} if not given); the policy may say less`,
  `${pending.otherwise}, or \`limits.pending\` of the agent in \`approvers.json\`, up to ${pending.most}`,
  `${hourly.otherwise}, or \`limits.hourly\`, up to ${hourly.most}`,
  `${batch}, all of one agent`,
  `${standing.open}`,
  `1 to ${standing.uses} uses, ${standing.least} to ${n(standing.seconds)} seconds; policy may say less`,
  `${standing.values} values for a param, ${standing.text} characters of canonical JSON in all`,
  `${useLapse} seconds`,
  `${cardsPerChannel}`,
  `not for ${coolDown} seconds`,
  `${answered.otherwise}, or \`limits.answered\`, up to ${n(answered.most)}`,
])('docs/agents/limits.md has the row: %s', (limit) => {
  expect(cells).toContain(limit)
})

test('docs/approvers/teams.md has the limits of what a card shows', () => {
  const most = `more than ${shown.pages} pages, or has more than ${shown.keys} params`
  expect(readPage('docs/approvers/teams.md').replace(/\s+/g, ' ')).toContain(most)
})

test('a list returns no more than its limit', () => {
  const isTaken = (limit: number) => listQuery.safeParse({ limit: String(limit) }).success
  expect([1, list.most, 0, list.most + 1].map(isTaken)).toEqual([true, true, false, false])
})
