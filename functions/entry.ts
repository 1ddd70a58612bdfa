import module from 'node:module'

/** What Node has from 22.1 and 22.10 on. */
interface CompileCache {
  readonly enableCompileCache?: () => unknown
  readonly flushCompileCache?: () => void
}

const { enableCompileCache, flushCompileCache } = module as CompileCache

/** Milliseconds after which everything that a start needs is compiled. */
const settled = 5_000

// Only what is loaded from here on is kept, so the service is a file of its own. It is kept in the folder for temporary
// files, or where NODE_COMPILE_CACHE says: a worker that starts again on the same instance need not compile it.
enableCompileCache?.()
if (flushCompileCache) setTimeout(flushCompileCache, settled).unref()

// oxlint-disable-next-line typescript/no-require-imports -- an import would come first
require('./main.ts')
