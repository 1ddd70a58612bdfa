// Makes the package for a deployment: `dist/app/` and the same as `dist/app.zip`, with a policy. See `usage`.
// Plain Node until it has built: it may run before there are any packages.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const usage = `npm run package -- --policy FOLDER [options]
Builds, and makes what is deployed: the folder dist/app and the same as dist/app.zip, for
  az functionapp deployment source config-zip --src dist/app.zip
The same sources and policy make the same bytes.

  --policy FOLDER   the policy that is deployed; it is checked as the service checks it
  --sinks FILE      the systems that are told of events; it is checked, too, and deployed as sinks.json. Empty for none
  --example         for a trial: allows the accounts and channels of the example policy, which are in no tenant
  --built           takes what lies in dist/, and does not build
  --out FOLDER      where to (dist/app); the zip is made beside it
  --json            writes what was made as one line of JSON
  --help            this text
`

/** Files in dist/ that are deployed in addition to the policy. */
const programs = ['main.cjs', 'service.cjs', 'teams.cjs', 'cards.cjs', 'cedar_wasm_bg.wasm']
const folders = ['cards', 'evidence', 'console']

/** Ends with a message that says what to do. */
class Refusal extends Error {}

async function main() {
  const { help, policy, sinks, example, built, out, json } = options()
  if (help) return void process.stdout.write(usage)
  if (policy === undefined) throw new Refusal('--policy FOLDER is missing: the policy that is deployed.')
  const folder = resolve(out)
  if (!isReplaceable(folder))
    throw new Refusal(`--out: ${shown(folder)} is there and is no package. It would be replaced.`)
  // An older package must not be taken for the one that could not be made.
  await Promise.all([folder, `${folder}.zip`].map((path) => rm(path, { recursive: true, force: true })))
  if (!built) build()
  const files = await filesWith(policy, example, sinks)
  await write(folder, files.members)
  await writeFile(`${folder}.zip.new`, files.zip)
  await rename(`${folder}.zip.new`, `${folder}.zip`)
  tell(folder, files, json)
}

function options() {
  const options = {
    policy: { type: 'string' },
    sinks: { type: 'string' },
    out: { type: 'string', default: join(dist, 'app') },
    ...Object.fromEntries(['example', 'built', 'json', 'help'].map((name) => [name, { type: 'boolean' }])),
  }
  try {
    return parseArgs({ options }).values
  } catch (cause) {
    throw new Refusal(`${cause.message}\nSee npm run package -- --help`)
  }
}

/** A stale build would deploy older code than the sources show. */
function build() {
  for (const script of ['ready.mjs', 'build.mjs']) {
    const path = join(root, 'scripts', script)
    const { status } = spawnSync(process.execPath, [path, '--quiet'], { stdio: ['ignore', 2, 2] })
    if (status !== 0) throw new Refusal('The build failed, so there is nothing to deploy.')
  }
}

/** All deployed files by path, sorted, and their zip. */
async function filesWith(policyFolder, example, sinksFile) {
  const check = join(dist, 'local', 'policyCheck.cjs')
  const missing = [...programs, ...folders].map((name) => join(dist, name)).filter((path) => !existsSync(path))
  if (missing.length > 0 || !existsSync(check))
    throw new Refusal(
      `Nothing is built: ${shown(missing[0] ?? check)} is missing. Run npm run build, or leave out --built.`,
    )
  const { checkPolicy } = createRequire(import.meta.url)(check)
  const policy = await checkPolicy(policyFolder, join(dist, 'cards'), { example: example === true })
  if ('flaws' in policy) throw new Refusal(refused(policyFolder, policy))
  const sinks = !sinksFile ? [] : [['sinks.json', await sinksIn(sinksFile)]]
  const { name, version } = readJson(join(root, 'package.json'))
  const members = new Map(
    [
      ['host.json', readFileSync(join(root, 'host.json'))],
      ['package.json', Buffer.from(`${JSON.stringify({ name, version, main: 'main.cjs' }, null, 2)}\n`)],
      ...programs.map((file) => [file, readFileSync(join(dist, file))]),
      ...folders.flatMap(filesIn),
      ...sinks,
      [policy.compiled.name, Buffer.from(policy.compiled.text)],
      ...[...policy.files].map(([file, bytes]) => [`policy/${file}`, Buffer.from(bytes)]),
    ].sort(([a], [b]) => (a < b ? -1 : 1)),
  )
  return { members, zip: await zipOf(members), policy: policy.version, version }
}

/** The bytes of a file of sinks. */
async function sinksIn(file) {
  if (!existsSync(file)) throw new Refusal(`--sinks: there is no file ${shown(resolve(file))}.`)
  const { checkSinks } = createRequire(import.meta.url)(join(dist, 'local', 'sinksCheck.cjs'))
  const checked = await checkSinks(file)
  if ('flaws' in checked) throw new Refusal([`The sinks in ${file} are not valid.`, ...checked.flaws].join('\n'))
  return checked.bytes
}

/** Takes only files, because a link would lead out of the package. */
const filesIn = (folder) =>
  readdirSync(join(dist, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() ? [[path, readFileSync(join(dist, path))]] : []
  })

function refused(folder, { flaws, isExample }) {
  const why = isExample
    ? `The policy in ${folder} is, in parts, the example. Name your own people, agents and channels; --example allows it for a trial.`
    : `The policy in ${folder} is not valid.`
  return [why, ...flaws].join('\n')
}

/** Appears whole, or not at all. */
async function write(folder, members) {
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  for (const [name, bytes] of members) {
    await mkdir(dirname(join(fresh, name)), { recursive: true })
    await writeFile(join(fresh, name), bytes)
  }
  await rename(fresh, folder)
}

async function zipOf(members) {
  // Loaded late: before the build there may be no packages.
  const { ZipFile } = await import('yazl')
  const zip = new ZipFile()
  // A zip's time is local, so a local time makes the same bytes in every time zone.
  const fixed = { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true }
  for (const [name, bytes] of members) zip.addBuffer(bytes, name, fixed)
  zip.end()
  const chunks = []
  for await (const chunk of zip.outputStream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Whether a path is free, an empty folder, or an older package. */
function isReplaceable(folder) {
  if (!existsSync(folder)) return true
  if (!statSync(folder).isDirectory()) return false
  const manifest = join(folder, 'package.json')
  return readdirSync(folder).length === 0 || (existsSync(manifest) && readJson(manifest).main === 'main.cjs')
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

function tell(folder, { members, zip, policy, version }, json) {
  const bytes = [...members.values()].reduce((sum, one) => sum + one.length, 0)
  const sha256 = createHash('sha256').update(zip).digest('hex')
  const paths = { folder: shown(folder), zip: `${shown(folder)}.zip` }
  if (json)
    process.stdout.write(`${JSON.stringify({ ...paths, version, policy, sha256, files: [...members.keys()] })}\n`)
  else
    process.stdout.write(
      `${paths.folder}/ (${members.size} files, ${megabytes(bytes)}) and ${paths.zip} (${megabytes(zip.length)})\n` +
        `version ${version}, policy ${policy}\nSHA-256 of the zip ${sha256}\n`,
    )
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`

/** Writes a path relative to the current folder if it is below, and otherwise absolute. */
function shown(path) {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short || '.'
}

try {
  await main()
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause
  process.stderr.write(`package: ${cause.message.replaceAll('\n', '\n  ')}\n`)
  process.exitCode = 1
}
