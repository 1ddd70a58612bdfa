import { accessFaults } from './access.ts'
import { sentinelFaults } from './sentinel.ts'
import { siteFaults } from './site.ts'
import { storageFaults } from './storage.ts'
import { watchFaults } from './watch.ts'
import type { Deployed, Evaluated } from '../bicep/evaluate.ts'
import type { Plain } from '../bicep/functions.ts'
import type { Path } from '../bicep/place.ts'
import type { Flaw } from '../bicep/syntax.ts'

/** What was chosen when the templates were evaluated. */
export interface Choices {
  readonly name?: string
  readonly apiAppId?: string
  readonly auditors?: readonly string[]
  readonly backup?: boolean
  readonly authzen?: boolean
  readonly baseUrl?: string
  readonly clients?: string
  readonly cloud?: 'public' | 'gcc' | 'gcc-high' | 'dod'
  readonly evidenceDays?: number
  readonly evidenceLocked?: boolean
  readonly gitHubAppId?: string
  readonly gitHubApi?: string
  readonly hsm?: boolean
  readonly location?: string
  readonly operators?: readonly string[]
  readonly origin?: string
  readonly policyRef?: string
  readonly stepUp?: string
  readonly witness?: string
  readonly private?: boolean
  readonly sentinelLocation?: string
  readonly sentinelWorkspaceId?: string
  readonly sinks?: boolean
  readonly slackAppId?: string
  readonly slackTeamId?: string
  readonly slackOldSecret?: boolean
  readonly teamsAppId?: string
}

/** A deployment as the demands look at it. */
export interface Deployment {
  readonly choices: Choices
  readonly outputs: Evaluated['outputs']
  /** Demands that an output of main.bicep has this value. */
  readonly output: (name: string, value: Plain | undefined) => void
  readonly all: (type: string) => readonly Deployed[]
  readonly one: (type: string, name?: RegExp) => Deployed | undefined
  /** Takes note of a fault, in the line of the resource's part, or in a file that lacks the resource. */
  readonly fault: (where: Deployed | string, words: string, path?: Path) => void
}

/** Says what the product needs of a deployment and does not get. Types and references are checked before. */
export function unmet({ deployed, outputs, outputLines }: Evaluated, choices: Choices): readonly Flaw[] {
  const flaws: Flaw[] = []
  const all: Deployment['all'] = (type) => deployed.filter((one) => one.type === type)
  const deployment: Deployment = {
    choices,
    outputs,
    output: (name, value) => {
      if (outputs[name] === value) return
      const words = `the output ${name} is ${shown(outputs[name])}, and should be ${shown(value)}`
      flaws.push({ file: 'main.bicep', line: outputLines[name] ?? 1, words })
    },
    all,
    one: (type, name = /^/) => all(type).find((one) => name.test(one.name)),
    fault: (where, words, path = []) =>
      flaws.push(
        typeof where === 'string'
          ? { file: where, line: 1, words }
          : { file: where.file, line: where.lineAt(path), words },
      ),
  }
  for (const check of [siteFaults, storageFaults, accessFaults, watchFaults, sentinelFaults]) check(deployment)
  return flaws
}

/** Reads a part of a body; `undefined` if it is not there. */
export function partIn(value: Plain | undefined, ...path: readonly (string | number)[]): Plain | undefined {
  const [first, ...rest] = path
  if (first === undefined) return value
  if (typeof value !== 'object' || value === null) return undefined
  const part = (value as Readonly<Record<string, Plain>>)[first]
  return partIn(part, ...rest)
}

/** Reads a part that is text; an empty one if it is none. */
export function textIn(value: Plain | undefined, ...path: readonly (string | number)[]): string {
  const part = partIn(value, ...path)
  return typeof part === 'string' ? part : ''
}

/**
 * Demands that parts of a body have these values, by their path with dots.
 *
 * @param missing what to say if there is no such resource: `vault.bicep: the lock of the vault`
 */
export function expectParts(
  { fault }: Deployment,
  one: Deployed | undefined,
  missing: string,
  wanted: Readonly<Record<string, Plain>>,
): void {
  if (!one) {
    const [file = '', what = ''] = missing.split(': ')
    return fault(file, `${what} is missing`)
  }
  for (const [name, value] of Object.entries(wanted)) {
    const path = name.split('.')
    const [place, found, should] = differenceOf(partIn(one.body, ...path) ?? null, value, path) ?? []
    if (place) fault(one, `${place.join('.')} is ${shown(found)}, and should be ${shown(should)}`, place)
  }
}

type Difference = readonly [place: Path, found: Plain | undefined, should: Plain | undefined]

/** The first place in which two values differ; `null` if they are the same. */
function differenceOf(found: Plain | undefined, should: Plain | undefined, path: Path): Difference | null {
  if (!isContainer(found) || !isContainer(should) || Array.isArray(found) !== Array.isArray(should))
    return found === should ? null : [path, found, should]
  for (const key of new Set([...Object.keys(should), ...Object.keys(found)])) {
    const difference = differenceOf(partIn(found, key), partIn(should, key), [...path, key])
    if (difference) return difference
  }
  return null
}

const isContainer = (value: Plain | undefined): value is Readonly<Record<string, Plain>> =>
  typeof value === 'object' && value !== null

const shown = (value: Plain | undefined): string => (value === undefined ? 'not there' : JSON.stringify(value))
