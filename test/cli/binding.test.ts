import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bindRun, changeOf } from '../../src/cli/binding.ts'
import { checkText } from '../../src/cli/commandLine.ts'
import { resolveCommand } from '../../src/cli/executable.ts'
import { interpreters, prefixes } from '../../src/cli/interpreters.ts'
import { readPage } from '../support/pages.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'binding-')))
const bin = join(folder, 'bin')
const put = (name: string, text = 'x'): string => {
  writeFileSync(join(folder, name), text, { mode: 0o755 })
  return join(folder, name)
}
beforeAll(() => {
  mkdirSync(bin)
  const programs = [
    'sh',
    'bash',
    'python3.12',
    'node',
    'perl',
    'ruby',
    'php',
    'pwsh',
    'awk',
    'sed',
    'java',
    'psql',
    'make',
  ]
  for (const name of [...programs, 'env', 'sudo', 'nice', 'timeout', 'xargs', 'flock', 'busybox', 'tool'])
    put(`bin/${name}`, `binary ${name}`)
  symlinkSync('sh', join(bin, 'link'))
  put('bin/found', 'echo found')
  for (const name of ['s', 's.js', 'lib.js', 'data']) put(name, `content ${name}`)
  mkdirSync(join(folder, 'dist'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const bind = (line: string, named: readonly string[] = [], environment = {}) => {
  const program = resolveCommand(line.split(' '), bin, folder)
  return bindRun(program, named, { PATH: bin, ...environment })
}
const filesOf = (line: string): readonly string[] => bind(line).files.map(({ path }) => path.replace(`${folder}/`, ''))

test.each<[string, readonly string[]]>([
  ['tool s', []],
  ['sh s', ['s']],
  ['sh -eux s a', ['s']],
  ['bash --norc -euo pipefail -O extglob s', ['s']],
  ['bash +o posix -- s', ['s']],
  ['bash --rcfile data s', ['data', 's']],
  ['link s', ['s']],
  ['sh found', ['bin/found']],
  ['python3.12 -u -W ignore -X dev s', ['s']],
  ['node s', ['s']],
  ['node --inspect -r ./lib.js --import=data -C dev s', ['lib.js', 'data', 's']],
  ['node lib', ['lib.js']],
  ['perl -w -Ilib -Mstrict s', ['s']],
  ['ruby -W1 -I lib s', ['s']],
  ['php -d memory_limit=1G s', ['s']],
  ['php -n -f s', ['s']],
  ['pwsh -NoProfile -ExecutionPolicy Bypass -File s', ['s']],
  ['pwsh -NonInteractive -ep Bypass s', ['s']],
  ['awk -F : -f s data', ['s']],
  ['sed -n -fs data', ['s']],
  ['java -Xmx1g -jar s', ['s']],
  ['psql -X -f s', ['s']],
  ['make -f s all', ['s']],
])('of `%s` the script is bound', (line, files) => {
  expect(filesOf(line).slice(1)).toEqual(files)
})

test.each<[string, readonly string[]]>([
  ['env -i A=1 sh s', ['bin/env', 'bin/sh', 's']],
  ['env -u B - tool', ['bin/env', 'bin/tool']],
  ['env -C / sh s', ['bin/env', 'bin/sh']],
  ['sudo -u root -n sh s', ['bin/sudo', 'bin/sh', 's']],
  ['nice -n 5 timeout -k 5 10 sh s', ['bin/nice', 'bin/timeout', 'bin/sh', 's']],
  ['flock data sh s', ['bin/flock', 'bin/sh', 's']],
  ['xargs -n 1 tool', ['bin/xargs', 'bin/tool']],
  ['busybox sh s', ['bin/busybox', 'bin/sh', 's']],
])('of `%s` the program behind the prefix is bound', (line, files) => {
  expect(filesOf(line)).toEqual(files)
})

test.each([
  [`#!${bin}/sh -e`, ['bin/sh']],
  [`#! ${bin}/env node`, ['bin/env', 'bin/node']],
  [`#!${bin}/env -S node --inspect`, ['bin/env', 'bin/node']],
  ['#!/no/such/interpreter', []],
])('the interpreter in the first line of an executable is bound: %s', (line, files) => {
  put('script', `${line}\n`)
  expect(filesOf('./script a')).toEqual(['script', ...files])
})

test.each<[string, string]>([
  ['sh -c tool', 'programs and files that the code after -c uses'],
  ['sh -ec tool', 'programs and files that the code after -c uses'],
  ['sh s', 'programs and files that s uses'],
  ['sh -s', 'the code that sh reads from its standard input'],
  ['bash', 'the code that bash reads from its standard input'],
  ['node -', 'the code that node reads from its standard input'],
  ['sh nowhere', 'nowhere, which sh looks up'],
  ['python3.12 -m http.server', 'the module http.server, which python looks up'],
  ['python3.12 dist', 'dist, which is a folder'],
  ['perl -Mstrict -e 1', 'strict, which perl looks up'],
  ['perl -lane 1', 'programs and files that the code after -e uses'],
  ['pwsh -Command ls', 'programs and files that the code after -Command uses'],
  ['tool --file=data', 'data, which an argument names'],
  ['tool dist', 'dist, which an argument names'],
  ['sudo tool', 'tool, which sudo looks up on a PATH of its own'],
  ['sudo -i', 'the program that sudo starts'],
  ['env nowhere', 'nowhere, which is looked up when it is started'],
  ['xargs tool', 'arguments that xargs reads from its input'],
  ['tool', 'environment variables, standard input, libraries, and what the program opens or starts by itself'],
])('of `%s` the request says what is not bound', (line, words) => {
  expect(bind(line).unbound).toContain(words)
})

test('a variable that loads code is named', () => {
  const words = 'code that the environment variable NODE_OPTIONS may load'
  expect(bind('tool', [], { NODE_OPTIONS: '-r ./lib.js' }).unbound).toContain(words)
  expect(bind('tool').unbound).not.toContain(words)
})

test('files that the agent names are bound, and then are not listed', () => {
  const { files, unbound } = bind('tool data', ['data', './s', 'data'])
  expect(files.map(({ path }) => path)).toEqual([join(bin, 'tool'), join(folder, 'data'), join(folder, 's')])
  expect(unbound).toHaveLength(1)
})

test('a change of contents, of kind and of place is found', () => {
  const bound = bind('sh data')
  expect(changeOf(bound)).toBeNull()
  put('data', 'CONTENT data')
  expect(changeOf(bound)).toMatchObject({ fault: 'changed' })
  rmSync(join(folder, 'data'))
  expect(changeOf(bound)).toMatchObject({ fault: 'ENOENT' })
  symlinkSync('s', join(folder, 'data'))
  expect(changeOf(bound)).toMatchObject({ fault: 'changed' })
  rmSync(join(folder, 'data'))
  put('data', 'content data')
  expect(changeOf(bound)).toBeNull()
  expect(changeOf({ ...bound, cwd: join(folder, 'nowhere') })).toMatchObject({ fault: 'no working folder' })
})

test.each([...Object.keys(interpreters), ...Object.keys(prefixes)])('docs/agents/run.md names `%s`', (name) => {
  expect(readPage('docs/agents/run.md')).toContain(`\`${name}\``)
})

test('arguments are taken for text only if their bytes are', () => {
  const bytes = (text: string, encoding: BufferEncoding) => () => Buffer.from(text, encoding)
  const silent = (): Uint8Array => {
    throw new Error('not told')
  }
  const check = (args: readonly string[], raw: () => Uint8Array) => () => checkText(args, raw)
  expect(check(['caf\u00e9'], silent)).not.toThrow()
  expect(check(['caf\ufffd'], bytes('caf\ufffd', 'utf8'))).not.toThrow()
  expect(check(['a', 'caf\ufffd'], bytes('caf\u00e9', 'latin1'))).toThrow(/Argument 2/)
  expect(check(['caf\ufffd'], silent)).toThrow(/UTF-8/)
  expect(check(['caf\ud800'], bytes('caf', 'utf8'))).toThrow(/UTF-8/)
})
