import { pinOf } from '../../src/mcp/pins.ts'
import { policyDraft } from '../../src/mcp/policyDraft.ts'
import type { ToolRule } from '../../src/toolCall/toolRule.ts'
import { tool, withPolicy } from '../policyTool/tool.ts'
import { readFile, writeFile } from './world.ts'

const simple = {
  ...writeFile,
  description: 'Says "hello"\nand more. */',
  inputSchema: {
    type: 'object' as const,
    properties: {
      path: { type: 'string' },
      'dry-run': { type: 'boolean' },
      lines: { type: 'array', items: { type: 'integer' } },
    },
    required: ['path'],
    additionalProperties: false,
  },
}

const draft = (rule: ToolRule) =>
  policyDraft(
    [simple, readFile].map((definition) => ({
      ...{ server: 'fs', name: definition.name, exposed: definition.name, verb: `mcp.fs.${definition.name}`, rule },
      ...{ definition, pin: pinOf(definition), asksReason: true, upstream: null as never },
    })),
  )
const text = draft({})

test.each<readonly [string, ToolRule]>([
  ['plain', {}],
  ['with params of its own', { params: 'arguments', standing: { from: 3, uses: 20, for: 90, vary: { target: 'a/' } } }],
])('the draft of a policy loads, once a group is named: %s', async (_how, rule) => {
  const [schema = '', rules = ''] = draft(rule).split(/(?=\/\/ ---- approve)/)
  const files = {
    'schema.cedarschema': `entity Agent;\nentity Target;\n${schema}`,
    'approve.cedar': rules.replaceAll('"approvers"', '"dba"'),
    'allow.cedar': '',
    'forbid.cedar': '',
    'presentation.json': '{ "version": 1, "actions": {} }',
  }
  const { exit, shown } = await withPolicy(files, (folder) => tool(['check', folder]))
  expect({ exit, shown }).toMatchObject({ exit: 0 })
})

test('the draft declares each argument as a param where CONFIG says so, and what may be approved in advance', () => {
  const vary = { target: 'a/', params: { path: ['x'] } }
  const said = draft({ params: 'arguments', standing: { from: 3, uses: 20, for: 90, vary } })
  expect(said).toContain(
    'params: { server: String, tool: String, "path": String, "dry-run"?: Bool, "lines"?: Set<Long> },',
  )
  expect(said).toContain('@session("PT2M")\n@uses("20")\n@vary("')
})

test('the draft declares params where the input schema allows no others, and says what a server says in a comment', () => {
  const params =
    'params: { server: String, tool: String, arguments: { "path": String, "dry-run"?: Bool, "lines"?: Set<Long> } },'
  expect(text).toContain(params)
  expect(text.split('arguments:')).toHaveLength(2)
  expect(text).toContain('// Its server says: readOnlyHint')
  expect(text).not.toMatch(/^permit .*read_file.*allow/m)
})
