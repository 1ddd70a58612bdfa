import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { boundary } from '../src/http/boundary.ts'
import { toGitHubDoor } from '../src/http/github.ts'

/** Binds the address to which GitHub sends the app's events. Without GitHub's settings it answers 404. */
functions.http('github', {
  route: 'api/hooks/github',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: boundary('github', async (req) => toGitHubDoor((await app()).gitHub, req)),
})
