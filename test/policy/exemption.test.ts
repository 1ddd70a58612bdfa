import { flaws, load, rules } from './folder.ts'

const schema = (annotation: string, params = '') => `entity Agent;
entity Target;
${annotation}
action "key.disable", "key.delete" appliesTo {
  principal: Agent,
  resource: Target,
  context: { environment: String ${params} },
};
action "plain" appliesTo { principal: Agent, resource: Target, context: { environment: String } };
`

const declared =
  ', params: { key_id: String, tags?: Set<String>, rows?: Long, user?: { names: Set<{ first: String }> } }'

test('@notSecret exempts values for its own actions only', async () => {
  const policy = await rules({ schema: schema('@notSecret("/params/key_id, /params/tags/*,/target")') })
  for (const action of ['key.disable', 'key.delete'])
    expect(policy.notSecret(action)).toEqual(['/params/key_id', '/params/tags/*', '/target'])
  for (const action of ['plain', 'nobody.knows', 'toString']) expect(policy.notSecret(action)).toEqual([])
})

test('if params are declared, @notSecret names a text in them', async () => {
  const pointers = '/params/key_id, /params/tags/*, /params/user/names/*/first, /params/countersign.run/args/*, /target'
  const policy = await rules({ schema: schema(`@notSecret("${pointers}")`, declared) })
  expect(policy.notSecret('key.disable')).toEqual(pointers.split(', '))
})

test('the example exempts nothing', async () => {
  const policy = await load()
  expect(policy.notSecret('db.export')).toEqual([])
})

test('@notSecret is part of the policy version', async () => {
  const one = await rules({ schema: schema('') })
  const other = await rules({ schema: schema('@notSecret("/target")') })
  expect(other.version).not.toBe(one.version)
})

test.each<[string, string, string]>([
  ['a name alone', 'key_id', ''],
  ['nothing', '', ''],
  ['an empty pointer', '/params/key_id,', ''],
  ['everything', '/params', ''],
  ['a pattern of names', '/params/key_*', ''],
  ['the reason', '/reason', ''],
  ['a link', '/links/0/url', ''],
  ['a place in an array', '/params/tags/0', ''],
  ['a param that is not declared', '/params/kei_id', declared],
  ['a number', '/params/rows', declared],
  ['an array, not its items', '/params/tags', declared],
  ['a record', '/params/user', declared],
])('@notSecret is refused with file and line: %s', async (_what, pointers, params) => {
  const found = await flaws({ 'schema.cedarschema': schema(`@notSecret("${pointers}")`, params) })
  expect(found).toMatchObject([{ file: 'schema.cedarschema', line: 4, reason: expect.stringContaining('@notSecret') }])
})
