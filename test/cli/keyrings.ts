import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from '../support/python.ts'

/**
 * In Python, which starts in less than half of the time that Node needs: stand-ins for the programs of the systems' keyrings and browsers. They do what the manual pages of secret-tool(1),
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
    writeFileSync(file, `#!${python} -IS\n${common}\n${source}`)
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
import json, os, re, sys
args, env = sys.argv[1:], os.environ
fault, kept_in = env.get('FAULT'), env.get('KEPT', '')
with open(env['CALLS'], 'a') as file: file.write(json.dumps([os.path.basename(sys.argv[0]), *args]) + '\\n')
def kept():
    if not os.path.exists(kept_in): return {}
    with open(kept_in) as file: return json.load(file)
def keep(all):
    with open(kept_in, 'w') as file: json.dump(all, file)
def end(code, words=''):
    if words: print(words, file=sys.stderr)
    sys.exit(code)
`

const secretTool = `
verb, key = args[0], ' '.join(each for each in args[1:] if not each.startswith('--label'))
if fault == 'locked': end(1, 'secret-tool: Cannot get secret of a locked object')
if fault == 'no service': end(1, 'secret-tool: The name org.freedesktop.secrets was not provided by any .service files')
if verb == 'store':
    if sys.stdin.isatty(): end(2, 'this would prompt')
    secret = sys.stdin.read()
    if fault != 'forgetful': keep({**kept(), key: secret})
elif verb == 'lookup':
    if key not in kept(): end(1)
    sys.stdout.write('something else' if fault == 'garbled' else kept()[key])
elif verb == 'clear':
    all = kept()
    gone = all.pop(key, None)
    keep(all)
    if gone is None: end(1)
else: end(2, "usage: secret-tool store --label='label' attribute value ...")
`

const security = `
missing = 'security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.'
def tokens(line): return [a if b == '' else b for a, b in re.findall(r'"([^"]*)"|(\\S+)', line)]
def act(words):
    verb, find = words[0], lambda flag: words[words.index(flag) + 1]
    all, key = kept(), find('-s') + ' ' + find('-a')
    if fault == 'locked': end(36, 'security: SecKeychainItemCopyContent: User interaction is not allowed.')
    if verb == 'add-generic-password':
        if '-U' not in words and key in all: end(45, 'security: The specified item already exists in the keychain.')
        keep({**all, key: find('-w')})
    elif key not in all: end(44, missing)
    elif verb == 'find-generic-password': print(all[key])
    elif verb == 'delete-generic-password': keep({name: secret for name, secret in all.items() if name != key})
    else: end(2, f'security: unknown command "{verb}"')
if args[0] == '-i':
    for line in filter(None, sys.stdin.read().split('\\n')): act(tokens(line[:4096]))
else: act(args)
`

const opener = ''
