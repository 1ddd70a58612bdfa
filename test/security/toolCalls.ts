import type { Row } from './row.ts'

const gateway = 'test/mcp/gateway.test.ts'
const config = 'test/mcp/config.test.ts'
const hook = 'test/hook/hook.test.ts'

/** Tools of models, which are carried out behind the gateway and behind hooks. */
export const toolCallRows: readonly Row[] = [
  {
    attack: 'A tool is carried out with other arguments than those that people saw',
    control:
      'The gateway works out the digest of what it forwards directly before it redeems; a call that comes again with other arguments is refused; a text by digest is not mistaken for an argument of that form',
    switches: [
      {
        name: 'gateway-resumed-digest',
        file: 'src/mcp/gateway.ts',
        find: '    if (isNarrowed(request) ? actionDigest(action) === left : isAbout(request, action)) return action\n',
        replace: '    return action\n',
        tests: {
          [gateway]: ['another process › goes on with no call that its own rules would ask for in another way'],
        },
      },
      {
        name: 'gateway-arguments-apart',
        file: 'src/toolCall/toolAction.ts',
        find: '  if (taken !== undefined)\n',
        replace: '  if (false)\n',
        tests: {
          'test/mcp/standing.test.ts': ['an argument that has the name of another param is refused: %s'],
        },
      },
      {
        name: 'gateway-standing-key',
        file: 'src/mcp/pendingCall.ts',
        find: "{ key: keyOf('mcp', 'use', id), under",
        replace: "{ key: keyOf('mcp', 'use', id, crypto.randomUUID()), under",
        tests: {
          'test/mcp/standing.test.ts': [
            'another process of the gateway › goes on with the call that asked for the standing approval, which runs once',
          ],
        },
      },
    ],
  },
  {
    attack: 'An MCP server changes what a tool says of itself after people looked at it',
    control: 'Pins: a tool that differs is neither listed nor called, and is compared again after an approval',
    switches: [
      {
        name: 'gateway-pins',
        file: 'src/mcp/catalogue.ts',
        find: 'pins === null || pins.get(`${server}/${name}`) === pin',
        replace: 'pins === null || pins.get(`${server}/${name}`) !== null',
        tests: {
          [gateway]: [
            'pins › keep a tool from hosts that has none',
            'pins › keep a tool from hosts that its server changes',
          ],
        },
      },
      {
        name: 'gateway-pins-again',
        file: 'src/mcp/catalogue.ts',
        find: '      if (asks && pins !== null) listed = null\n',
        replace: '',
        tests: { [gateway]: ['pins › are compared again between the approval and the call'] },
      },
    ],
  },
  {
    attack: 'A host goes on with the call of another person, or with a state that it made up',
    control:
      'What goes through a host is sealed for its caller, and a request is told to the person whom it names alone',
    switches: [
      {
        name: 'gateway-seal',
        file: 'src/mcp/seal.ts',
        find: '      if (given.length !== right.length || !timingSafeEqual(given, right)) return null\n',
        replace: '',
        tests: { [config]: ['seals › do not open for %s'] },
      },
      {
        name: 'gateway-person',
        file: 'src/mcp/gateway.ts',
        find: ' || request.onBehalfOf !== host.onBehalfOf) throw',
        replace: ') throw',
        tests: { [gateway]: ['another process › is told nothing of a call that was made for another person'] },
      },
    ],
  },
  {
    attack: 'Two tools meet in one action, so that a rule for one lets the other pass',
    control: 'The gateway does not start, and names both',
    switches: [
      {
        name: 'gateway-meeting',
        file: 'src/mcp/catalogue.ts',
        find: '.filter(([, tools]) => tools.length > 1)',
        replace: '.filter(() => false)',
        tests: { [config]: ['the tools › are refused at start by name: %s'] },
      },
    ],
  },
  {
    attack: 'A coding agent runs a tool because its hook failed, or carries out something else',
    control:
      'The hook blocks on every fault, and on what a host may read in another way; other spellings of a name are not let pass; shells that Codex may write into later are denied; what was carried out is compared afterwards',
    switches: [
      {
        name: 'hook-blocks',
        file: 'src/cli/hook.ts',
        find: 'export const hookBlocks = 2',
        replace: 'export const hookBlocks = 1',
        tests: { [hook]: ['a fault keeps the tool from being carried out › %s'] },
      },
      {
        name: 'hook-interactive',
        file: 'src/hook/main.ts',
        find: "shape === 'codex' && rule.isInteractive === 'deny'",
        replace: "shape === 'codex' && rule.isInteractive === 'ask'",
        tests: { [hook]: ['before a tool › a shell that Codex may write into later is denied'] },
      },
      {
        name: 'hook-names',
        file: 'src/hook/mapping.ts',
        find: '(exact ?? like)?.rule',
        replace: 'exact?.rule',
        tests: { [hook]: ['before a tool › a tool whose name is spelled %j %s'] },
      },
      {
        name: 'hook-strict',
        file: 'src/hook/hookInput.ts',
        find: '    return readJson(bytes, limits)\n',
        replace: "    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json\n",
        tests: { [hook]: ['a fault keeps the tool from being carried out › %s'] },
      },
      {
        name: 'hook-other',
        file: 'src/hook/main.ts',
        find: 'return { id: cause.request, isOther: true }',
        replace: 'return { id: cause.request, isOther: false }',
        tests: { [hook]: ['after a tool › something else than what was approved is reported as failed'] },
      },
    ],
  },
]
