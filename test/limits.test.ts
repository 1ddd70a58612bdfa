import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bounds } from '../src/core/data/bound.ts'
import { listQuery } from '../src/http/schemas.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const section = readme.split('\n### Limits\n')[1]?.split('\n## ')[0] ?? ''
const cells = section.split('\n').map((line) => line.split('|')[2]?.trim())

const n = (number: number): string => number.toLocaleString('en-US')
const {
  body,
  activity,
  token,
  wait,
  list,
  action,
  text,
  shown,
  expiresIn,
  pending,
  hourly,
  cardsPerChannel,
  coolDown,
  denials,
} = bounds

test.each([
  `${n(body.bytes)} bytes, ${body.depth} levels, ${n(body.nodes)} values`,
  `${n(activity.bytes)} bytes, ${activity.depth} levels, ${n(activity.nodes)} values`,
  `${n(token.access)} characters; ${n(token.grant)}`,
  `${wait} seconds`,
  `${list.most} requests (${list.otherwise} if not given) of ${list.days} days, ${n(list.rows)} rows read for it`,
  `${n(action.canonicalBytes)} bytes in canonical form; params ${action.depth} levels, ${n(action.nodes)} values`,
  `${action.name} characters; ${action.target}`,
  `${n(text.reason)} characters; ${text.words}; ${text.links} of ${text.linkTitle} (title) and ${text.linkUrl} (address)`,
  `${shown.pages} pages, ${shown.keys} params`,
  `${expiresIn.least} to ${n(expiresIn.most)} seconds (${n(expiresIn.otherwise)} if not given); the policy may say less`,
  `${pending.otherwise}, or \`limits.pending\` of the agent in \`approvers.json\`, up to ${pending.most}`,
  `${hourly.otherwise}, or \`limits.hourly\`, up to ${hourly.most}`,
  `${cardsPerChannel}`,
  `not for ${coolDown} seconds`,
  `not after ${denials} denials in ${coolDown} seconds`,
])('the README says: %s', (limit) => {
  expect(cells).toContain(limit)
})

test('a list gives no more than its limit', () => {
  const isTaken = (limit: number) => listQuery.safeParse({ limit: String(limit) }).success
  expect([1, list.most, 0, list.most + 1].map(isTaken)).toEqual([true, true, false, false])
})
