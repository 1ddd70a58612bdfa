import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tool } from '@modelcontextprotocol/client'
import { type CatalogueParts, openCatalogue } from '../../src/mcp/catalogue.ts'
import { readGatewayConfig } from '../../src/mcp/config.ts'
import { differences, pinOf, readPins, writePins } from '../../src/mcp/pins.ts'
import { sealing, sealKey } from '../../src/mcp/seal.ts'
import type { ToolRule } from '../../src/toolCall/toolRule.ts'
import { readFile, writeFile } from './world.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-mcp-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const file = (content: unknown, name = 'gateway.json'): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
const plain = { environment: 'production', servers: { fs: { command: ['node', 'server.js'] } } }

test('a configuration is read, with what it leaves out', () => {
  const servers = {
    fs: {
      command: ['node', 'server.js'],
      env: { TOKEN: '$FS_TOKEN', PRICE: '$$5' },
      tools: { write: { target: '{path}' } },
    },
    jira: { url: 'https://jira.example/mcp', headers: { authorization: '$JIRA' } },
  }
  const read = readGatewayConfig(file({ ...plain, pins: 'lock.json', servers }), { FS_TOKEN: 't', JIRA: 'Bearer j' })
  expect(read).toMatchObject({
    environment: 'production',
    hold: 45,
    grace: 120,
    askReason: true,
    pins: join(folder, 'lock.json'),
  })
  expect(read.servers.map(({ name, at }) => [name, at])).toEqual([
    ['fs', { command: ['node', 'server.js'], env: { TOKEN: 't', PRICE: '$5' } }],
    ['jira', { url: new URL('https://jira.example/mcp'), headers: { authorization: 'Bearer j' } }],
  ])
  expect(read.servers[0].rules.get('write')).toEqual({ target: '{path}' })
})

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /gateway\.json: /],
  ['no server', { ...plain, servers: {} }, /servers: names at least one server/],
  ['an unknown member', { ...plain, wait: 4 }, /there is no member wait/],
  ['an environment in upper case', { ...plain, environment: 'Prod' }, /environment: .*lower case/],
  ['a server of no kind', { ...plain, servers: { fs: {} } }, /servers\.fs: command is a list/],
  [
    'a member that a server has not',
    { ...plain, servers: { fs: { command: ['a'], cwd: '/' } } },
    /servers\.fs: .*no member cwd/,
  ],
  ['a name with two _', { ...plain, servers: { a__b: { command: ['a'] } } }, /servers\.a__b: the name of a server/],
  ['plain http', { ...plain, servers: { a: { url: 'http://jira.example' } } }, /servers\.a\.url: .*https/],
  [
    'a variable that is not set',
    { ...plain, servers: { a: { command: ['a'], env: { T: '$T' } } } },
    /a\.env\.T: the variable T is not set/,
  ],
  [
    'a verb that is none',
    { ...plain, servers: { a: { command: ['a'], tools: { t: { action: 'a b' } } } } },
    /tools\.t\.action: /,
  ],
  [
    'a target with a lone brace',
    { ...plain, servers: { a: { command: ['a'], tools: { t: { target: '{p' } } } } },
    /tools\.t\.target: /,
  ],
  ['no seconds', { ...plain, hold: 0 }, /hold: /],
  ['entra without its application', { ...plain, entra: { tenant: 'contoso' } }, /entra\.tenant: is a GUID/],
])('a configuration is refused by name: %s', (_what, content, words) => {
  expect(() => readGatewayConfig(file(content), {})).toThrow(words)
})

test('a configuration that is not there is refused by name', () => {
  expect(() => readGatewayConfig(join(folder, 'none.json'), {})).toThrow(/none\.json cannot be read \(ENOENT\)/)
})

describe('the tools', () => {
  const open = (servers: Readonly<Record<string, readonly Tool[]>>, rules: Readonly<Record<string, ToolRule>> = {}) => {
    const config = {
      file: 'gateway.json',
      askReason: true,
      servers: Object.keys(servers).map((name) => ({
        name,
        at: { command: ['a'] as const, env: {} },
        rules: new Map(name === 'fs' ? Object.entries(rules) : []),
      })) as never as CatalogueParts['config']['servers'],
    }
    const upstreams = Object.entries(servers).map(([name, tools]) => ({ name, list: async () => tools }) as never)
    return openCatalogue({ config, upstreams, pins: null, say: () => undefined })
  }
  const named = (...names: string[]): Tool[] => names.map((name) => ({ ...readFile, name }))

  test('have the name of their server in front if there are several', async () => {
    const { tools } = await open({ fs: named('a'), jira: named('a') })
    expect([...(await tools())].map(([name, { verb }]) => [name, verb])).toEqual([
      ['fs__a', 'mcp.fs.a'],
      ['jira__a', 'mcp.jira.a'],
    ])
  })

  test.each<[string, Tool[], Record<string, ToolRule>, RegExp]>([
    ['a rule for a tool that the server has not', named('a'), { b: {} }, /the server fs has no tool b/],
    [
      'two tools that meet in one action',
      named('a b', 'a-b'),
      {},
      /fs\/a b and fs\/a-b would be one action, mcp\.fs\.a-b/,
    ],
    ['two tools that a rule makes meet', named('a', 'b'), { a: { action: 'mcp.fs.b' } }, /would be one action/],
    ['a tool that is there twice', named('a', 'a'), {}, /fs\/a: the server has two tools of this name/],
    ['a name that is too long', named('a'.repeat(130)), {}, /would have 137 characters/],
    [
      'a target of an argument that the tool has not',
      named('a'),
      { a: { target: '{pth}' } },
      /fs\/a: the target is made of \{pth\}/,
    ],
    ['a tool called as ours', named('countersign_resume'), {}, /fs\/countersign_resume: /],
  ])('are refused at start by name: %s', async (_what, tools, rules, words) => {
    await expect(open({ fs: tools }, rules)).rejects.toThrow(words)
  })
})

test('a rule says for which calls a standing approval is asked for, from the third on unless it says otherwise', () => {
  const standing = { uses: 20, for: 600, vary: { target: 'a/', params: { rows: 9, table: ['x'] } } }
  const servers = { fs: { command: ['x'], tools: { write: { params: 'arguments', standing } } } }
  const [{ rules }] = readGatewayConfig(file({ ...plain, servers }), {}).servers
  expect(rules.get('write')).toEqual({ params: 'arguments', standing: { ...standing, from: 3 } })
})

test.each<[object, RegExp]>([
  [{ params: 'each' }, /params.*"arguments"/],
  [{ standing: { uses: 201, for: 600 } }, /standing\.uses.*200/],
  [{ standing: { uses: 1, for: 10 } }, /standing\.for.*60/],
  [{ standing: { uses: 1, for: 600, from: 0 } }, /standing\.from.*1/],
  [{ standing: { uses: 1, for: 600, vary: { target: 'a' } } }, /standing\.vary\.target.*ends with/],
  [{ standing: { uses: 1, for: 600, vary: { rows: 1 } } }, /standing\.vary/],
])('a rule for calls that is none is refused by name: %j', (rule, words) => {
  const servers = { fs: { command: ['x'], tools: { write: rule } } }
  expect(() => readGatewayConfig(file({ ...plain, servers }), {})).toThrow(words)
})

describe('pins', () => {
  test('change with everything that a model is told of a tool, and with nothing else', () => {
    const pin = pinOf(writeFile)
    expect(pinOf({ ...writeFile })).toBe(pin)
    expect(pinOf({ ...writeFile, _meta: { a: 1 } } as never)).toBe(pin)
    const others = [
      { ...writeFile, description: 'Writes.' },
      { ...writeFile, title: 'Write' },
      { ...writeFile, annotations: {} },
      { ...writeFile, inputSchema: { ...writeFile.inputSchema, required: [] } },
      { ...writeFile, outputSchema: { type: 'object' } },
    ]
    expect(new Set([pin, ...others.map(pinOf)]).size).toBe(6)
  })

  test('are written and read again', () => {
    const path = join(folder, 'pins.json')
    const pins = new Map([['fs/b', pinOf(writeFile)] as const, ['fs/a', pinOf(readFile)] as const])
    writePins(path, pins)
    expect(readPins(path)).toEqual(pins)
    const now = new Map([['fs/a', pinOf(writeFile)] as const, ['fs/c', pinOf(writeFile)] as const])
    expect(differences(pins, now)).toEqual([
      ['changed', 'fs/a'],
      ['gone', 'fs/b'],
      ['new', 'fs/c'],
    ])
  })

  test.each<[string, unknown]>([
    ['no JSON', 'pins'],
    ['a list', []],
    ['something that is no digest', { 'fs/a': 'sha256:12' }],
  ])('are refused by the name of their file: %s', (_what, content) => {
    expect(() => readPins(file(content, 'bad.json'))).toThrow(/bad\.json/)
  })
})

describe('seals', () => {
  const [id, caller] = ['01kjw2xm00abcdefghjkmnpqrs-07', 'local']
  const seals = sealing('k'.repeat(32))
  const sealed = seals.seal('call', { id, round: 3 }, caller)

  test('open for the caller and the purpose that they were made for', () => {
    expect(seals.open('call', sealed, caller)).toEqual({ id, round: 3 })
  })

  test.each<[string, () => unknown]>([
    ['another caller', () => seals.open('call', sealed, 'other')],
    ['another purpose', () => seals.open('task', sealed, caller)],
    ['another round', () => seals.open('call', sealed.replace('.3.', '.2.'), caller)],
    ['another key', () => sealing('l'.repeat(32)).open('call', sealed, caller)],
    ['a text of no such form', () => seals.open('call', 'x.y', caller)],
  ])('do not open for %s', (_what, open) => {
    expect(open()).toBeNull()
  })

  test('have a key of enough characters', () => {
    expect(() => sealKey({ COUNTERSIGN_GATEWAY_KEY: 'short' })).toThrow(/COUNTERSIGN_GATEWAY_KEY/)
    expect(sealKey({ COUNTERSIGN_GATEWAY_KEY: 'k'.repeat(32) })).toBe('k'.repeat(32))
    expect(sealKey({})).toHaveLength(32)
  })
})
