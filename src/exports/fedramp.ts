import type { JsonObject } from '../core/data/json.ts'
import { exceptionKinds } from '../core/record/eventType.ts'
import { bundleAddress, catalogId, type DayEvidence, resultOf } from './dayEvidence.ts'
import type { DayTest, DayTestId } from './dayTest.ts'

/** Writes the metrics of a day: a form of our own, since FedRAMP asks for daily metrics and has no schema of them. */
export function dayMetrics({ manifest, tests, kinds }: DayEvidence): JsonObject {
  const { date, number, log, counts } = manifest
  return {
    schema: 'countersign-metrics/v1',
    date,
    bundle: number,
    log: log.origin,
    counts: Object.fromEntries(Object.entries(counts.types).sort(([a], [b]) => (a < b ? -1 : 1))),
    exceptions: Object.fromEntries(
      exceptionKinds.flatMap((kind) => {
        const count = kinds.get(kind)
        return count === undefined ? [] : [[kind, count]]
      }),
    ),
    tests: tests.map((test) => ({
      id: test.id,
      controls: test.controls.map((name) => catalogId(name) ?? name),
      population: test.population,
      exceptions: test.exceptions,
      result: resultOf(test),
    })),
  }
}

/** A Key Security Indicator to which tests of a day may contribute. Whether they are evidence of it is the provider's to claim. */
interface Indicator {
  readonly id: string
  readonly implementation: string
  readonly tests: readonly DayTestId[]
}

const indicators: readonly Indicator[] = [
  {
    id: 'KSI-IAM-JIT',
    implementation:
      'For the actions that the approval policy names, agents hold no standing authority: each action is approved by people or by a rule, is carried out once, and the approval lapses.',
    tests: ['no-self-approval', 'redeemed-only-when-approved', 'quorum-met'],
  },
  {
    id: 'KSI-CMT-LMC',
    implementation:
      'Of the actions that the approval policy names it is recorded who asked, who approved, and what came of it.',
    tests: ['redeemed-only-when-approved', 'outcome-reported'],
  },
  {
    id: 'KSI-MLA-OSM',
    implementation:
      'The records are leaves of a log that only grows. Each day is signed, and can be verified without the service.',
    tests: ['log-complete'],
  },
]

/**
 * Writes the part of a Security Decision Record that a provider can take over: of three indicators, what is done, what was
 * tested, and where the evidence is. Assessments stay empty, since they are the assessor's.
 *
 * @param overview the address of the provider's Certification Package Overview
 */
export function decisionRecord(day: DayEvidence, overview: string): JsonObject {
  return {
    certificationPackageOverviewUri: overview,
    fedRampRequirements: [],
    keySecurityIndicators: indicators.map(({ id, implementation, tests }) => {
      const own = day.tests.filter((test) => tests.includes(test.id))
      return {
        ksiId: id,
        ksiImplementation: [implementation],
        ksiValidation: [`Computed each day from the sealed records: ${own.map((test) => test.id).join(', ')}.`],
        ksiAssessment: [],
        ksiTests: own.map(({ title }) => title),
        ksiEvidence: own.map((test) => evidenceOf(day, test)),
      }
    }),
  }
}

function evidenceOf({ manifest }: DayEvidence, { title, unit, population, exceptions }: DayTest): JsonObject {
  const { date } = manifest
  return {
    evidenceType: 'Audit Record',
    evidenceDescription: `${title}: ${population} ${unit}, ${exceptions} exceptions on ${date}`,
    evidenceLocation: bundleAddress(manifest),
    lastUpdated: date,
  }
}
