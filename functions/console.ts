import { app as functions } from '@azure/functions'
import { consoleHandler } from '../src/deployed.ts'
import { boundary } from '../src/http/boundary.ts'

/** Binds the pages of the console. Its data comes from the API, so they are for anyone. */
functions.http('console', {
  route: 'console/{*path}',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: boundary('console', async (req) => (await consoleHandler())(req)),
})
