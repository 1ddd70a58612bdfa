import { app as functions } from '@azure/functions'
import { handlerOf } from '../src/deployed.ts'
import { boundary } from '../src/http/boundary.ts'
import { operationNames, operations } from '../src/contract/operations.ts'

/** Binds every operation of the contract. The host asks for no function key, because each call has a token. */
for (const name of operationNames) {
  const { path, method } = operations[name]
  functions.http(name, {
    route: path,
    methods: [method],
    authLevel: 'anonymous',
    handler: boundary(name, async (req) => (await handlerOf(name))(req)),
  })
}
