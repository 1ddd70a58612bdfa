import { endOf, startOf } from '../core/data/day.ts'
import type { JsonObject } from '../core/data/json.ts'
import { bundleFiles } from '../core/log/bundleFiles.ts'
import { bundleName, catalogId, type DayEvidence, resultOf, type RuleCount, sealedBy } from './dayEvidence.ts'
import type { DayTest } from './dayTest.ts'
import { componentPath, oscalVersion, ownProp, ruleId, ruleTitle, trestleProp, uuidsOf } from './oscalNames.ts'

/**
 * Writes a day as OSCAL assessment results: an observation for each test and for each rule that names controls, with the
 * files of the bundle as relevant evidence. It has no findings: whether a control is satisfied is the assessor's to say.
 */
export function assessmentResults(day: DayEvidence): JsonObject {
  const { manifest } = day
  const { date, number, sealedAt, log } = manifest
  const uuid = uuidsOf(manifest)
  const observations = observationsOf(day)
  return {
    'assessment-results': {
      uuid: uuid(`${date}/assessment-results`),
      metadata: {
        title: `Action approvals, evidence of ${date}`,
        'last-modified': sealedAt,
        version: String(number),
        'oscal-version': oscalVersion,
        props: [ownProp('bundle-number', number), ownProp('log-origin', log.origin)],
      },
      'import-ap': {
        href: `#${uuid(`${date}/${readme}`)}`,
        remarks: 'There is no assessment plan: these are observations only, which a program makes of each day.',
      },
      'local-definitions': {
        activities: [
          {
            uuid: uuid('activity/daily'),
            title: 'Daily computation',
            description:
              'Reads every record of the sealed day, after its signatures and proofs were verified, and counts.',
            props: [{ name: 'method', value: 'TEST' }],
          },
        ],
      },
      results: [resultsOf(day, observations)],
      'back-matter': { resources: resourcesOf(day, observations) },
    },
  }
}

/** The file that says how a bundle is verified; in the place of a plan. */
const readme = bundleFiles.readme.name

function resultsOf(day: DayEvidence, observations: readonly Observation[]): JsonObject {
  const { manifest } = day
  const { date, log, counts } = manifest
  const uuid = uuidsOf(manifest)
  const ids = new Set(observations.flatMap(({ controls }) => controls.flatMap((name) => catalogId(name) ?? [])))
  return {
    uuid: uuid(`${date}/result`),
    title: `Sealed day ${date}`,
    description: 'Observations computed from the sealed records of one day in UTC.',
    start: startOf(date),
    end: endOf(date),
    props: [
      ownProp('log-size-from', log.from.size),
      ownProp('log-size-to', log.to.size),
      ownProp('records', counts.records),
    ],
    'local-definitions': {
      components: [
        {
          uuid: uuid(componentPath),
          type: 'software',
          title: 'Countersign',
          description: 'Asks people to approve actions of agents, and seals the records of that.',
          props: [{ name: 'version', value: sealedBy(manifest) }],
          status: { state: 'operational' },
        },
      ],
    },
    'reviewed-controls': {
      'control-selections': [{ 'include-controls': [...ids].sort().map((id) => ({ 'control-id': id })) }],
    },
    observations: observations.map((one) => observationOf(day, one)),
  }
}

/** What was counted, of a test or of a rule. */
interface Observation {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly population: number
  /** Absent of a rule, which passes no verdict. */
  readonly exceptions?: number
  readonly controls: readonly string[]
  readonly members: readonly string[]
}

const observationsOf = ({ tests, rules }: DayEvidence): readonly Observation[] => [
  ...tests.map(ofTest),
  ...rules.map(ofRule),
]

const ofTest = ({ id, title, unit, population, exceptions, controls, members }: DayTest): Observation => ({
  ...{ id, title, population, exceptions, controls, members },
  description: `ExaminedElement: ${population} ${unit}. Exceptions: ${exceptions}.`,
})

const ofRule = ({ rule, population, controls }: RuleCount): Observation => ({
  ...{ id: ruleId(rule), title: ruleTitle(rule), population, controls, members: [bundleFiles.records.name] },
  description: `Requests of the day that this rule governed: ${population}.`,
})

function observationOf({ manifest }: DayEvidence, one: Observation): JsonObject {
  const { id, title, description, population, exceptions, controls, members } = one
  const { date, sealedAt, log } = manifest
  const uuid = uuidsOf(manifest)
  const isTest = exceptions !== undefined
  return {
    uuid: uuid(`${date}/observation/${id}`),
    ...{ title, description },
    props: [
      trestleProp('assessment-rule-id', id),
      ownProp('population', population),
      ...(isTest ? [ownProp('exceptions', exceptions)] : []),
      ...controls.map((name) => ownProp('control', catalogId(name) ?? name)),
    ],
    methods: [isTest ? 'TEST' : 'EXAMINE'],
    types: ['control-objective'],
    origins: [{ actors: [{ type: 'tool', 'actor-uuid': uuid(componentPath) }] }],
    subjects: [
      {
        'subject-uuid': uuid(componentPath),
        type: 'component',
        title: 'Countersign',
        props: [
          ...(isTest ? [trestleProp('result', resultOf({ exceptions }))] : []),
          trestleProp('evaluated-on', sealedAt),
          trestleProp('resource-id', log.origin),
        ],
      },
    ],
    'relevant-evidence': members.map((name) => ({
      href: `#${uuid(`${date}/${name}`)}`,
      description: `${name} of the bundle of the day`,
    })),
    collected: sealedAt,
  }
}

const mediaTypes: Readonly<Record<string, string>> = { jsonl: 'application/jsonl', csv: 'text/csv' }

/** The files that the document refers to, with the digests that the manifest signs. */
function resourcesOf(day: DayEvidence, observations: readonly Observation[]): readonly JsonObject[] {
  const { manifest, manifestHash, subjects } = day
  const uuid = uuidsOf(manifest)
  const digests = new Map<string, string>(subjects.map(({ name, sha256 }) => [name, sha256]))
  digests.set(bundleFiles.manifest.name, manifestHash)
  const names = new Set([readme, ...observations.flatMap(({ members }) => members)])
  return [...names].map((name) => {
    const digest = digests.get(name)
    const isManifest = name === bundleFiles.manifest.name
    const mediaType = isManifest
      ? 'application/vnd.dev.sigstore.bundle.v0.3+json'
      : (mediaTypes[name.split('.').at(-1) ?? ''] ?? 'text/plain')
    return {
      uuid: uuid(`${manifest.date}/${name}`),
      title: name,
      rlinks: [
        {
          href: `${bundleName(manifest)}#${name}`,
          'media-type': mediaType,
          ...(digest !== undefined && { hashes: [{ algorithm: 'SHA-256', value: digest }] }),
        },
      ],
    }
  })
}
