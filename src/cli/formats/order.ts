import { Exit, exits } from '../exit.ts'
import type { Options } from '../options.ts'
import { type FormatSettings, type MachineFormat, machineFormats } from './format.ts'

/** A format for other systems that was asked for. */
export interface MachineOrder {
  readonly name: string
  readonly format: MachineFormat
  readonly settings: FormatSettings
}

/** Options of reports for people, which a format without texts, times of a zone or a population of its own has no use for. */
const forPeople = ['said', 'allow-unexplained', 'zone', 'sample', 'seed', 'control'] as const

/**
 * Reads what format for other systems is wanted; `null` if it is one for people.
 *
 * @throws {Exit} 78 for an option that does not go with it, naming the option and the rule
 */
export function machineOrderIn(options: Options): MachineOrder | null {
  const name = nameIn(options)
  const format = machineFormats.get(name)
  // The table of controls of a period is one of the report for people, with its options.
  if (!format || (name === 'controls' && options.one('chain') !== undefined)) {
    checkNone(options, ['raw', 'overview'], name)
    return null
  }
  checkNone(options, forPeople, name)
  checkNone(options, [...(format.hasRaw ? [] : ['raw']), ...(format.asksOverview ? [] : ['overview'])], name)
  const overview = format.asksOverview ? overviewIn(options) : ''
  return { name, format, settings: { raw: options.one('raw') !== undefined, overview } }
}

/** The names of all formats for other systems. */
export const machineFormatNames: readonly string[] = [...machineFormats.keys()]

/** @throws {Exit} 78 for a file whose name could be that of several formats */
function nameIn(options: Options): string {
  const given = options.one('format')
  if (given !== undefined) return given
  const [, ending = ''] = /\.(jsonl|json)$/i.exec(options.one('out') ?? '') ?? []
  if (ending.toLowerCase() === 'json')
    throw new Exit(exits.usage, `--format is missing: a file ending in .json can be ${jsonNames.join(', ')}.`)
  return ending.toLowerCase()
}

const jsonNames = ['oscal', 'oscal-component', 'fedramp', 'fedramp-sdr'] as const

function checkNone(options: Options, names: readonly string[], format: string): void {
  const given = names.find((name) => options.many(name).length > 0)
  if (given !== undefined)
    throw new Exit(
      exits.usage,
      `--${given} does not go with ${format === '' ? 'this report' : `--format ${format}`}. See countersign help report.`,
    )
}

function overviewIn(options: Options): string {
  const given = options.one('overview') ?? ''
  if (given === '')
    throw new Exit(
      exits.usage,
      '--overview is missing: a Security Decision Record names the address of your Certification Package Overview.',
    )
  if (!/^https:\/\/[^\s]+$/.test(given) || !URL.canParse(given))
    throw new Exit(exits.usage, `--overview: "${given}" is not an address that begins with https://.`)
  return new URL(given).href
}
