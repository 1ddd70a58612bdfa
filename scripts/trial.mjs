// Runs a trial: trial.mjs [--built] NAME [options]. Without a name it lists the trials. `--built` says that everything
// is installed and built already. Uses Node alone, because it runs before there are any packages.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Each trial has a folder here, with its `main.ts`. */
const folder = 'trials'

const program = (path, file, options = {}) => ({ entry: `${folder}/${path}.ts`, file: `dist/${file}`, options })
const deployment = program('deployment/app', 'deployment.cjs')
const benchPrograms = [
  ...['makeDay', 'floor', 'seal', 'sealTables', 'collectDay', 'collectTables', 'sealRest'],
  ...['makePeriod', 'peerProcess', 'sinkReceivers'],
]

/**
 * The trials by name: what each does, how long it usually takes on two cores, and its programs. `main` is bundled and
 * run; `others` are programs that it starts; `builds` needs `npm run build` first; `packages` needs the packages of the
 * tests, or those and what only this trial needs.
 */
const trials = {
  sim: {
    what: 'simulates two processes that crash, race and lose answers; checks the invariants of SECURITY.md',
    takes: '5 min',
    main: program('sim/main', 'sim.cjs'),
  },
  crash: {
    what: 'kills the app at each call of sixteen stories; checks that nothing is lost, doubled or untrue',
    takes: '20 min',
    main: program('crash/main', 'crash.cjs'),
    builds: true,
  },
  wire: {
    what: 'breaks the wires to tables, blobs, Teams, Slack and GitHub at each call of each operation',
    takes: '20 min',
    main: program('wire/main', 'wire/main.cjs'),
  },
  races: {
    what: 'races approvers, agents, executors and timers at two processes; checks linearizability',
    takes: '1 min',
    main: program('races/main', 'races.cjs'),
    others: [deployment],
    builds: true,
  },
  flood: {
    what: 'attacks the limits on asking from many agents at three processes',
    takes: '3 min',
    main: program('flood/main', 'flood.cjs'),
    others: [deployment],
    builds: true,
  },
  soak: {
    what: 'runs a mixed load for long; measures memory, the event loop and what stays behind',
    takes: '11 min',
    main: program('soak/main', 'soak.cjs'),
    others: [deployment],
    builds: true,
  },
  fuzz: {
    what: 'tries every parser with hostile input, with times; then forged calls at the door of the bot',
    takes: '5 min',
    main: program('fuzz/main', 'fuzz.cjs'),
    builds: true,
  },
  controls: {
    what: 'switches each control of SECURITY.md off in a copy; expects its tests to fail',
    takes: '60 min',
    script: './controls.mjs',
    packages: 'test',
  },
  properties: {
    what: 'repeats the properties that npm test samples, with other cases and many more of them',
    takes: '3 min',
    script: './properties.mjs',
    packages: 'test',
  },
  tests: {
    what: 'runs every test with all of its cases; npm test tries some of each kind',
    takes: '25 min',
    script: './tests.mjs',
    packages: 'test',
    builds: true,
  },
  cards: {
    what: 'draws every card in every theme and width in Chromium, and measures the contrast of its texts',
    takes: '2 min',
    main: program('cards/main', 'cardPictures.cjs'),
    packages: 'test',
  },
  pages: {
    what: 'pictures every page of the console in every theme and width; axe, and no sideways scroll',
    takes: '5 min',
    main: program('pages/main', 'pages/main.cjs'),
    builds: true,
    packages: 'test',
  },
  spreadsheets: {
    what: 'opens the report of a period in LibreOffice and in Chromium; compares rows, types, texts and formulas',
    takes: '3 min',
    main: program('spreadsheets/main', 'spreadsheets/main.cjs'),
    others: [program('bench/makePeriod', 'bench/makePeriod.mjs')],
    builds: true,
    packages: 'spreadsheets',
  },
  openapi: {
    what: 'reads the OpenAPI document with a linter and a type generator from the registry',
    takes: '2 min',
    main: program('openapi/main', 'openapi/main.cjs'),
  },
  hosts: {
    what: 'runs the real Claude Code and Codex, with scripted models, through the gateway and the hook',
    takes: '10 min',
    main: program('hosts/main', 'hosts.mjs'),
    builds: true,
  },
  adapters: {
    what: 'installs the adapters of frameworks, and tests them against the local stack with scripted models',
    takes: '5 min',
    main: program('adapters/main', 'adapters/main.mjs'),
    builds: true,
  },
  bench: {
    what: 'measures each operation, beside what the storage alone can do, and a service by hand (docs/develop/benchmarks.md)',
    takes: '20 min',
    main: program('bench/main', 'bench/main.mjs'),
    others: [
      deployment,
      ...benchPrograms.map((name) => program(`bench/${name}`, `bench/${name}.mjs`)),
      // `@azure/functions` is CommonJS, and its host must share the worker's `require` with it.
      program('bench/hostProcess', 'bench/hostProcess.cjs'),
      // The floor of a cold start is bundled as the deployment is: one file that needs no node_modules.
      program('bench/empty', 'bench/empty.cjs', {
        ...{ minify: true, packages: 'bundle', external: ['@azure/functions-core'], banner: {} },
      }),
    ],
    builds: true,
  },
}

const isBuilt = process.argv[2] === '--built'
const [name] = process.argv.splice(2, isBuilt ? 2 : 1).slice(-1)

if (name === undefined || name === '--help' || name === '--built') process.stdout.write(list())
else if (Object.hasOwn(trials, name)) await run(trials[name])
else {
  process.stderr.write(`trial: there is no trial “${name}”.\n\n${list()}`)
  process.exitCode = 2
}

function list() {
  const lines = Object.entries(trials).map(([name, { what, takes }]) => {
    return `  ${name.padEnd(12)} ${takes.padStart(6)}  ${what}\n`
  })
  return `npm run trial -- NAME [options]\nEach trial has --help, and exits with 1 if a check fails.\n\n${lines.join('')}`
}

async function run({ main, others = [], script, builds, packages }) {
  if (!isBuilt) {
    node('ready.mjs', ...(packages ? ['--for', packages] : []))
    if (builds) node('build.mjs', '--quiet')
  }
  if (script) return import(script)
  // Imported here, because it needs a package that may just have been installed.
  const { bundle } = await import('./bundled.mjs')
  await Promise.all([main, ...others].map(bundle))
  return import(new URL(`../${main.file}`, import.meta.url).href)
}

/** Runs a script. Its output goes to standard error, because standard output belongs to the trial. */
function node(script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
