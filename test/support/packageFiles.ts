import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { quickCedar } from './quickCedar.ts'
import { root } from './root.ts'

/** A deployment's package with the example policy, and what serves it as the platform does. */
export interface PackageFiles {
  /** The folder of both. */
  readonly folder: string
  /** The folder of the package. */
  readonly app: string
  /** The bundled `test/infra/appProcess.ts`. */
  readonly program: string
}

/** Makes them from what is built, in a new folder. @throws {Error} with what `npm run package` says */
export async function makePackageFiles(): Promise<PackageFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-app-'))
  const [app, program] = [join(folder, 'app'), join(folder, 'appProcess.cjs')]
  const script = join(root, 'scripts/package.mjs')
  const args = [quickCedar, script, '--built', '--policy', 'policy', '--example', '--out', app]
  await promisify(execFile)(process.execPath, args, { cwd: root, env: { PATH: process.env['PATH'] ?? '' } })
  await build({
    entryPoints: [join(root, 'test/infra/appProcess.ts')],
    ...{ outfile: program, bundle: true, platform: 'node', target: 'node20', format: 'cjs' },
    external: ['@azure/functions-core'],
  })
  return { folder, app, program }
}
