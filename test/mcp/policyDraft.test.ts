import { pinOf } from '../../src/mcp/pins.ts'
import { policyDraft } from '../../src/mcp/policyDraft.ts'
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

const text = policyDraft(
  [simple, readFile].map((definition) => ({
    ...{ server: 'fs', name: definition.name, exposed: definition.name, verb: `mcp.fs.${definition.name}`, rule: {} },
    ...{ definition, pin: pinOf(definition), asksReason: true, upstream: null as never },
  })),
)

test('the draft of a policy loads, once a group is named', async () => {
  const [schema = '', rules = ''] = text.split(/(?=\/\/ ---- approve)/)
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

test('the draft declares params where the input schema allows no others, and says what a server says in a comment', () => {
  const params =
    'params: { server: String, tool: String, arguments: { "path": String, "dry-run"?: Bool, "lines"?: Set<Long> } },'
  expect(text).toContain(params)
  expect(text.split('arguments:')).toHaveLength(2)
  expect(text).toContain('// Its server says: readOnlyHint')
  expect(text).not.toMatch(/^permit .*read_file.*allow/m)
})
