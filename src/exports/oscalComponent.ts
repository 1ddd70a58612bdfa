import type { JsonObject } from '../core/data/json.ts'
import { catalogId, type DayEvidence, sealedBy } from './dayEvidence.ts'
import { componentPath, oscalVersion, ruleId, ruleTitle, trestleProp, uuidsOf } from './oscalNames.ts'

/** The catalog that the ids of controls are of. */
const catalog =
  'https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json'

/**
 * Writes what Countersign does towards controls as an OSCAL component definition: a rule set for each test, and for each
 * rule of the policies of the day that names controls. `assessment-rule-id` of the assessment results refers to them.
 *
 * It is the same for every day with the same version of Countersign, the same tests and the same rules, but for the time
 * and the rules' day.
 */
export function componentDefinition(day: DayEvidence): JsonObject {
  const { manifest } = day
  const uuid = uuidsOf(manifest)
  const sets = ruleSetsOf(day)
  const controls = new Set(sets.flatMap(({ controls: names }) => names.flatMap((name) => catalogId(name) ?? [])))
  return {
    'component-definition': {
      uuid: uuid('component-definition'),
      metadata: {
        title: 'Countersign',
        'last-modified': manifest.sealedAt,
        version: sealedBy(manifest),
        'oscal-version': oscalVersion,
      },
      components: [
        {
          uuid: uuid(componentPath),
          type: 'software',
          title: 'Countersign',
          description: 'Approvals of single actions of AI agents, with evidence that is sealed each day.',
          props: sets.flatMap(ruleSetProps),
          'control-implementations': [
            {
              uuid: uuid('implementations/nist-800-53'),
              source: catalog,
              description: 'What Countersign does towards these controls. It supports them, and satisfies none alone.',
              'implemented-requirements': [...controls].sort().map((id) => ({
                uuid: uuid(`implements/${id}`),
                'control-id': id,
                description: 'By the rules that are named here; each test counts its exceptions daily.',
                props: sets.filter((set) => serves(set, id)).map((set) => trestleProp('Rule_Id', set.id)),
              })),
            },
          ],
        },
      ],
    },
  }
}

interface RuleSet {
  readonly id: string
  readonly description: string
  readonly controls: readonly string[]
}

const ruleSetsOf = ({ tests, rules }: DayEvidence): readonly RuleSet[] => [
  ...tests.map(({ id, title, controls }) => ({ id, description: title, controls })),
  ...rules.map(({ rule, controls }) => ({ id: ruleId(rule), description: ruleTitle(rule), controls })),
]

const serves = ({ controls }: RuleSet, id: string): boolean => controls.some((name) => catalogId(name) === id)

/** Properties of one rule set have the same remarks, by which tools put them together. */
function ruleSetProps({ id, description }: RuleSet, place: number): readonly JsonObject[] {
  const remarks = `rule_set_${place}`
  return [
    trestleProp('Rule_Id', id, remarks),
    trestleProp('Rule_Description', description, remarks),
    trestleProp('Check_Id', id, remarks),
    trestleProp('Check_Description', description, remarks),
  ]
}
