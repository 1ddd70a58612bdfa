import { app as functions } from '@azure/functions'
import { authzenRouteNames, authzenRoutes } from '../src/contract/authzen.ts'
import { app } from '../src/deployed.ts'
import { withRequestId } from '../src/http/authzen.ts'
import { boundary } from '../src/http/boundary.ts'

/** Binds the door for AuthZEN. Without its setting it answers 404. */
for (const name of authzenRouteNames) {
  const { path, method } = authzenRoutes[name]
  functions.http(name, {
    route: path,
    methods: [method],
    authLevel: 'anonymous',
    handler: withRequestId(boundary(name, async (req) => (await app()).authzen[name](req))),
  })
}
