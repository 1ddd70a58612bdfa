import type { ProblemCode } from './problem.ts'

/**
 * The beginning of every URI that Countersign defines. All of these URIs are made in this file.
 *
 * A random UUID, made once and never changed: a domain name can pass to another owner, who could then redefine what
 * old evidence says about itself.
 */
const namespace = 'urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a'

const evidenceBundles = `${namespace}/evidence-bundle/v`

/** The `predicateType` of manifests. */
export const evidenceBundle = `${evidenceBundles}1`

/** Says whether this is the `predicateType` of a later form of manifests: ours, with a version above 1. */
export const isLaterBundle = (type: string): boolean =>
  type.startsWith(evidenceBundles) && /^(?:[2-9]|[1-9][0-9]{1,5})$/.test(type.slice(evidenceBundles.length))

/** The `ns` of what OSCAL documents say beside the names that OSCAL has. */
export const oscalNamespace = `${namespace}/oscal`

/** The `type` of a problem over HTTP (RFC 9457 section 3.1.1). */
export const problemType = (code: ProblemCode): string => `${namespace}/problem/${code}`

/** Names the form of a leaf by its type and version (docs/evidence/events.md), for systems that are told of events. */
export const eventForm = (type: string, v: number): string => `${namespace}/event/${type}/v${v}`
