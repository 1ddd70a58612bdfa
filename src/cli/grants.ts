import { join } from 'node:path'
import { Broken } from '../core/data/broken.ts'
import { checkGrants, grantKeysIn, type KeptGrant, readGrant } from '../verify/grants.ts'
import { readable, readText } from './evidence.ts'
import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'
import type { Result } from './result.ts'

/**
 * Checks the grants of `--grants` if the bundles hold: one of the bundles must record each grant's approval.
 *
 * @param held the result for the bundles
 * @param bundles their files
 */
export async function withGrants(options: Options, held: Result, bundles: readonly string[]): Promise<Result> {
  const files = options.many('grants')
  if (files.length === 0 || (held.exit !== exits.ok && held.exit !== exits.tampered)) return held
  const record = { ...held.record }
  try {
    const grants = grantsIn(options, files)
    await readable(() => checkGrants(bundles, grants))
    const lines = [...held.lines, ['grants', `${grants.length}, each of an approval in the log`] as const]
    return { ...held, lines, record: { ...record, grants: grants.length } }
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    const { code, message } = cause
    const problem = { code, message, check: 'grants' }
    const lines = [['BROKEN', message] as const, ['code', code] as const]
    return { exit: exits.broken, lines, to: 'stderr', record: { ...record, exit: exits.broken, ok: false, problem } }
  }
}

/** @throws {Exit} for options that do not belong together, before anything is verified */
export function checkGrantOptions(options: Options): void {
  if (options.many('grants').length > 0 === (options.one('grant-keys') !== undefined)) return
  throw new Exit(exits.usage, '--grants and --grant-keys belong together. See countersign help verify.')
}

/** Gives the path of each bundle in the folder. */
export const inFolder = (folder: string, files: readonly { readonly file: string }[]): readonly string[] =>
  files.map(({ file }) => join(folder, file))

/** Reads files with one grant a line. @throws {Broken} as {@link readGrant} */
function grantsIn(options: Options, files: readonly string[]): readonly KeptGrant[] {
  const name = options.one('grant-keys') ?? ''
  const keys = grantKeysIn(readText(name))
  if (keys === null) throw new Exit(exits.unreadable, `--grant-keys: ${name} is not a JSON Web Key Set of P-256 keys.`)
  return files.flatMap((file) => {
    const lines = readText(file).split('\n')
    const tokens = lines.map((line, i) => ({ token: line.trim(), place: `${file}, line ${i + 1}` }))
    const grants = tokens.filter(({ token }) => token !== '')
    if (grants.length === 0) throw new Exit(exits.unreadable, `--grants: ${file} holds no grant.`)
    return grants.map(({ token, place }) => readGrant(token, keys, place))
  })
}
