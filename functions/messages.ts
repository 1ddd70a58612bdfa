import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { boundary } from '../src/http/boundary.ts'
import { toDoor } from '../src/http/messages.ts'

/** Binds the messaging endpoint of the bot. */
functions.http('messages', {
  route: 'api/messages',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: boundary('messages', async (req) => toDoor((await app()).teams, req)),
})
