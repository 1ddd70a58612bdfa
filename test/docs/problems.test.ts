import { Problem, problemCodes } from '../../src/core/data/problem.ts'
import { codesIn, readPage, rowsOf, sectionOf } from '../support/pages.ts'

const documented = rowsOf(sectionOf(readPage('docs/agents/problems.md'), '## All codes')).slice(1)

test('docs/agents/problems.md has every code of the table, with its status and in its order', () => {
  const wanted = problemCodes.map((code) => [String(new Problem(code, '').status), code])
  expect(documented.map(([status, code = '']) => [status, codesIn(code)[0]])).toEqual(wanted)
})

test('docs/agents/problems.md says for every code when it occurs and what to do', () => {
  expect(documented.filter(([, , when = '', advice = '']) => when === '' || advice === '')).toEqual([])
})
