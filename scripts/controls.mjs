// Switches off each control of test/security.ts in a copy, and expects the tests that are named for it to turn red.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const notCopied = ['node_modules', 'dist', '.git', '.local', 'coverage']

const help = `npm run trial -- controls -- [options]
Switches off each control of test/security.ts in a copy, and expects the tests that are named for it to turn red.
Fails if a test stays green, or if one is red with all controls on.

  --only NAME   only this control; may be repeated, or a list with commas
  --list        lists the names of all controls
`
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const all = (await table()).flatMap(({ attack, switches }) => switches.map((one) => ({ attack, ...one })))
const only = values.only.flatMap((names) => names.split(','))
const unknown = only.filter((name) => !all.some((one) => one.name === name))
const chosen = all.filter(({ name }) => only.length === 0 || only.includes(name))

if (values.help) process.stdout.write(help)
else if (unknown.length > 0) {
  process.stderr.write(`controls: no control is called ${unknown.join(', ')}\n`)
  process.exitCode = 2
} else if (values.list) for (const { name, attack } of chosen) say(name, attack)
else process.exitCode = await inCopy(tryAll)

async function tryAll(copy) {
  const faults = []
  for (const [title, { failed, ran }] of await tryNone(copy))
    if (failed > 0 || ran === 0) faults.push(`${title} is ${ran === 0 ? 'missing' : 'red'} with all controls on`)
  // A test that is red with all controls on proves nothing.
  for (const one of faults.length > 0 ? [] : chosen) {
    const results = await tryOne(copy, one)
    for (const [title, { failed, ran }] of results) {
      say(one.name, title, failed > 0 ? `red ${failed}/${ran}` : ran === 0 ? 'did not run' : 'STILL GREEN')
      if (failed === 0) faults.push(`${one.name} is off, and not noticed by ${title}`)
    }
  }
  for (const fault of faults) process.stderr.write(`controls: ${fault}\n`)
  process.stdout.write(`controls: ${chosen.length} switched off, ${faults.length} faults\n`)
  return faults.length === 0 ? 0 : 1
}

async function tryNone(copy) {
  const [atDoors, others] = [chosen.filter((one) => one.build), chosen.filter((one) => !one.build)]
  if (atDoors.length > 0) await built(copy)
  return [...(await run(copy, others)), ...(await run(copy, atDoors))]
}

async function tryOne(copy, one) {
  const path = join(copy, one.file)
  const text = await readFile(path, 'utf8')
  if (text.split(one.find).length !== 2)
    throw new Error(`${one.name}: ${one.file} does not have its text exactly once.`)
  try {
    await writeFile(
      path,
      text.replace(one.find, () => one.replace),
    )
    if (one.build) await built(copy)
    return await run(copy, [one])
  } finally {
    await writeFile(path, text)
  }
}

/** Groups the titles of tests by file. */
function titlesOf(switches) {
  const files = new Map()
  for (const { tests } of switches)
    for (const [file, titles] of Object.entries(tests))
      files.set(file, [...new Set([...(files.get(file) ?? []), ...titles])])
  return files
}

/** Runs the tests. Returns for each title how many tests ran, and how many failed. */
async function run(copy, switches) {
  if (switches.length === 0) return []
  const files = titlesOf(switches)
  const report = join(copy, 'report.json')
  const patterns = new Map([...files].map(([file, titles]) => [file, titles.map((title) => [title, patternOf(title)])]))
  const named = [...patterns.values()].flat().map(([, pattern]) => pattern.source)
  const options = ['--ci', '--runInBand', '--silent', '--reporters=default', `--cacheDirectory=${join(copy, '.cache')}`]
  // A program that should have refused to start may still run when its test is over.
  options.push('--forceExit')
  // Tests of the doors share a stack and build on each other, so all tests of a file run.
  const filter = switches[0].build ? [] : ['-t', [...new Set(named)].join('|')]
  const about = ['--json', `--outputFile=${report}`, ...filter]
  await rm(report, { force: true })
  await node(copy, ['node_modules/jest/bin/jest.js', ...options, ...about, '--runTestsByPath', ...files.keys()])
  const { testResults } = JSON.parse(await readFile(report, 'utf8'))
  return [...patterns].flatMap(([file, titles]) => {
    const found = testResults.find(({ name }) => relative(copy, name) === file)?.assertionResults ?? []
    return titles.map(([title, pattern]) => {
      const ran = found.filter(({ fullName, status }) => pattern.test(fullName) && status !== 'pending')
      return [`${file}: ${title}`, { ran: ran.length, failed: ran.filter(({ status }) => status === 'failed').length }]
    })
  })
}

/** Makes a pattern of a title. A title of `test.each` has placeholders for its values. */
function patternOf(title) {
  const escaped = title.replaceAll(' › ', ' ').replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replace(/%[sdijp#%]/g, '[^]*').replace(/\\\$\w+/g, '[^]*')}$`)
}

async function built(copy) {
  const { code, output } = await node(copy, ['scripts/build.mjs', '--quiet'])
  if (code !== 0) throw new Error(`The copy does not build: ${output}`)
}

function node(copy, args) {
  return new Promise((done, failed) => {
    // With every case: npm test leaves some out, and one of those may be the only one that notices.
    const env = { ...process.env, COUNTERSIGN_TESTS: 'whole' }
    const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'ignore', 'pipe'], env })
    let output = ''
    child.stderr.on('data', (data) => (output += data))
    child.once('error', failed)
    child.once('close', (code) => done({ code, output }))
  })
}

/** Works in a copy, so that an interrupted run leaves no control off. */
async function inCopy(work) {
  // The running tests get the signal too and end, and then the copy is removed.
  process.on('SIGINT', () => {})
  const copy = await mkdtemp(join(tmpdir(), 'countersign-controls-'))
  try {
    const filter = (path) => !notCopied.includes(relative(root, path))
    await cp(root, copy, { recursive: true, filter })
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
    return await work(copy)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function table() {
  const entryPoints = [join(root, 'test/security.ts')]
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', platform: 'node', write: false })
  const { rows } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  )
  return rows
}

function say(...cells) {
  process.stdout.write(`${cells.join('  ')}\n`)
}
