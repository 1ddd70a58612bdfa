// Finds npm's own program. On Windows `npm` is a script of the shell, which Node does not start without one.
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The program and the arguments that call npm. `npm run` says where its npm is; otherwise npm lies beside Node. */
export function npmCall(args, { env = process.env, node = process.execPath, platform = process.platform } = {}) {
  const folder = dirname(node)
  const known = [
    ...(basename(env.npm_execpath ?? '') === 'npm-cli.js' ? [env.npm_execpath] : []),
    join(folder, 'node_modules/npm/bin/npm-cli.js'),
    join(folder, '../lib/node_modules/npm/bin/npm-cli.js'),
  ]
  const program = known.find((path) => existsSync(path))
  if (program !== undefined) return [node, program, ...args]
  if (platform === 'win32') throw new Error('npm was not found beside Node. Run this with: npm run')
  return ['npm', ...args]
}
