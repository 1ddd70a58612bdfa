import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Stand-ins for the programs of the systems' keyrings and browsers. They do what the manual pages of secret-tool(1),
 * security(1) and xdg-open(1) say, keep secrets in the file KEPT, and write every call to the file CALLS.
 */
export function standIns(folder: string): string {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  for (const [name, source] of Object.entries({
    'secret-tool': secretTool,
    security,
    'xdg-open': opener,
    open: opener,
  })) {
    const file = join(tools, name)
    writeFileSync(file, `#!${process.execPath}\n${common}\n${source}`)
    chmodSync(file, 0o755)
  }
  return tools
}

/** Makes the program believe that it runs on macOS. */
export function macOS(folder: string): string {
  const file = join(folder, 'macos.cjs')
  writeFileSync(file, "Object.defineProperty(process, 'platform', { value: 'darwin' })")
  return `--require=${file}`
}

const common = `
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(2)
const { CALLS, KEPT, FAULT } = process.env
const name = require('node:path').basename(process.argv[1])
appendFileSync(CALLS, JSON.stringify([name, ...args]) + '\\n')
const kept = () => (existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, 'utf8')) : {})
const keep = (all) => writeFileSync(KEPT, JSON.stringify(all))
const end = (code, words = '') => {
  if (words) process.stderr.write(words + '\\n')
  process.exit(code)
}
`

const secretTool = `
const [verb, ...rest] = args
const key = rest.filter((each) => !each.startsWith('--label')).join(' ')
if (FAULT === 'locked') end(1, 'secret-tool: Cannot get secret of a locked object')
if (FAULT === 'no service') end(1, 'secret-tool: The name org.freedesktop.secrets was not provided by any .service files')
if (verb === 'store') {
  if (process.stdin.isTTY) end(2, 'this would prompt')
  const secret = readFileSync(0, 'utf8')
  if (FAULT !== 'forgetful') keep({ ...kept(), [key]: secret })
} else if (verb === 'lookup') {
  if (!(key in kept())) end(1)
  process.stdout.write(FAULT === 'garbled' ? 'something else' : kept()[key])
} else if (verb === 'clear') {
  const { [key]: gone, ...others } = kept()
  keep(others)
  if (gone === undefined) end(1)
} else end(2, 'usage: secret-tool store --label=\\'label\\' attribute value ...')
`

const security = `
const tokens = (line) => [...line.matchAll(/"([^"]*)"|(\\S+)/g)].map(([, quoted, plain]) => quoted ?? plain)
const find = (words, flag) => words[words.indexOf(flag) + 1]
const act = ([verb, ...words]) => {
  const key = find(words, '-s') + ' ' + find(words, '-a')
  if (FAULT === 'locked') return end(36, 'security: SecKeychainItemCopyContent: User interaction is not allowed.')
  if (verb === 'add-generic-password') {
    if (!words.includes('-U') && key in kept()) return end(45, 'security: The specified item already exists in the keychain.')
    keep({ ...kept(), [key]: find(words, '-w') })
  } else if (verb === 'find-generic-password') {
    if (!(key in kept())) end(44, 'security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.')
    process.stdout.write(kept()[key] + '\\n')
  } else if (verb === 'delete-generic-password') {
    const { [key]: gone, ...others } = kept()
    if (gone === undefined) end(44, 'security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.')
    keep(others)
  } else end(2, 'security: unknown command "' + verb + '"')
}
if (args[0] === '-i') for (const line of readFileSync(0, 'utf8').split('\\n').filter(Boolean)) act(tokens(line.slice(0, 4096)))
else act(args)
`

const opener = ''
