import { Problem } from '../core/data/problem.ts'
import type { Answering } from './boundary.ts'

/**
 * Answers calls at addresses that are no operation's, with the way to what there is.
 *
 * @throws {Problem} `not-found`, always
 */
export async function elsewhere(): Promise<Answering> {
  throw new Problem(
    'not-found',
    'No operation has this method and path. GET /api/openapi.json describes all operations, and GET /api/health says ' +
      'whether the service works.',
  )
}
