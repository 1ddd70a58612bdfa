import { serve } from './worker.ts'

/** The worker of the console's pages, a file of its own. The page `verify.html` has the same code in its one script. */
serve()
