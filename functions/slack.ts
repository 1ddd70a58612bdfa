import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { boundary } from '../src/http/boundary.ts'
import { toSlackDoor } from '../src/http/slack.ts'

/** Binds the address to which Slack sends events and clicks. Without Slack's settings it answers 404. */
functions.http('slack', {
  route: 'api/slack',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: boundary('slack', async (req) => toSlackDoor((await app()).slack, req)),
})
