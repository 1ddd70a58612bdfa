import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codesIn, readPage, rowsOf, sectionOf } from '../support/pages.ts'
import { root } from '../support/root.ts'
import { check, type Parameters, parameterSets } from './demands/check.ts'
import { typesUsed } from './bicep/fetchTypes.ts'
import type { Plain } from './bicep/functions.ts'
import { loadGrammar } from './bicep/grammar.ts'
import { ownTypes } from './bicep/ownTypes.ts'
import { parseTemplate } from './bicep/template.ts'
import { type TypesFile, typesPath } from './bicep/types.ts'

const folder = join(root, 'infra')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

beforeAll(loadGrammar)

test.each(Object.entries<Parameters>(parameterSets))(
  'the templates hold, and deploy what the product needs: %s',
  (_name, parameters) => {
    expect(check(folder, parameters).flaws).toEqual([])
  },
)

const good: Parameters = parameterSets.small

test.each<[string, Parameters, string]>([
  ['a name of two letters', { ...good, name: 'ab' }, 'name of main.bicep is at least 3'],
  ['a name of 13 letters', { ...good, name: 'abcdefghijklm' }, 'name of main.bicep is at most 12'],
  ['a name with a capital', { ...good, name: 'Prod' }, 'name: use small letters'],
  ['a name with an underscore', { ...good, name: 'my_prod' }, 'name: use small letters'],
  ['a name with two hyphens', { ...good, name: 'my--prod' }, 'name: use small letters'],
  ['a name that ends with a hyphen', { ...good, name: 'prod-' }, 'name: use small letters'],
  ['no name', { location: 'westeurope' }, 'name of main.bicep is missing'],
  ['no region', { name: 'prod' }, 'location of main.bicep is missing'],
  ['a parameter that does not exist', { ...good, colour: 'blue' }, 'no parameter colour'],
  ['a number as text', { ...good, alwaysReady: '1' }, 'alwaysReady of main.bicep is no int'],
  ['fewer instances than none', { ...good, alwaysReady: -1 }, 'alwaysReady of main.bicep is at least 0'],
  [
    'a memory that Flex Consumption has not',
    { ...good, instanceMemory: 1024 },
    'instanceMemory of main.bicep is one of',
  ],
  ['more days than Azure keeps', { ...good, evidenceDays: 146_001 }, 'evidenceDays of main.bicep is at most 146000'],
  ['a cloud that does not exist', { ...good, cloud: 'moon' }, 'cloud of main.bicep is one of'],
  ['a government cloud without Entra', { ...good, cloud: 'dod' }, 'apiAppId: in this cloud, prepare Entra by hand'],
  [
    'the connector of another cloud',
    { ...good, botServiceUrl: 'https://smba.infra.gov.teams.microsoft.us/teams' },
    'BOT_SERVICE_URL is malformed',
  ],
  [
    'an address with a slash at its end',
    { ...good, baseUrl: 'https://a.example/' },
    'COUNTERSIGN_BASE_URL is malformed',
  ],
  [
    'a log with a scheme in its name',
    { ...good, origin: 'https://a.example/evidence' },
    'COUNTERSIGN_ORIGIN is malformed',
  ],
  ['an application that is no GUID', { ...good, apiAppId: 'countersign' }, 'COUNTERSIGN_API_APP_ID is malformed'],
  [
    'clients that are none',
    { ...good, apiAppId: '00000000-0000-4000-8000-0000000000c1', clients: 'x' },
    'COUNTERSIGN_CLIENTS is malformed',
  ],
])('a bad parameter is refused by name: %s', (_what, parameters, expected) => {
  expect(
    check(folder, parameters)
      .flaws.map(({ words }) => words)
      .join('\n'),
  ).toContain(expected)
})

test('a second deployment is the same as the first', () => {
  const [one, two] = [1, 2].map(() => check(folder, good).deployed.map(({ id, body }) => ({ id, body })))
  expect(one).toEqual(two)
})

test('no key, password or connection string is deployed or printed', () => {
  for (const parameters of Object.values<Parameters>(parameterSets)) {
    const { deployed, outputs } = check(folder, parameters)
    const texts = textsIn([deployed.map(({ body }) => body), outputs])
    expect(texts.length).toBeGreaterThan(300)
    expect(texts.filter((text) => /AccountKey=|SharedAccess|[?&]sig=|password|secret=|pwd=/i.test(text))).toEqual([])
    const long = texts.filter((text) => /^[A-Za-z0-9+/]{40,}={0,2}$/.test(text))
    expect(long).toEqual([])
  }
})

function textsIn(value: Plain | readonly Plain[]): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

const files = readdirSync(folder).filter((name) => name.endsWith('.bicep'))

test.each(files)('%s has one subject: 25 to 200 lines, with its purpose at the beginning', (name) => {
  const lines = read(`infra/${name}`).split('\n')
  expect(lines.length).toBeGreaterThanOrEqual(25)
  // The file that is deployed has all parameters, and passes them on.
  expect(lines.length).toBeLessThanOrEqual(name === 'main.bicep' ? 320 : 200)
  expect(lines[0]).toMatch(/^\/\/ [A-Z].*/)
  expect(lines.filter((line) => line.length > 120)).toEqual([])
})

test('the definitions are exactly those of the used types', async () => {
  const used = [...(await typesUsed(folder))]
  const { types } = JSON.parse(readFileSync(typesPath, 'utf8')) as TypesFile
  expect([...Object.keys(types), ...Object.keys(ownTypes)].toSorted()).toEqual(used.toSorted())
})

describe('the Azure Developer CLI', () => {
  const azd = read('azure.yaml')
  const parameters = JSON.parse(read('infra/main.parameters.json')).parameters as Record<string, { value: string }>
  const declared = () => parseTemplate(join(folder, 'main.bicep')).declarations

  test('sets existing parameters, and all that have no default', () => {
    const known = declared().filter((one) => one.kind === 'param')
    expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(parameters)))
    const needed = known.filter(({ value }) => value === null).map(({ name }) => name)
    expect(Object.keys(parameters)).toEqual(expect.arrayContaining(needed))
  })

  test('does not use an output of the first deployment as a parameter of the second', () => {
    const outputs = declared().flatMap((one) => (one.kind === 'output' ? [one.name] : []))
    const variables = Object.values(parameters).map(({ value }) => /^\$\{(\w+)(=.*)?\}$/.exec(value)?.[1])
    expect(variables).not.toContain(undefined)
    expect(outputs.length).toBeGreaterThan(5)
    expect(variables.filter((name) => outputs.some((output) => output === name))).toEqual([])
  })

  test('finds the service by the tag of the site, and deploys what was built as it is', () => {
    const { deployed } = check(folder, good)
    const tags = deployed.find(({ type }) => type === 'Microsoft.Web/sites')?.body['tags'] as Record<string, string>
    expect(valuesIn(azd, 'services')).toEqual([`${tags['azd-service-name']}:`])
    expect(azd).toMatch(/^ {4}project: \.\n {4}host: function\n {4}language: ts\n {4}dist: dist\/app\n/m)
    expect(azd).toMatch(/^ {4}remoteBuild: false$/m)
    expect(azd).toMatch(/^ {2}path: infra\n {2}module: main$/m)
  })

  test('runs commands that exist, on both kinds of shell, with variables that it has', () => {
    const runs = [...azd.matchAll(/run: npm run ([\w-]+) -- (.*)$/gm)].map(([, script = '', args = '']) => ({
      script,
      args,
    }))
    expect(runs.map(({ script }) => script)).toEqual(['package', 'package', 'ledger-key', 'ledger-key'])
    const outputs = declared().flatMap((one) => (one.kind === 'output' ? [one.name] : []))
    const known = [...outputs, 'AZURE_SUBSCRIPTION_ID', 'COUNTERSIGN_POLICY_FOLDER', 'COUNTERSIGN_SINKS_FILE']
    for (const { args } of runs)
      for (const [, name] of args.matchAll(/\$(?:env:)?(\w+)/g)) expect(known).toContain(name)
    const bare = (args = '') => args.replaceAll(/"|env:/g, '')
    expect(bare(runs[0]?.args)).toBe(bare(runs[1]?.args))
    expect(bare(runs[2]?.args)).toBe(bare(runs[3]?.args))
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(runs.map(({ script }) => script)))
  })

  test('makes the ledger key after provisioning, which is before the package is deployed', () => {
    expect(azd).toMatch(/^hooks:\n(?: {2}#.*\n)* {2}postprovision:\n/m)
  })
})

test('the extension for Entra is the published one, with its version', () => {
  expect(JSON.parse(read('infra/bicepconfig.json'))).toMatchObject({
    extensions: { microsoftGraphV1: 'br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0' },
  })
})

/** The keys right below a key at the beginning of a line. */
function valuesIn(yaml: string, key: string): readonly string[] {
  const [, block = ''] = new RegExp(`^${key}:\\n((?: .*\\n|#.*\\n)*)`, 'm').exec(yaml) ?? []
  return [...block.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => line).filter((line) => !line.startsWith('#'))
}

describe('the pages for operators match the templates', () => {
  const deploying = readPage('docs/operate/deploy.md')
  const watching = readPage('docs/operate/health-and-logs.md')
  const rows = (page: string, heading: string) => rowsOf(sectionOf(page, heading)).slice(1)

  test('docs/operate/deploy.md has every parameter with its default', () => {
    const named = rows(deploying, '## Parameters').flatMap(([names = '', value = '']) =>
      codesIn(names).map((name) => [name, value] as const),
    )
    const declared = parseTemplate(join(folder, 'main.bicep')).declarations.filter((one) => one.kind === 'param')
    expect(named.map(([name]) => name).toSorted()).toEqual(declared.map(({ name }) => name).toSorted())
    for (const { name, value } of declared) {
      const said = Object.fromEntries(named)[name] ?? ''
      if (value === null) expect([name, said]).toEqual([name, ''])
      // Of an empty text, the page says what is taken instead.
      else if (value.kind === 'literal' && value.value !== '')
        expect([name, said.replaceAll('`', '')]).toEqual([name, String(value.value)])
      else expect(said).not.toBe('')
    }
  })

  test('docs/operate/deploy.md has every file of the templates', () => {
    const named = rows(deploying, '## What is deployed').flatMap(([names = '']) => codesIn(names))
    expect([...named, 'main.bicep'].toSorted()).toEqual(files.toSorted())
  })

  test('docs/operate/health-and-logs.md has every alert with its severity, and every question', () => {
    const { deployed } = check(folder, good)
    const of = (type: string) => deployed.filter((one) => one.type === `Microsoft.${type}`)
    const alerts = [...of('Insights/scheduledQueryRules'), ...of('Insights/metricAlerts')].map(({ name, body }) => [
      name.slice('prod-'.length),
      String((body['properties'] as { severity: number }).severity),
    ])
    const said = rows(watching, '### Alerts').map(([name = '', severity = '']) => [codesIn(name)[0], severity])
    expect(new Map(said as [string, string][])).toEqual(new Map(alerts as [string, string][]))
    const saved = of('OperationalInsights/workspaces/savedSearches').map(({ name }) =>
      name.slice('countersign-'.length),
    )
    const asked = rows(watching, '### Questions').flatMap(([name = '']) => codesIn(name))
    expect(asked.toSorted()).toEqual(saved.toSorted())
    expect(asked).toHaveLength(10)
  })
})
