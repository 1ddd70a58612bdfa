import { app as functions } from '@azure/functions'
import { boundary } from '../src/http/boundary.ts'
import { elsewhere } from '../src/http/elsewhere.ts'

/** Binds every other address, the root too. The host prefers more exact routes, and keeps /admin and /runtime itself. */
functions.http('elsewhere', {
  route: '{*path}',
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  authLevel: 'anonymous',
  handler: boundary('elsewhere', elsewhere),
})
