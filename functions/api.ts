import { app as functions } from '@azure/functions'
import { app } from '../src/deployed.ts'
import { boundary } from '../src/http/boundary.ts'
import { routes } from '../src/http/routes.ts'

/** Binds every route of the table: our own tokens are the authority, so the host asks for no key. */
for (const { name, path, method } of routes)
  functions.http(name, {
    route: path,
    methods: [method],
    authLevel: 'anonymous',
    handler: boundary(name, async (call) => (await app()).api[name](call)),
  })
