import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
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

/** Checks by a schema, which is compiled at the first use: that takes some hundred milliseconds. */
function checkBy(compile: () => ValidateFunction): Check {
  let compiled: ValidateFunction | undefined
  return (value) => {
    compiled ??= compile()
    return compiled(value) ? [] : wordsFor(compiled.errors ?? [])
  }
}

/** A line of OCSF 1.8.0. */
export const ocsfFaults = checkBy(() => new Ajv(options).compile(schemaIn('ocsf-1.8.0.json')))

/** A CloudEvent 1.0 as JSON. */
export const cloudEventFaults = checkBy(() => {
  const ajv = new Ajv(options)
  addFormats(ajv)
  return ajv.compile(schemaIn('cloudevents-1.0.json'))
})

const oscalCheck = (file: string): Check =>
  checkBy(() => {
    const ajv = new Ajv({ ...options, unicodeRegExp: true })
    addFormats(ajv)
    return ajv.compile(schemaIn(file))
  })

/** OSCAL assessment results 1.2.1. */
export const assessmentResultsFaults = oscalCheck('oscal-assessment-results-1.2.1.json')

/** An OSCAL component definition 1.2.1. */
export const componentFaults = oscalCheck('oscal-component-1.2.1.json')

/** A Security Decision Record of FedRAMP's Consolidated Rules 2026. */
export const decisionRecordFaults = checkBy(() => {
  const ajv = new Ajv2020(options)
  addFormats(ajv)
  const common = schemaIn('fedramp-common-definitions-schema-2026-06-24.json')
  // The published reference lacks its #, so each definition is registered under the address that it names.
  for (const [name, definition] of Object.entries(common['$defs'] as Record<string, object>))
    ajv.addSchema({ ...definition, $id: `${common['$id'] as string}/$defs/${name}` })
  return ajv.compile(schemaIn('fedramp-security-decision-record-schema-2026-06-24.json'))
})
