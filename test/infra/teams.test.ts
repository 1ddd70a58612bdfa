import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { chromium } from 'playwright-core'
import { type Entry, fromBufferPromise } from 'yauzl'
import { ZipFile } from 'yazl'
import about from '../../package.json'
import type { Json } from '../../src/core/data/json.ts'
import { teamsWords } from '../../src/console/teamsWords.ts'
import { tabEntity } from '../../src/contract/teamsTab.ts'
import { parseCommand } from '../../src/teams/inbound/chatCommand.ts'
import { chromiumPath } from '../support/chromium.ts'
import { root } from '../support/root.ts'
import { type Ended, repeatedScript, runScript } from './ended.ts'

const bot = '44444444-4444-4444-8444-444444444444'
const api = '22222222-2222-4222-8222-222222222222'
const url = 'https://countersign.contoso.example'
const site = 'https://contoso.example/'
const usual = { bot, url, publisher: 'Contoso', site }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-teams-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const program = repeatedScript('teams.mjs')
afterAll(() => program.end())

/** Runs the program in a process of its own, as `npm run teams` does. */
const started = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  runScript('teams.mjs', args, { env })

let made = 0

/** Runs the program with these options; `undefined` leaves one out. */
async function make(
  options: Readonly<Record<string, string | undefined>> = {},
  env: Readonly<Record<string, string>> = {},
  run = program.run,
) {
  const out = join(folder, `${++made}.zip`)
  const args = Object.entries({ ...usual, out, ...options }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  )
  return { ...(await run(args, env)), out }
}

type Files = Readonly<Record<string, Buffer>>

async function unpack(file: string): Promise<{ readonly files: Files; readonly entries: readonly Entry[] }> {
  const zip = await fromBufferPromise(readFileSync(file))
  const entries: Entry[] = []
  const files: Record<string, Buffer> = {}
  for await (const entry of zip.eachEntry()) {
    entries.push(entry)
    files[entry.fileName] = await buffer(await zip.openReadStreamPromise(entry))
  }
  return { files, entries }
}

const manifestIn = ({ 'manifest.json': bytes }: Files) => JSON.parse(bytes?.toString() ?? '') as Record<string, Json>

/** A package of other files, as somebody may have packed it by hand. */
async function pack(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const zip = new ZipFile()
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name)
  zip.end()
  const out = join(folder, `${++made}.zip`)
  writeFileSync(out, await buffer(zip.outputStream))
  return out
}

let standard: Awaited<ReturnType<typeof unpack>>
let standardFile: string
beforeAll(async () => {
  const { code, stderr, out } = await make({}, {}, started)
  if (code !== 0) throw new Error(stderr)
  standardFile = out
  standard = await unpack(out)
})

describe('the package', () => {
  test('has the manifest and two icons at its root', () => {
    expect(Object.keys(standard.files).sort()).toEqual(['color.png', 'manifest.json', 'outline.png'])
  })

  test('names its publisher, its bot and its deployment', () => {
    const manifest = manifestIn(standard.files)
    expect(manifest).toMatchObject({
      ...{ id: bot, manifestVersion: '1.25', version: about.version, supportsChannelFeatures: 'tier1' },
      developer: { name: 'Contoso', websiteUrl: site, privacyUrl: site, termsOfUseUrl: site },
      name: { short: 'Countersign' },
      bots: [{ botId: bot, scopes: ['team', 'groupChat', 'personal'] }],
    })
    expect(JSON.stringify(manifest['description'])).toContain(url)
    expect(JSON.stringify(manifest)).not.toMatch(/[{]{2}|[}]{2}[^\]},]/)
  })

  test('asks for no permission, and without a tab trusts no domain and signs nobody in', () => {
    const manifest = manifestIn(standard.files)
    expect(manifest).toMatchObject({ permissions: [], validDomains: [] })
    for (const member of ['webApplicationInfo', 'authorization', 'staticTabs', 'configurableTabs'])
      expect(manifest).not.toHaveProperty(member)
  })

  test('has the console as tabs, for one person and in a channel, if it is told the API', async () => {
    const { code, stderr, out } = await make({ api: api.toUpperCase() })
    expect({ code, stderr: stderr.includes('upload it') }).toEqual({ code: 0, stderr: true })
    const manifest = manifestIn((await unpack(out)).files)
    expect(manifest).toMatchObject({
      staticTabs: [
        {
          ...{ entityId: tabEntity, name: teamsWords.tabName, scopes: ['personal'], websiteUrl: `${url}/console/` },
          contentUrl: `${url}/console/teams/start`,
        },
      ],
      configurableTabs: [{ configurationUrl: `${url}/console/teams/setup`, scopes: ['team'], context: ['channelTab'] }],
      validDomains: ['countersign.contoso.example'],
      webApplicationInfo: { id: api, resource: `api://countersign.contoso.example/${api}` },
      permissions: [],
    })
    expect(manifest).not.toHaveProperty('authorization')
    const ofTab = ['staticTabs', 'configurableTabs', 'webApplicationInfo', 'validDomains']
    const rest = Object.fromEntries(Object.entries(manifest).filter(([name]) => !ofTab.includes(name)))
    expect({ ...rest, validDomains: [] }).toEqual(manifestIn(standard.files))
  })

  test('offers the commands that the bot knows, and no other', () => {
    const [{ commandLists }] = manifestIn(standard.files)['bots'] as unknown as [
      { commandLists: { scopes: string[]; commands: { title: string }[] }[] },
    ]
    const titles = commandLists.map(({ scopes, commands }) => [scopes, commands.map(({ title }) => title).toSorted()])
    expect(titles).toEqual([
      [
        ['team', 'groupChat'],
        ['help', 'pending', 'show'],
      ],
      // A person alone says whether they want to be told.
      [['personal'], ['help', 'notify', 'pending', 'show']],
    ])
    for (const title of titles.flatMap(([, all]) => all ?? [])) expect(parseCommand({ text: title }).name).toBe(title)
  })

  test('is the same, byte for byte, on another day and in another time zone', async () => {
    const again = await make({}, { TZ: 'Pacific/Auckland' }, started)
    expect(readFileSync(again.out)).toEqual(readFileSync(standardFile))
    expect(standard.entries.map(({ lastModFileDate, lastModFileTime }) => [lastModFileDate, lastModFileTime])).toEqual(
      standard.entries.map(() => [0x21, 0]),
    )
  })

  test('accepts every option', async () => {
    const more = {
      name: 'Approvals (test)',
      version: '1.2.3',
      privacy: `${site}p`,
      terms: `${site}t`,
      manifest: '1.24',
    }
    const { code, out } = await make({ ...more, api, bot: bot.toUpperCase() })
    expect(code).toBe(0)
    const manifest = manifestIn((await unpack(out)).files)
    expect(manifest).toMatchObject({
      ...{ id: bot, manifestVersion: '1.24', version: '1.2.3' },
      developer: { privacyUrl: `${site}p`, termsOfUseUrl: `${site}t` },
      name: { short: 'Approvals (test)', full: 'Approvals (test): approvals for AI agents' },
    })
    expect(manifest['$schema']).toContain('/v1.24/')
    expect(manifest).not.toHaveProperty('supportsChannelFeatures')
  })

  test('treats special characters of JSON and of the template as text', async () => {
    const { out } = await make({ publisher: '{{bot}} "\\', name: '$& {{url}}' })
    const { developer, name } = manifestIn((await unpack(out)).files)
    expect({ developer, name }).toMatchObject({
      developer: { name: '{{bot}} "\\' },
      name: { short: '$& {{url}}', full: '$& {{url}}: approvals for AI agents' },
    })
  })
})

/** How large an image is, which part of it is drawn, and which part of that is white. */
interface Seen {
  readonly width: number
  readonly height: number
  readonly drawn: number
  readonly white: number
}

/** Runs in the browser. */
const look = `async (sources) => Promise.all(sources.map(async (source) => {
  const image = new Image()
  image.src = source
  await image.decode()
  const { naturalWidth: width, naturalHeight: height } = image
  const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const pixels = Array.from({ length: width * height }, (_, at) => data.slice(at * 4, at * 4 + 4))
  const drawn = pixels.filter(([red, green, blue, alpha]) => alpha !== 0)
  const white = drawn.filter(([red, green, blue]) => red === 255 && green === 255 && blue === 255)
  return { width, height, drawn: drawn.length / pixels.length, white: white.length / drawn.length }
}))`

test('the icons are as Teams requires, as a browser draws them', async () => {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'], headless: true })
  try {
    const page = await browser.newPage()
    const sources = ['color.png', 'outline.png'].map(
      (name) => `data:image/png;base64,${standard.files[name]?.toString('base64')}`,
    )
    const [color, outline] = await page.evaluate<readonly Seen[]>(`(${look})(${JSON.stringify(sources)})`)
    expect(color).toMatchObject({ width: 192, height: 192, drawn: 1 })
    expect(outline).toMatchObject({ width: 32, height: 32, white: 1 })
    expect(outline?.drawn).toBeGreaterThan(0.1)
    expect(outline?.drawn).toBeLessThan(0.6)
    expect(color?.white).toBeLessThan(0.5)
  } finally {
    await browser.close()
  }
})

describe('bad input is refused by name, and nothing is written:', () => {
  test.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ['no bot', { bot: undefined }, '--bot is missing: it is a GUID'],
    ['a bot that is no GUID', { bot: 'my-bot' }, '--bot is malformed: it is a GUID'],
    ['an API that is no GUID', { api: 'api://countersign' }, '--api is malformed: it is a GUID'],
    ['no address', { url: undefined }, '--url is missing'],
    [
      'an address without TLS',
      { url: 'http://countersign.contoso.example' },
      '--url is malformed: it is the https address',
    ],
    ['an address with a slash at its end', { url: `${url}/` }, '--url is malformed'],
    ['an address with a path', { url: `${url}/api` }, '--url is malformed'],
    ['an address with a password', { url: 'https://a:b@contoso.example' }, '--url is malformed'],
    ['a site that is no address', { site: 'contoso' }, '--site is malformed: it is an https address'],
    ['a site that is a script', { site: 'javascript:alert(1)' }, '--site is malformed'],
    ['a privacy statement without TLS', { privacy: 'http://contoso.example' }, '--privacy is malformed'],
    ['terms that are endless', { terms: `https://contoso.example/${'x'.repeat(2048)}` }, '--terms is malformed'],
    ['a publisher of 33 characters', { publisher: 'x'.repeat(33) }, '--publisher is malformed'],
    ['an empty publisher', { publisher: '' }, '--publisher is malformed'],
    ['a publisher with an invisible character', { publisher: 'Con\u202etoso' }, '--publisher is malformed'],
    ['a name of 31 characters', { name: 'x'.repeat(31) }, '--name is malformed: it is a name of at most 30'],
    ['a version of two numbers', { version: '1.2' }, '--version is malformed'],
    ['a version with a leading zero', { version: '1.02.3' }, '--version is malformed'],
    [
      'a manifest that this project does not make',
      { manifest: '1.17' },
      '--manifest is malformed: it is 1.25, or 1.24',
    ],
    ['an option that is none', { colour: 'red' }, 'unknown option --colour'],
    ['icons that are not there', { icons: '/nowhere' }, '/nowhere/color.svg is not there'],
    ['a file that cannot be written', { out: '/nowhere/at/all.zip' }, '--out is the file to write'],
  ])('%s', async (_what, options, words) => {
    const before = readdirSync(folder)
    const { code, stdout, stderr, out } = await make(options)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(words)
    expect(stderr).not.toMatch(/\n {4}at /)
    expect(existsSync(out)).toBe(false)
    expect(readdirSync(folder)).toEqual(before)
  })

  test('every fault of the command line is named at once', async () => {
    const { stderr } = await make({ bot: 'x', url: undefined, name: '' })
    for (const option of ['--bot', '--url', '--name']) expect(stderr).toContain(`teams: ${option} is`)
  })

  test('an option that is given twice', async () => {
    const args = Object.entries(usual).flatMap(([name, value]) => [`--${name}`, value])
    const { code, stderr } = await program.run([...args, '--bot', bot, '--out', join(folder, 'twice.zip')])
    expect({ code, isNamed: stderr.includes('--bot is given twice') }).toEqual({ code: 1, isNamed: true })
  })

  const square = (inside: string, size = 'viewBox="0 0 32 32"') =>
    `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${inside}</svg>`
  const good = square('<rect x="4" y="4" width="20" height="20" fill="#fff"/>')

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['an icon that is no image', { 'color.svg': 'no image', 'outline.svg': good }, 'color.svg is not an SVG image'],
    [
      'an icon that is not square',
      { 'color.svg': square('<rect width="9" height="9"/>', 'viewBox="0 0 32 16"'), 'outline.svg': good },
      'color.png is 192 x 96 pixels',
    ],
    [
      'an outline in a colour',
      { 'color.svg': good, 'outline.svg': good.replace('#fff', '#fffffe') },
      'outline.png has a pixel that is neither white nor transparent',
    ],
    [
      'an outline without a transparent pixel',
      { 'color.svg': good, 'outline.svg': square('<rect width="32" height="32" fill="#fff"/>') },
      'outline.png has no transparent background',
    ],
    ['an outline of nothing', { 'color.svg': good, 'outline.svg': square('') }, 'outline.png shows nothing'],
  ])('%s', async (_what, files, words) => {
    const icons = mkdtempSync(join(tmpdir(), 'countersign-icons-'))
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(icons, name), text)
      const { code, stderr, out } = await make({ icons })
      expect(code).toBe(1)
      expect(stderr).toContain(words)
      expect(existsSync(out)).toBe(false)
    } finally {
      rmSync(icons, { recursive: true })
    }
  })
})

/** What is wrong with each of these packages. */
function faultsOf(files: readonly string[]): readonly (readonly string[])[] {
  const program = `
    import { readFileSync } from 'node:fs'
    import { packageFaults } from './scripts/teamsApp.mjs'
    const faults = []
    for (const file of JSON.parse(process.argv[1])) faults.push(await packageFaults(readFileSync(file)))
    process.stdout.write(JSON.stringify(faults))`
  const args = ['--input-type=module', '--eval', program, '--', JSON.stringify(files)]
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })) as string[][]
}

describe('the check of a finished package', () => {
  type Change = (files: Record<string, Buffer>, manifest: Record<string, any>) => void // oxlint-disable-line typescript/no-explicit-any

  const spoilt: readonly (readonly [string, Change, string])[] = [
    ['a member that the schema does not know', (_, manifest) => (manifest['surprise'] = 1), 'surprise'],
    ['a short name of 31 characters', (_, { name }) => (name.short = 'x'.repeat(31)), '/name/short'],
    ['a short description of 81 characters', (_, { description }) => (description.short = 'x'.repeat(81)), '/short'],
    ['an unfilled id', (_, manifest) => (manifest['bots'][0].botId = '{{bot}}'), '/bots/0/botId'],
    ['an address that is none', (_, { developer }) => (developer.websiteUrl = 'contoso'), '/developer/websiteUrl'],
    ['an unknown scope', (_, { bots }) => (bots[0].scopes = ['teams']), '/bots/0/scopes'],
    [
      'no supportsChannelFeatures',
      (_, manifest) => delete manifest['supportsChannelFeatures'],
      'supportsChannelFeatures',
    ],
    ['another tier', (_, manifest) => (manifest['supportsChannelFeatures'] = 'tier2'), 'supportsChannelFeatures'],
    ['an older manifest with it', (_, manifest) => Object.assign(manifest, olderManifest), 'supportsChannelFeatures'],
    ['a manifest of 2015', (_, manifest) => (manifest['manifestVersion'] = '1.0'), 'manifestVersion'],
    [
      'a schema from somewhere else',
      (_, manifest) => (manifest['$schema'] = 'https://contoso.example/'),
      '$schema is not',
    ],
    [
      'a tab of another domain',
      (_, manifest) => (manifest['staticTabs'] = [tabAt('https://evil.example/console/')]),
      'validDomains lacks evil.example, which staticTabs opens',
    ],
    [
      'a tab that gets tokens for another domain',
      (_, manifest) =>
        Object.assign(manifest, {
          staticTabs: [tabAt(`${url}/console/`)],
          validDomains: [new URL(url).host],
          webApplicationInfo: { id: api, resource: `api://${api}` },
        }),
      `webApplicationInfo.resource is not api://countersign.contoso.example/${api}`,
    ],
    ['no outline icon', (files) => delete files['outline.png'], 'icons.outline'],
    [
      'icons the other way round',
      (_, { icons }) => Object.assign(icons, { color: 'outline.png' }),
      'outline.png is 32 x 32',
    ],
    [
      'an outline that is coloured',
      (files) => (files['outline.png'] = files['color.png'] as Buffer),
      'outline.png is 192',
    ],
    ['an icon that is no PNG', (files) => (files['color.png'] = Buffer.from('GIF89a')), 'color.png is not a PNG'],
    [
      'an icon that ends early',
      (files) => (files['color.png'] = (files['color.png'] as Buffer).subarray(0, 400)),
      'color.png is a PNG file that ends early',
    ],
    ['no manifest', (files) => delete files['manifest.json'], 'manifest.json is not at the root'],
    ['a manifest that is no JSON', (files) => (files['manifest.json'] = Buffer.from('{')), 'is not JSON'],
  ]
  const tabAt = (contentUrl: string) => ({ entityId: 'console', scopes: ['personal'], contentUrl })
  const olderManifest = {
    manifestVersion: '1.24',
    $schema: 'https://developer.microsoft.com/json-schemas/teams/v1.24/MicrosoftTeams.schema.json',
  }

  let found: readonly (readonly string[])[]
  beforeAll(async () => {
    const packages = [standardFile]
    for (const [, change] of spoilt) {
      const files: Record<string, Buffer> = { ...standard.files }
      const manifest = manifestIn(files)
      change(files, manifest)
      if (files['manifest.json'] === standard.files['manifest.json'])
        files['manifest.json'] = Buffer.from(JSON.stringify(manifest))
      packages.push(await pack(files))
    }
    const inFolder = Object.entries(standard.files).map(([name, bytes]) => [`countersign/${name}`, bytes] as const)
    packages.push(await pack(Object.fromEntries(inFolder)))
    const noZip = join(folder, 'none.zip')
    writeFileSync(noZip, 'no zip')
    found = faultsOf([...packages, noZip])
  })

  test("finds nothing in the project's own package", () => {
    expect(found[0]).toEqual([])
  })

  test.each(spoilt.map(([what, , words], at) => [what, at, words] as const))('finds %s', (_what, at, words) => {
    expect(found[at + 1]?.join('\n')).toContain(words)
  })

  test('finds files in a folder, and a file that is not a package', () => {
    expect(found.at(-2)?.join('\n')).toContain('countersign/manifest.json lies in a folder')
    expect(found.at(-1)).toEqual(['the package is not a zip file'])
  })
})
