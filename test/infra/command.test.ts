import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../support/root.ts'
import { someOf } from '../support/whole.ts'

/** Runs `npm run infra -- ARGS`. */
function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/infra.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('the command says how it is used', () => {
  const { status, stdout } = run('--help')
  expect(status).toBe(0)
  for (const word of ['--list', '--json', '--folder', '--types', 'NAME=VALUE']) expect(stdout).toContain(word)
})

const refused = [
  ['an option that does not exist', ['--lists'], '--lists'],
  ['a parameter that does not exist', ['colour=blue'], 'There is no parameter colour: there are name, location'],
  ['a value that is no JSON', ['name=prod', 'private=yes'], 'The parameter private is a bool'],
  ['a word', ['prod'], '“prod” is no NAME=VALUE'],
] as const

test.each(someOf(refused, () => '', 2))('it refuses %s with 2', (_what, args, words) => {
  const { status, stdout, stderr } = run(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain(words)
})

test('it lists what a deployment with given parameters makes', () => {
  const { status, stdout } = run('--list', 'name=prod', 'location=westeurope', 'operators=["a@contoso.example"]')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^given: \d+ resources, nothing wrong$/m)
  expect(stdout).toMatch(/^ {2}Microsoft.KeyVault\/vaults kv-prod-\w{6}$/m)
  expect(stdout).toMatch(/^ {4}COUNTERSIGN_BASE_URL = https:\/\/func-prod-\w{6}.azurewebsites.net$/m)
  expect(stdout).toMatch(/^ {4}Key Vault Crypto User on vaults kv-prod-\w{6} to ServicePrincipal [0-9a-f-]{36}$/m)
})

test('it names what is wrong by file and line, also in a query, and ends with 1', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  cpSync(join(root, 'infra'), folder, { recursive: true })
  for (const [name, find, replace] of [
    ['vault.bicep', 'enablePurgeProtection: true', 'enablePurgeProtection: false'],
    ['queries.bicep', 'line.caller.id))', 'line.caller.oid))'],
  ] as const) {
    const text = readFileSync(join(folder, name), 'utf8')
    writeFileSync(join(folder, name), text.replace(find, replace))
  }
  const { status, stdout } = run('--json', '--folder', folder, 'name=prod', 'location=westeurope')
  rmSync(folder, { recursive: true })
  expect(status).toBe(1)
  const [{ flaws }] = JSON.parse(stdout) as [{ flaws: { file: string; line: number; words: string }[] }]
  expect(flaws.map(({ file, words }) => `${file}: ${words}`)).toEqual([
    'vault.bicep: properties.enablePurgeProtection is false, and should be true',
    'queries.bicep: countersign-refusals: no line of the log has caller.oid',
  ])
  expect(flaws.every(({ line }) => line > 1)).toBe(true)
})
