import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Bug } from './bugs.ts'
import type { simulate } from './simulation.ts'

/** The simulation, bundled with a bug in it. It is bundled inside the project, where packages are found. */
export async function mutant(bug: Bug): Promise<typeof simulate> {
  const outfile = resolve('dist', `sim-${randomUUID()}.cjs`)
  try {
    await build({
      entryPoints: ['trials/sim/simulation.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      packages: 'external',
      logLevel: 'error',
      plugins: [edited(bug)],
    })
    const loaded: { readonly simulate: typeof simulate } = createRequire(outfile)(outfile)
    return loaded.simulate
  } finally {
    await rm(outfile, { force: true })
  }
}

/** @throws {Error} for words that do not stand there exactly once: the bug would be none */
function edited({ name, edits }: Bug): Plugin {
  const files = new Set(edits.map(({ file }) => file))
  return {
    name: 'bug',
    setup(builds) {
      const left = new Set(files)
      builds.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = [...files].find((one) => join(process.cwd(), one) === path)
        if (file === undefined) return null
        left.delete(file)
        let contents = await readFile(path, 'utf8')
        for (const { find, replace } of edits.filter((one) => one.file === file)) {
          if (contents.split(find).length !== 2) throw new Error(`${name}: its words are not there once in ${file}.`)
          contents = contents.replace(find, () => replace)
        }
        return { contents, loader: 'ts' }
      })
      builds.onEnd(() => {
        if (left.size > 0) throw new Error(`${name}: ${[...left].join(', ')} is no part of the simulation.`)
      })
    },
  }
}
