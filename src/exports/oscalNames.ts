import type { JsonObject } from '../core/data/json.ts'
import { oscalNamespace } from '../core/data/namespace.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { urlUuid } from './urlUuid.ts'

/** The version of OSCAL that is written. Its models of results and components are the same in 1.2.2. */
export const oscalVersion = '1.2.1'

/** The namespace of the names that compliance-trestle and compliance-to-policy read. */
const trestle = 'http://oscal-compass.github.io/compliance-trestle/schemas/oscal/cd'

/** Makes the UUID of something of a log: of the same path always the same. */
export const uuidsOf =
  ({ log: { origin } }: Manifest) =>
  (path: string): string =>
    urlUuid(`https://${origin}/${path}`)

/** A property by a name of our own. */
export const ownProp = (name: string, value: string | number): JsonObject => ({
  ...{ name, ns: oscalNamespace, value: String(value) },
})

/** A property by a name that tools of the trestle family read. */
export const trestleProp = (name: string, value: string, remarks?: string): JsonObject => ({
  ...{ name, ns: trestle, value, ...(remarks !== undefined && { remarks }) },
})

/** The path of the product as a component: the same in every document of a log. */
export const componentPath = 'component/countersign'

/** How a rule of policy is called beside the tests. */
export const ruleId = (rule: string): string => `rule-${rule}`

export const ruleTitle = (rule: string): string => `Requests that the rule ${rule} of the approval policy governed`
