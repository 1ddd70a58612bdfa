import { controlsByRule, controlsOf } from '../../../src/core/policy/controls.ts'
import { formatRuleList, type ListedRule } from '../../../src/core/policy/ruleList.ts'

const rule = (id: string, controls?: string): ListedRule => ({
  ...{ id, file: 'approve.cedar', effect: 'permit', verbs: ['db.export'] },
  annotations: { id, ...(controls !== undefined && { controls }) },
  scope: { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } },
})

const listed = Buffer.from(
  formatRuleList({
    verbs: ['db.export'],
    rules: [rule('two', 'CC6.1 , AC-6(9)'), rule('one', 'AC-6(9),AC-2'), rule('none')],
  }),
)

test('rules that match together serve the controls of all, sorted, each once', () => {
  const known = controlsByRule(listed)
  expect(controlsOf(known, ['two'])).toEqual(['AC-6(9)', 'CC6.1'])
  expect(controlsOf(known, ['two', 'none', 'one'])).toEqual(['AC-2', 'AC-6(9)', 'CC6.1'])
  expect(controlsOf(known, ['none', 'elsewhere'])).toEqual([])
})

test.each([
  ['no file', null],
  ['another file', Buffer.from('{}')],
  ['a list that is not canonical', Buffer.from(`${listed.toString()}\n`)],
])('%s has no controls', (_what, bytes) => {
  expect([...controlsByRule(bytes)]).toEqual([])
})
