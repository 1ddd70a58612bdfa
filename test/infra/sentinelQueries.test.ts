import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formats } from '../../src/core/record/eventTable.ts'
import { asimRow } from '../../src/exports/asim.ts'
import { goldenEvents } from '../exports/goldenEvents.ts'
import { codesIn, readPage, rowsOf, sectionOf } from '../support/pages.ts'
import { root } from '../support/root.ts'
import { queryFaults } from './demands/queries.ts'

const folder = join(root, 'infra/sentinel')
const names = readdirSync(folder)
const queryIn = (name: string): string => readFileSync(join(folder, name), 'utf8')

const by = { origin: 'a.example/evidence', tenant: 'a', version: '0', host: 'a.example', requests: '/' }
const fields = new Set(
  goldenEvents().flatMap((told) =>
    Object.keys(asimRow(told, by)['AdditionalFields'] as Readonly<Record<string, unknown>>),
  ),
)

test.each(names)('%s is a query of the table, of types of events and fields that there are', (name) => {
  const query = queryIn(name)
  expect(queryFaults(query)).toEqual([])
  const read = [...query.matchAll(/AdditionalFields\.(\w+)/g)].map(([, field = '']) => field)
  expect(read.filter((field) => !fields.has(field))).toEqual([])
  const types = [...query.matchAll(/EventOriginalType (?:==|in) (\([^)]*\)|"[^"]*")/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/"([^"]+)"/g)].map(([, type = '']) => type),
  )
  expect(types.filter((type) => !formats.has(type))).toEqual([])
})

test.each([
  ['a column that there is not', 'ASimAuditEventLogs | where Actor == "a"'],
  ['a function that there is not', 'ASimAuditEventLogs | summarize sums(EventCount)'],
  ['syntax', 'ASimAuditEventLogs | where'],
])('the check finds %s', (_what, query) => {
  expect(queryFaults(query)).not.toEqual([])
})

test('docs/operate/sinks.md names each query and what it answers', () => {
  const rows = rowsOf(sectionOf(readPage('docs/operate/sinks.md'), '### Questions')).slice(1)
  expect(rows.map(([name = '']) => `${codesIn(name)[0]}.kql`).sort()).toEqual(names.toSorted())
  for (const name of names) expect(queryIn(name)).toMatch(/^\/\/ .*[?)]\n/)
})
