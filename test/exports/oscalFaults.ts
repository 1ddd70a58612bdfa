import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const catalog = new Set(
  JSON.parse(readFileSync(join(import.meta.dirname, 'schemas', 'nist-800-53r5-high.json'), 'utf8')) as string[],
)
/** In the catalog and in no baseline. */
for (const id of ['ac-3.2', 'au-9.5', 'cm-5.4']) catalog.add(id)

/**
 * Says what the schema of OSCAL does not see: a UUID that stands twice, a reference to nothing, a control that is not in the
 * catalog.
 */
export function referenceFaults(document: unknown): readonly string[] {
  const faults: string[] = []
  const uuids = new Set<string>()
  const references: string[] = []
  const walk = (value: unknown, key: string): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, key)
    else if (typeof value === 'object' && value !== null)
      for (const [name, one] of Object.entries(value)) walk(one, name)
    else if (typeof value === 'string') text(value, key)
  }
  const text = (value: string, key: string): void => {
    if (key === 'uuid' && uuids.has(value)) faults.push(`twice: ${value}`)
    if (key === 'uuid') uuids.add(value)
    if (key === 'href' && value.startsWith('#')) references.push(value.slice(1))
    if (key.endsWith('-uuid') || key.endsWith('-uuids')) references.push(value)
    if (key === 'control-id' && !catalog.has(value)) faults.push(`no such control: ${value}`)
  }
  walk(document, '')
  return [...faults, ...references.filter((uuid) => !uuids.has(uuid)).map((uuid) => `refers to nothing: ${uuid}`)]
}
