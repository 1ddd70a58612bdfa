import { type Api, bind, type BindingParts } from './binding.ts'
import { delegationHandlers } from './delegations.ts'
import { type Evidence, evidenceHandlers } from './evidence.ts'
import { policyHandlers } from './policy.ts'
import { type RequestParts, requestHandlers } from './requests.ts'
import { type WellKnownParts, wellKnownHandlers } from './wellKnown.ts'

export type ApiParts = BindingParts &
  Omit<RequestParts, 'proofs' | 'templates'> &
  WellKnownParts & {
    readonly evidence: Evidence
  }

/** The whole API over its use cases. */
export function api({ evidence, ...parts }: ApiParts): Api {
  return bind(parts, {
    ...requestHandlers({ ...parts, proofs: evidence.proofs, templates: evidence.templates }),
    ...evidenceHandlers({ ...parts, ...evidence }),
    ...delegationHandlers(parts),
    ...policyHandlers(parts),
    ...wellKnownHandlers(parts),
  })
}
