// Repeats the properties whose runs are slow, with other cases and many more of them than `npm test` has time for.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

const help = `npm run trial -- properties [options]
Repeats each property that npm test only samples, by chance. A failure names the seed and the path that repeat the case.

  --times N    as many times as many runs as in npm test (20)
`
const { values } = parseArgs({
  options: { times: { type: 'string', default: '20' }, help: { type: 'boolean', default: false } },
})

if (values.help) process.stdout.write(help)
else if (!/^[1-9]\d{0,3}$/.test(values.times)) {
  process.stderr.write(`properties: --times takes a number from 1 to 9999.\n${help}`)
  process.exitCode = 2
} else process.exitCode = repeat(values.times)

function repeat(times) {
  const jest = join(root, 'node_modules/jest/bin/jest.js')
  // A property of 20 times as many runs takes minutes.
  const args = [jest, ...sampled(), '--testTimeout', String(3_600_000)]
  const env = { ...process.env, COUNTERSIGN_PROPERTY_RUNS: times }
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1
}

/** The test files that have such a property. */
function sampled() {
  const files = readdirSync(join(root, 'test'), { recursive: true }).filter((name) => name.endsWith('.test.ts'))
  return files
    .map((name) => join('test', name))
    .filter((name) => /\bsample\(\d/.test(readFileSync(join(root, name), 'utf8')))
}
