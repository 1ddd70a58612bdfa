// Makes the app that people install in Teams: npm run teams -- --bot ID --url BASE_URL --publisher NAME --site URL
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { drawIcons, manifestOf, packageFaults, sources, zipOf } from './teamsApp.mjs'

/** Refused input: a sentence for each fault, naming the option and its rule. */
class Refusal extends Error {
  constructor(faults) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const about = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const isGuid = (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
const isAddress = (text) =>
  text.length <= 2048 && text.startsWith('https://') && URL.canParse(text) && new URL(text).username === ''
const isOrigin = (text) => isAddress(text) && new URL(text).origin === text
const isName = (most) => (text) => text !== '' && [...text].length <= most && !/^\s|\s$|[\p{C}\p{Zl}\p{Zp}]/u.test(text)
const isVersion = (text) => /^(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}$/.test(text)

/** The options: which values fit, the rule in words, and the default. `null`: the option is required. */
const options = {
  bot: { value: 'ID', fits: isGuid, rule: "is a GUID: the bot's application id", otherwise: null },
  url: {
    value: 'BASE_URL',
    fits: isOrigin,
    rule: 'is the https address of the deployment, without a path or slash at its end',
    otherwise: null,
  },
  api: {
    value: 'ID',
    fits: isGuid,
    rule: 'is a GUID: the application id of the API; with it the console is a tab of the app',
    otherwise: 'no tab',
  },
  publisher: { value: 'NAME', fits: isName(32), rule: 'is a name of at most 32 visible characters', otherwise: null },
  site: { value: 'URL', fits: isAddress, rule: "is an https address: the publisher's site", otherwise: null },
  privacy: { value: 'URL', fits: isAddress, rule: 'is an https address: the privacy statement', otherwise: '--site' },
  terms: { value: 'URL', fits: isAddress, rule: 'is an https address: the terms of use', otherwise: '--site' },
  name: {
    value: 'NAME',
    fits: isName(30),
    rule: 'is a name of at most 30 visible characters, which Teams shows',
    otherwise: 'Countersign',
  },
  version: {
    value: 'X.Y.Z',
    fits: isVersion,
    rule: 'is three numbers, higher than those of the package that was uploaded last',
    otherwise: about.version,
  },
  manifest: {
    value: '1.25|1.24',
    fits: (text) => ['1.25', '1.24'].includes(text),
    rule: 'is 1.25, or 1.24 for a cloud that lags behind: then the app works in standard channels only',
    otherwise: '1.25',
  },
  icons: { value: 'FOLDER', fits: Boolean, rule: 'has color.svg and outline.svg', otherwise: 'infra/teams' },
  out: { value: 'FILE', fits: Boolean, rule: 'is the file to write', otherwise: 'dist/countersign-teams.zip' },
}

const help = `npm run teams -- --bot ID --url BASE_URL --publisher NAME --site URL [options]
Makes the app package that a Teams administrator uploads.

${Object.entries(options)
  .map(([name, { value, rule, otherwise }]) => {
    const more = otherwise === null ? '' : ` (${otherwise})`
    return `  ${`--${name} ${value}`.padEnd(22)} ${rule}${more}`
  })
  .join('\n')}
`

try {
  await main()
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause
  for (const fault of cause.faults) process.stderr.write(`teams: ${fault}\n`)
  process.stderr.write('teams: nothing was written. npm run teams -- --help lists the options.\n')
  process.exitCode = 1
}

async function main() {
  const given = read()
  if (given === null) {
    process.stdout.write(help)
    return
  }
  const { icons, out, ...values } = given
  const files = { 'manifest.json': Buffer.from(`${JSON.stringify(manifestOf(values), null, 2)}\n`) }
  const drawn = await drawIcons(icons).catch((cause) => {
    throw new Refusal([`--icons ${options.icons.rule}: ${cause.message}`])
  })
  const bytes = await zipOf({ ...files, ...drawn })
  const faults = await packageFaults(bytes)
  if (faults.length > 0) throw new Refusal(faults)
  write(out, bytes)
  process.stdout.write(`${relative('', out)}\n`)
  process.stderr.write('teams: upload it in the Teams admin center; docs/operate/teams-app.md says what comes next\n')
}

/** Reads the command line. Returns `null` for a call for help. @throws {Refusal} naming each wrong option */
function read() {
  const known = Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' }]))
  const { tokens } = parseArgs({ options: { ...known, help: { type: 'boolean' } }, strict: false, tokens: true })
  if (tokens.some(({ kind, rawName }) => kind === 'option' && rawName === '--help')) return null
  const given = {}
  const faults = []
  for (const { kind, name, rawName, value } of tokens) {
    if (kind === 'positional') faults.push(`unexpected "${value}"`)
    if (kind !== 'option') continue
    if (!Object.hasOwn(options, name) || !rawName.startsWith('--')) faults.push(`unknown option ${rawName}`)
    else if (Object.hasOwn(given, name)) faults.push(`--${name} is given twice`)
    else given[name] = value ?? ''
  }
  for (const [name, { fits, rule, otherwise }] of Object.entries(options)) {
    if (given[name] === undefined && otherwise === null) faults.push(`--${name} is missing: it ${rule}`)
    if (given[name] !== undefined && !fits(given[name])) faults.push(`--${name} is malformed: it ${rule}`)
  }
  if (faults.length > 0) throw new Refusal(faults)
  const { icons = sources, out = new URL(`../${options.out.otherwise}`, import.meta.url).pathname } = given
  return {
    ...{ privacy: given.site, terms: given.site, name: options.name.otherwise },
    ...{ version: options.version.otherwise, manifest: options.manifest.otherwise },
    ...given,
    bot: given.bot.toLowerCase(),
    ...(given.api !== undefined && { api: given.api.toLowerCase() }),
    icons,
    out: resolve(out),
  }
}

/** Moves the finished package into its place, so that an interrupted run leaves no partial one. */
function write(file, bytes) {
  const unfinished = `${file}.${process.pid}`
  try {
    makeFolder(dirname(file))
    writeFileSync(unfinished, bytes)
    renameSync(unfinished, file)
  } catch (cause) {
    rmSync(unfinished, { force: true })
    throw new Refusal([`--out ${options.out.rule}: ${file} cannot be written (${cause.code})`])
  }
}

/** Creates only one folder, so that a wrong path does not become a tree of folders. */
function makeFolder(folder) {
  try {
    mkdirSync(folder)
  } catch (cause) {
    if (cause.code !== 'EEXIST') throw cause
  }
}
