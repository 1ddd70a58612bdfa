import { bind } from '../runtime/bind.ts'
import { accessTask, cancelAccess, requestAccess } from './accessRequest.ts'
import { accessEndpoint } from './binding.ts'
import { type AuthzenParts, evaluate } from './evaluation.ts'

/** The door in AuthZEN's words, over the same use cases as the API. */
export const authzenDoor = (parts: AuthzenParts) => ({
  configuration: configuration(parts.baseUrl),
  ...bind(parts, { evaluate, requestAccess, accessTask, cancelAccess }),
})

/** What the service says of this door: Authorization API 1.0, section 9. */
const configuration = (baseUrl: string) => ({
  policy_decision_point: baseUrl,
  access_evaluation_endpoint: `${baseUrl}/access/v1/evaluation`,
  access_request_endpoint: accessEndpoint(baseUrl),
  jwks_uri: `${baseUrl}/.well-known/jwks.json`,
  capabilities: ['urn:openid:authzen:capability:access-request'],
})
