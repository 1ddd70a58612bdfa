import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidence } from './scripts.ts'

/** What keeps verify.sh runnable by shells and tools that are not here: those of macOS, BSD and BusyBox. */

/** The tools of POSIX that the script may use, with their options. Of openssl and jq it may use any. */
const tools: Readonly<Record<string, string>> = {
  ...{
    awk: '',
    cat: '',
    cmp: 's',
    find: '',
    mkdir: '',
    rm: 'rf',
    sort: '',
    tr: 'd',
    wc: 'l',
    xargs: '',
    openssl: '',
    jq: '',
  },
}

/** Tools that scripts are tempted to use, of which POSIX lacks many, and others their usual options. */
const others =
  'base64 basename bash chmod column comm cp curl cut date dd diff dirname egrep env expr file fold getopt grep gzip head hexdump ' +
  'install join ln ls mktemp mv nl nproc od openssl paste perl printenv python python3 readlink realpath rev sed seq sha1sum ' +
  'sha256sum sha512sum shasum shuf sleep stat strings tac tail tee timeout touch truncate uniq unzip which whoami xxd yes zcat'

/** What some shells know, and POSIX does not. */
const foreign: readonly RegExp[] = [
  /\[\[/,
  /<<</,
  /[<>]\(/,
  /(?<!\$)\(\(/,
  /\$'/,
  /\+=/,
  /&>/,
  /\$\{!?\w+(?:\/|:\d|:\$|\^|,)/,
  /\b(?:local|declare|typeset|shopt|mapfile|readarray|function|select|source|let)\s/,
  /\bset -o|\bpipefail\b|\becho -|\bread -[^r]|\bprintf -|%q|\[ [^\]]*==/,
  /\w=\((?!\()/,
]

/** The script without comments and without texts in single quotes, such as the program of jq. */
const commandsIn = (script: string): string =>
  script
    .replace(/^#.*$/gm, '')
    .replace(/ # .*$/gm, '')
    .replace(/^trap '([^']*)'/gm, '$1; trap')
    .replace(/'[^']*'/g, "''")

/** Matches a tool where a command begins. */
const called = (tool: string): RegExp =>
  new RegExp(
    String.raw`(?:^|[|;&({!]|\$\(|\b(?:do|then|else|if|while|until|xargs)\b)\s*${tool}((?: -\w+)*)(?=[\s;)]|$)`,
    'gm',
  )

/** Uses of what POSIX does not have. */
function misuses(script: string): readonly string[] {
  const commands = commandsIn(script)
  const unknown = others.split(' ').filter((tool) => !(tool in tools) && called(tool).test(commands))
  const options = Object.entries(tools).flatMap(([tool, allowed]) =>
    tool === 'openssl' || tool === 'jq'
      ? []
      : [...commands.matchAll(called(tool))]
          .flatMap(([, given = '']) => [...given.replace(/[ -]/g, '')])
          .filter((one) => !allowed.includes(one))
          .map((one) => `${tool} -${one}`),
  )
  return [...unknown, ...options, ...foreign.flatMap((form) => form.exec(commands)?.[0] ?? [])]
}

test.each([
  'realpath "$x"',
  'x=$(base64 -w 0 file)',
  'sha256sum --check sums',
  'sort -V file',
  'a | grep -P x',
  'sed -i x file',
  'readlink -f x',
  'tmp=$(mktemp -d)',
  'cmp -n 4 a b',
  'find . | xargs -0 rm',
  'xargs realpath <names',
  'wc -m file',
  '[[ $x == y ]]',
  'cat <<<"$x"',
  'cat <(x)',
  'x+=y',
  'x=(a b)',
  'echo "${x//a/b}"',
  'echo "${x:1:2}"',
  'f() { local x; }',
  'read -a x',
  'printf -v x y',
  'set -o pipefail',
  '[ a == b ]',
])('what POSIX does not have is noticed: %s', (line) => expect(misuses(line)).not.toEqual([]))

test.each(['x=$((1 + 2))', 'a && b=${c%% *}', 'rm -rf "$tmp"', "tr -d '[x]'"])('what POSIX has is not: %s', (line) =>
  expect(misuses(line)).toEqual([]),
)

const script = readFileSync(join(evidence, 'verify.sh'), 'utf8')

test('verify.sh uses tools of POSIX alone, with their options, beside openssl and jq', () => {
  expect(misuses(script)).toEqual([])
})

test('verify.sh looks whether all of its tools are there', () => {
  const [, looked = ''] = /^for tool in ([a-z ]+); do$/m.exec(script) ?? []
  expect(looked.split(' ').sort()).toEqual(Object.keys(tools).sort())
  const used = Object.keys(tools).filter((tool) => called(tool).test(commandsIn(script)))
  expect(used.sort()).toEqual(Object.keys(tools).sort())
})

test.each(['verify.sh', 'verify.py'])(
  '%s says in its first lines, and at the end of a run, what it does not look at',
  (name) => {
    const lines = readFileSync(join(evidence, name), 'utf8').split('\n')
    expect(lines.slice(0, 4).join('\n')).toContain('NOT LOOKED AT here: ')
    expect(lines.filter((line) => /(?:unlooked|UNLOOKED) ?= ?'Not looked at: /.test(line))).toHaveLength(1)
  },
)
