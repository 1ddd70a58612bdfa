import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { checkPatience, toAzureDevOpsDoor } from '../src/http/azureDevOps.ts'
import { boundary } from '../src/http/boundary.ts'

/** Binds the address that checks of Azure DevOps call. Where no agent is registered for them, it answers 404. */
functions.http('azureDevOps', {
  route: 'api/hooks/azure-devops',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: boundary('azureDevOps', async (req) => toAzureDevOpsDoor((await app()).azureDevOps, req), checkPatience),
})
