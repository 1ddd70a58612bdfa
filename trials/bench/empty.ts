import { app } from '@azure/functions'

/** A function app that does nothing, and answers where the other does. */
app.setup({ enableHttpStream: true })
app.http('document', { route: 'api/openapi.json', authLevel: 'anonymous', handler: () => ({ jsonBody: {} }) })
