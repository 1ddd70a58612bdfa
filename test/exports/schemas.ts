import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Says what a published schema has against a value; an empty list if it has nothing. */
type Check = (value: unknown) => readonly string[]

const schemaIn = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'schemas', file), 'utf8')) as Record<string, unknown>

const options = { strict: false, allErrors: true } as const

const wordsFor = (errors: readonly ErrorObject[]): readonly string[] =>
  errors.map(({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)

function checkOf(ajv: Ajv, schema: object): Check {
  const validate = ajv.compile(schema)
  return (value) => (validate(value) ? [] : wordsFor(validate.errors ?? []))
}

/** A line of OCSF 1.8.0. */
export const ocsfFaults: Check = checkOf(new Ajv(options), schemaIn('ocsf-1.8.0.json'))

function oscalCheck(file: string): Check {
  const ajv = new Ajv({ ...options, unicodeRegExp: true })
  addFormats(ajv)
  return checkOf(ajv, schemaIn(file))
}

/** OSCAL assessment results 1.2.1. */
export const assessmentResultsFaults = (): Check => oscalCheck('oscal-assessment-results-1.2.1.json')

/** An OSCAL component definition 1.2.1. */
export const componentFaults = (): Check => oscalCheck('oscal-component-1.2.1.json')

/** A Security Decision Record of FedRAMP's Consolidated Rules 2026. */
export function decisionRecordFaults(): Check {
  const ajv = new Ajv2020(options)
  addFormats(ajv)
  const common = schemaIn('fedramp-common-definitions-schema-2026-06-24.json')
  // The published reference lacks its #, so each definition is registered under the address that it names.
  for (const [name, definition] of Object.entries(common['$defs'] as Record<string, object>))
    ajv.addSchema({ ...definition, $id: `${String(common['$id'])}/$defs/${name}` })
  return checkOf(ajv, schemaIn('fedramp-security-decision-record-schema-2026-06-24.json'))
}
