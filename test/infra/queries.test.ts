import { join } from 'node:path'
import { operationNames } from '../../src/contract/operations.ts'
import { problemCodes } from '../../src/core/data/problem.ts'
import { ofAnotherLog } from '../../src/evidence/seal/cosigningState.ts'
import { root } from '../support/root.ts'
import { loadGrammar } from './bicep/grammar.ts'
import { check, parameterSets } from './demands/check.ts'
import { membersWritten } from './demands/logLines.ts'
import { membersRead, queriesIn, queryFaults } from './demands/queries.ts'

const queries = new Map<string, string>()
let written: ReadonlySet<string>

beforeAll(async () => {
  await loadGrammar()
  const { deployed } = check(join(root, 'infra'), parameterSets.small)
  for (const { name, query } of queriesIn(deployed)) queries.set(name, query)
  written = await membersWritten()
})

test('every alert and every question is a valid Kusto query: tables, columns, functions and types', () => {
  expect(queries.size).toBe(17)
  const faults = [...queries].map(([name, query]) => ({ name, faults: queryFaults(query) }))
  expect(faults.filter((one) => one.faults.length > 0)).toEqual([])
})

test.each([
  ['a column with a slip', 'AppTraces | where Mesage startswith "{"'],
  ['a table with a slip', 'AppTrace | count'],
  ['an operator with a slip', 'AppTraces | counts'],
  ['a bracket that stays open', 'AppTraces | where isempty(Message'],
  ['a condition that is none', 'AppTraces | where Message'],
  ['a group by what has no type', 'AppTraces | extend line = parse_json(Message) | summarize count() by line.route'],
  ['a column that an earlier step dropped', 'AppTraces | project Message | order by TimeGenerated desc'],
])('a query is refused with %s', (_what, query) => {
  expect(queryFaults(query)).toHaveLength(1)
})

test('queries read only members that the product writes into its log', () => {
  const read = [...queries].flatMap(([name, query]) => membersRead(query).map((member) => ({ name, member })))
  expect(new Set(read.map(({ member }) => member)).size).toBeGreaterThan(20)
  expect(read.filter(({ member }) => !written.has(member))).toEqual([])
})

test.each([
  ['AppTraces | where line.statuss > 1', ['statuss']],
  ['AppTraces | where toint(line.done.waiting) > 1 and line.caller.oid == "x"', ['done.waiting', 'caller.oid']],
  ['AppTraces | where online.route == "x"', []],
])('the members that a query reads are found: %s', (query, members) => {
  expect(membersRead(query)).toEqual(members)
})

test('queries compare only with values that the product uses', () => {
  const words = [...queries.values()].flatMap((query) => [...query.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word))
  const refused = ofAnotherLog.map((fault) => `CheckpointNotCosigned ${fault}`)
  const known = [...operationNames, ...problemCodes, ...refused, 'messages', 'slack', 'seal', 'decide', 'teams', 'http']
  const ofAzure = ['StorageWrite', 'StorageDelete']
  const others = new Set(words.filter((word) => ![...known, ...ofAzure, '{'].includes(word)))
  expect([...others].filter((word) => !/^[0-9a-f-]{36}$/.test(word))).toEqual([])
})
