// Makes the secret that authenticates the rows of the ledger, unless it exists, and lets the app read it.
// Plain Node: it runs right after the resources are made, before any package needs to be installed.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { AzFault, az } from './az.mjs'

class Refusal extends Error {}

const help = `npm run ledger-key -- VAULT [options]
Makes 32 random bytes as the secret "ledger-key" of a key vault, unless the vault has that secret, and gives the identity
of the app the role Key Vault Secrets User on that secret alone. The value is never printed. A second run changes nothing.

  --identity ID        the principal id of the app's identity (the one that has Key Vault Crypto User on the vault)
  --subscription ID    where the vault is (the one that az is set to)
  --new-version        makes a new version although there is one; the old ones stay, since rows were written with them
  --patience SECONDS   how long to go on while Azure is busy (120)

It needs the Azure CLI, signed in as an Owner of the vault. It writes through the management API, for which Owner suffices.
`

const name = 'ledger-key'
const keyVault = 'api-version=2024-11-01'
const authorization = 'api-version=2022-04-01'

/**
 * Key Vault Secrets User, and Key Vault Crypto User:
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
 */
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
const cryptoUser = '12338af0-0e69-4776-bea7-57ae8d297424'

const stop = new AbortController()
let folder = null

async function main() {
  const options = read()
  if (options === null) {
    process.stdout.write(help)
    return
  }
  const call = patiently(options.patience)
  const vault = await findVault(call, options)
  const identity = options.identity ?? (await findIdentity(call, vault))
  const secret = `${vault}/secrets/${name}`
  const uri = await ensureSecret(call, secret, options)
  await ensureRole(call, secret, identity)
  process.stdout.write(`COUNTERSIGN_LEDGER_KEY=${uri}\n`)
}

/** @throws {Refusal} naming the option and its rule */
function read() {
  const known = { 'new-version': { type: 'boolean' }, help: { type: 'boolean' } }
  for (const option of ['identity', 'subscription', 'patience']) known[option] = { type: 'string' }
  const { values, positionals, tokens } = parseArgs({ options: known, strict: false, tokens: true })
  if (values.help) return null
  const strange = tokens.find(({ kind, name }) => kind === 'option' && !Object.hasOwn(known, name))
  if (strange) throw new Refusal(`unknown option ${strange.rawName}; --help lists them`)
  const [vault, more] = positionals
  if (vault === undefined) throw new Refusal('VAULT is missing: it is the name of the key vault')
  if (more !== undefined) throw new Refusal(`unexpected "${more}": one vault at a time`)
  if (!/^[A-Za-z](?=.{2,23}$)[A-Za-z0-9]*(-[A-Za-z0-9]+)*$/.test(vault))
    throw new Refusal('VAULT is malformed: it is the name of a key vault, 3 to 24 letters, digits and hyphens')
  const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
  for (const option of ['identity', 'subscription'])
    if (values[option] !== undefined && !guid.test(String(values[option])))
      throw new Refusal(`--${option} is malformed: it is a GUID`)
  const { patience = '120' } = values
  if (!/^\d{1,4}$/.test(String(patience)))
    throw new Refusal('--patience is malformed: it is a number of seconds up to 9999')
  return { ...values, vault, patience: Number(patience), isNew: values['new-version'] === true }
}

/** Makes the function that calls `az`, and repeats the call while Azure is busy, until the time is up. */
function patiently(seconds) {
  const end = performance.now() + seconds * 1000
  return async (what, work) => {
    for (let pause = 500; ; pause = Math.min(pause * 2, 15_000)) {
      try {
        return await work()
      } catch (cause) {
        if (!(cause instanceof AzFault)) throw cause
        if (cause.kind !== 'busy') throw cause
        if (performance.now() + pause > end)
          throw new Refusal(`${what}: Azure is busy or out of reach (${cause.message}). Run this again later.`)
      }
      await setTimeout(pause, undefined, { signal: stop.signal })
    }
  }
}

const rest = (method, url, more = [], secret) =>
  az(['rest', '--method', method, '--url', url, ...more], { secret, signal: stop.signal })

/** Turns the faults that a person can correct into sentences. @throws {Refusal} */
function explain(cause, what, right) {
  if (!(cause instanceof AzFault)) throw cause
  if (cause.kind === 'missing' || cause.kind === 'signed-out') throw new Refusal(cause.message)
  if (cause.kind === 'refused') throw new Refusal(`${what}: ${right} (${cause.message})`)
  throw new Refusal(`${what}: ${cause.message}`)
}

async function findVault(call, { vault, subscription }) {
  const what = `looking for the vault ${vault}`
  const where = subscription === undefined ? [] : ['--subscription', subscription]
  const list = ['resource', 'list', '--resource-type', 'Microsoft.KeyVault/vaults', '--name', vault, ...where]
  const found = await call(what, () => az(list, { signal: stop.signal })).catch((cause) =>
    explain(cause, what, 'you need the role Reader, at least'),
  )
  const id = Array.isArray(found) ? found[0]?.id : undefined
  if (typeof id === 'string') return id
  throw new Refusal(
    `there is no vault ${vault} in the subscription, or you may not see it: az account show says where you are, ` +
      '--subscription names another',
  )
}

/** Finds the app's identity by its role: the app signs with the vault's keys. */
async function findIdentity(call, vault) {
  const what = 'looking for the identity of the app'
  const url = `${vault}/providers/Microsoft.Authorization/roleAssignments?${authorization}&$filter=atScope()`
  const found = await call(what, () => rest('get', url)).catch((cause) =>
    explain(cause, what, 'you need to be an Owner of the vault'),
  )
  const holders = (found?.value ?? [])
    .map(({ properties }) => properties)
    .filter(({ scope, principalType }) => same(scope, vault) && principalType === 'ServicePrincipal')
    .filter(({ roleDefinitionId }) => roleDefinitionId.toLowerCase().endsWith(`/${cryptoUser}`))
    .map(({ principalId }) => principalId)
  const [identity, other] = [...new Set(holders)]
  if (identity !== undefined && other === undefined) return identity
  const many = other === undefined ? 'no identity has' : 'more than one identity has'
  throw new Refusal(`${many} the role Key Vault Crypto User on the vault: name that of the app by --identity`)
}

const same = (one, other) => one?.toLowerCase() === other.toLowerCase()

/** Returns the secret's address. After a lost answer it looks the secret up, so that it is made once. */
async function ensureSecret(call, secret, { isNew }) {
  const what = `making the secret ${name}`
  const before = isNew ? await call(what, () => find(secret)).catch((cause) => explain(cause, what, noRight)) : null
  const isMade = (found) => found !== null && (before === null || version(found) !== version(before))
  let made = false
  const found = await call(what, async () => {
    const standing = await find(secret)
    if (isMade(standing)) return standing
    made = true
    await make(secret)
    return find(secret)
  }).catch((cause) => {
    if (cause instanceof AzFault && cause.kind === 'conflict') throw new Refusal(`${what}: ${deleted(secret)}`)
    return explain(cause, what, noRight)
  })
  const { secretUri, attributes } = found?.properties ?? {}
  if (typeof secretUri !== 'string')
    throw new Refusal(`${what}: Azure made it, and does not say where. Run this again.`)
  if (attributes?.enabled === false)
    throw new Refusal(`the secret ${name} is disabled, so the service can read no row: enable it, and run this again`)
  say(made ? `made the secret ${name}` : `the secret ${name} is there, and stays as it is`)
  return secretUri
}

const noRight = 'you need to be an Owner or Contributor of the vault'
/** Azure keeps the name of a deleted secret, and refuses to make another. */
function deleted(secret) {
  const recover = `az keyvault secret recover --vault-name ${secret.split('/').at(-3)} --name ${name}`
  return `a deleted secret has this name. Rows were written with it: never purge it. A Key Vault Secrets Officer recovers it: ${recover}`
}

const version = ({ properties }) => properties?.secretUriWithVersion

/** `null` if there is none. The management API answers without the value. */
async function find(secret) {
  try {
    return await rest('get', `${secret}?${keyVault}`)
  } catch (cause) {
    if (cause instanceof AzFault && cause.kind === 'absent') return null
    throw cause
  }
}

/** Passes the value in a file that only this user may read, because every program on the machine sees arguments. */
async function make(secret) {
  const value = randomBytes(32).toString('base64')
  const contentType = 'application/octet-stream; encoding=base64'
  await put(`${secret}?${keyVault}`, { value, contentType }, value)
}

async function put(url, properties, secret) {
  folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  try {
    const file = join(folder, 'body.json')
    writeFileSync(file, JSON.stringify({ properties }), { mode: 0o600, flag: 'wx' })
    await rest('put', url, ['--body', `@${file}`], secret)
  } finally {
    removeFolder()
  }
}

function removeFolder() {
  if (folder !== null) rmSync(folder, { recursive: true, force: true })
  folder = null
}

async function ensureRole(call, secret, principalId) {
  const what = 'letting the app read the secret (which is there)'
  const [, subscription] = /^\/subscriptions\/([^/]+)\//i.exec(secret) ?? []
  const definition = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${secretsUser}`
  const properties = { roleDefinitionId: definition, principalId, principalType: 'ServicePrincipal' }
  const url = `${secret}/providers/Microsoft.Authorization/roleAssignments/${nameOf(secret, principalId)}?${authorization}`
  await call(what, async () => {
    try {
      await put(url, properties)
    } catch (cause) {
      if (cause.code === 'RoleAssignmentExists') return
      // A new identity takes a while to be known everywhere.
      if (cause.code === 'PrincipalNotFound') throw new AzFault('busy', cause.message, cause.code)
      throw cause
    }
  }).catch((cause) => explain(cause, what, 'you need to be an Owner or User Access Administrator of the vault'))
  say(`the identity ${principalId} may read it`)
}

/** An assignment has the same name in every run, so that a second run does not repeat it. */
function nameOf(...parts) {
  const digest = createHash('sha256')
    .update([...parts, secretsUser].join('\n').toLowerCase())
    .digest('hex')
  const groups = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(digest)?.slice(1) ?? []
  return `${groups[0]}-${groups[1]}-8${groups[2]}-a${groups[3]}-${groups[4]}`
}

function say(words) {
  process.stderr.write(`ledger-key: ${words}\n`)
}

for (const [signal, number] of [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
])
  process.once(signal, () => {
    removeFolder()
    stop.abort()
    process.exit(128 + number)
  })

try {
  await main()
} catch (cause) {
  if (!(cause instanceof Refusal)) throw cause
  process.stderr.write(`ledger-key: ${cause.message}\n`)
  process.exitCode = 1
}
