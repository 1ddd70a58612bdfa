/** The interpreters and prefixes that `countersign run` knows: the table of docs/agents/run.md. */

/** How an interpreter finds its code among its arguments. Options are written as on the command line. */
export interface Interpreter {
  /** Options whose value is code. */
  readonly code?: readonly string[]
  /** Options whose value is a module that the interpreter looks up. */
  readonly module?: readonly string[]
  /** Options whose value is the script. */
  readonly script?: readonly string[]
  /** Options whose value is a file, or a module, that is run before the script. */
  readonly loads?: readonly string[]
  /** Other options whose value is the next argument. */
  readonly valued?: readonly string[]
  /** Options after which the code comes from standard input. */
  readonly stdin?: readonly string[]
  /** Whether short options may be joined, as `-eux`. */
  readonly joined?: true
  /** Whether arguments after code or a module belong to that code. */
  readonly codeEnds?: true
  /** Whether options are read without regard to case, and may be shortened. */
  readonly shortened?: true
  /** Whether the first operand is no script. */
  readonly noOperand?: true
  /** Whether a script without a slash is looked up on the PATH. */
  readonly searches?: true
  /** What the interpreter appends to the name of a script that does not exist. */
  readonly suffixes?: readonly string[]
}

const shell: Interpreter = {
  code: ['-c'],
  valued: ['-o', '-O', '+o', '+O'],
  loads: ['--rcfile', '--init-file'],
  stdin: ['-s'],
  joined: true,
  codeEnds: true,
  searches: true,
}

const node: Interpreter = {
  code: ['-e', '--eval', '-p', '--print', '-pe'],
  loads: ['-r', '--require', '--import', '--loader', '--experimental-loader', '--env-file', '--env-file-if-exists'],
  module: ['--run'],
  valued: [
    ...['-C', '--conditions', '--input-type', '--title', '--icu-data-dir', '--diagnostic-dir', '--inspect-port'],
    ...['--max-http-header-size', '--stack-trace-limit', '--dns-result-order', '--unhandled-rejections'],
    ...['--openssl-config', '--tls-keylog', '--redirect-warnings', '--disable-warning', '--watch-path'],
    ...['--test-name-pattern', '--test-reporter', '--test-reporter-destination', '--trace-event-categories'],
  ],
  suffixes: ['.js', '.json', '.node'],
}

const awk: Interpreter = {
  script: ['-f', '--file', '-E', '--exec'],
  joined: true,
  loads: ['-i', '--include', '-l', '--load'],
  valued: ['-F', '--field-separator', '-v', '--assign'],
  noOperand: true,
}

/** By name, without a version: `python3.12` is `python`. */
export const interpreters: Readonly<Record<string, Interpreter>> = {
  ...Object.fromEntries(['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh'].map((name) => [name, shell])),
  fish: { code: ['-c', '--command', '-C', '--init-command'], valued: ['-d', '-o', '-f', '-D'], joined: true },
  python: {
    code: ['-c'],
    module: ['-m'],
    valued: ['-W', '-X', '--check-hash-based-pycs'],
    joined: true,
    codeEnds: true,
  },
  pypy: { code: ['-c'], module: ['-m'], valued: ['-W', '-X'], joined: true, codeEnds: true },
  node,
  nodejs: node,
  perl: { code: ['-e', '-E'], loads: ['-M', '-m'], valued: ['-I'], joined: true },
  ruby: { code: ['-e'], loads: ['-r'], valued: ['-I', '-C', '-E', '--encoding'], joined: true },
  php: {
    code: ['-r', '--run', '-B', '-R', '-E'],
    script: ['-f', '--file', '-F'],
    joined: true,
    valued: ['-d', '-c', '-z', '-t', '-S', '--define', '--php-ini', '--zend-extension', '--docroot', '--server'],
  },
  pwsh: {
    code: ['-command', '-c', '-encodedcommand', '-ec', '-e', '-commandwithargs', '-cwa'],
    script: ['-file', '-f'],
    valued: [
      ...['-executionpolicy', '-ep', '-ex', '-workingdirectory', '-wd', '-wo', '-inputformat', '-if', '-in'],
      ...['-outputformat', '-of', '-o', '-configurationname', '-config', '-configurationfile', '-custompipename'],
      ...['-settingsfile', '-windowstyle', '-w', '-version', '-v'],
    ],
    codeEnds: true,
    shortened: true,
  },
  lua: { code: ['-e'], loads: ['-l'] },
  Rscript: { code: ['-e'] },
  java: {
    script: ['-jar'],
    loads: ['-cp', '-classpath', '--class-path', '-p', '--module-path'],
    module: ['-m'],
    noOperand: true,
  },
  awk,
  gawk: awk,
  mawk: awk,
  sed: { script: ['-f', '--file'], code: ['-e', '--expression'], joined: true, noOperand: true },
  make: { script: ['-f', '--file', '--makefile'], valued: ['-C', '-I', '-o', '-W'], joined: true, noOperand: true },
  psql: { script: ['-f', '--file'], code: ['-c', '--command'], joined: true, noOperand: true },
}

/** How a program that starts another one finds it among its arguments. */
export interface Prefix {
  readonly valued?: readonly string[]
  /** Operands that come before the program. */
  readonly operands?: number
  /** Whether `NAME=value` may come before the program. */
  readonly assignments?: true
  /** Options whose value is the folder in which the program starts. */
  readonly folder?: readonly string[]
  /** Options whose value has the program and its arguments in one text. */
  readonly split?: readonly string[]
  /** Options with which another program is started than the first operand. */
  readonly opaque?: readonly string[]
  /** Whether programs are looked up on another PATH than this one's. */
  readonly ownPath?: true
  /** What else the program gets, in words. */
  readonly adds?: string
}

export const prefixes: Readonly<Record<string, Prefix>> = {
  env: {
    valued: ['-u', '--unset', '-a', '--argv0'],
    assignments: true,
    folder: ['-C', '--chdir'],
    split: ['-S', '--split-string'],
  },
  sudo: {
    valued: [
      ...['-u', '--user', '-g', '--group', '-p', '--prompt', '-h', '--host', '-r', '--role', '-t', '--type', '-a'],
      ...['-T', '--command-timeout', '-C', '--close-from', '-U', '--other-user', '-c'],
    ],
    assignments: true,
    folder: ['-D', '--chdir'],
    opaque: ['-s', '--shell', '-i', '--login', '-e', '--edit', '-R', '--chroot', '-l', '-v', '-k', '-K'],
    ownPath: true,
  },
  doas: { valued: ['-u', '-C', '-a'], opaque: ['-s'], ownPath: true },
  nice: { valued: ['-n', '--adjustment'] },
  nohup: {},
  setsid: {},
  timeout: { valued: ['-s', '--signal', '-k', '--kill-after'], operands: 1 },
  time: { valued: ['-f', '--format', '-o', '--output'] },
  stdbuf: { valued: ['-i', '--input', '-o', '--output', '-e', '--error'] },
  ionice: { valued: ['-c', '--class', '-n', '--classdata'], opaque: ['-p', '--pid'] },
  taskset: { operands: 1, opaque: ['-p', '--pid'] },
  flock: { valued: ['-w', '--timeout', '-E', '--conflict-exit-code'], operands: 1, opaque: ['-c', '--command'] },
  strace: { valued: ['-o', '-e', '-s', '-S', '-a', '-u', '-E', '-P', '-b'], opaque: ['-p'] },
  xargs: {
    valued: ['-I', '-n', '--max-args', '-P', '--max-procs', '-L', '-d', '--delimiter', '-a', '--arg-file', '-s', '-E'],
    adds: 'arguments that xargs reads from its input',
  },
  busybox: {},
  toybox: {},
}

/** The name by which a program is known: `python3.12`, `python3` and `python.exe` are `python`. */
export const plainName = (file: string): string =>
  file
    .replace(/^.*[\\/]/, '')
    .replace(/\.exe$/i, '')
    .replace(/-?\d[\d.]*$/, '')
