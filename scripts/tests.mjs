// Runs the tests with everything in them: `npm test` tries some cases of each kind only (test/support/whole.ts).
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

const help = `npm run trial -- tests [PATTERN…]
Runs every test of the project with all of its cases, also those that npm test leaves out. With patterns, only the files
whose path matches one of them: test/evidence/matrix gives every changed bundle to every verifier.
`
const { values, positionals } = parse()

if (values.help) process.stdout.write(help)
else if (values.unknown) {
  process.stderr.write(`tests: ${values.unknown}\n${help}`)
  process.exitCode = 2
} else {
  const jest = join(root, 'node_modules/jest/bin/jest.js')
  // One test may give all variants of a bundle to one verifier.
  const args = [jest, ...positionals, '--testTimeout', String(3_600_000)]
  const env = { ...process.env, COUNTERSIGN_TESTS: 'whole' }
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1
}

function parse() {
  const options = { help: { type: 'boolean', default: false } }
  try {
    return parseArgs({ options, allowPositionals: true })
  } catch (cause) {
    return { values: { unknown: cause.message }, positionals: [] }
  }
}
