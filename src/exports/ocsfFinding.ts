import { milliseconds } from '../core/data/instant.ts'
import type { JsonObject } from '../core/data/json.ts'
import { bundleName, catalogId, type DayEvidence, resultOf, sealedBy } from './dayEvidence.ts'
import type { DayTest } from './dayTest.ts'
import { ocsfVersion, productOf } from './ocsf.ts'

/** Tells the tests of a day in OCSF 1.8.0, each as a Compliance Finding (2003). */
export const ocsfFindings = (day: DayEvidence): readonly JsonObject[] => day.tests.map((test) => findingOf(day, test))

/** The statuses of a compliance: 1 is a pass, 3 a failure. */
const [pass, fail] = [1, 3]

function findingOf({ manifest, manifestHash }: DayEvidence, test: DayTest): JsonObject {
  const { id, title, unit, controls, members, population, exceptions } = test
  const { date, sealedAt, log } = manifest
  const uid = `${date}/${id}`
  const time = milliseconds(sealedAt)
  const isPassed = resultOf(test) === 'pass'
  const statusId = isPassed ? pass : fail
  return {
    ...{ activity_id: 1, category_uid: 2, class_uid: 2003, type_uid: 200301, time },
    severity_id: isPassed ? 1 : 3,
    status_id: 1,
    metadata: {
      ...{ version: ocsfVersion, uid, event_code: 'control-test', log_name: log.origin },
      product: productOf({ origin: log.origin, version: sealedBy(manifest) }),
    },
    finding_info: {
      ...{ uid, title, desc: `${population} ${unit}, ${exceptions} exceptions`, created_time: time },
      types: ['Control test'],
    },
    compliance: {
      control: controls.join(', '),
      standards: ['NIST SP 800-53 Rev. 5'],
      requirements: controls.map((name) => catalogId(name) ?? name),
      status_id: statusId,
      checks: [{ uid: id, name: title, status_id: statusId }],
    },
    evidences: [
      {
        name: bundleName(manifest),
        data: { population, exceptions, members: [...members], manifest: `sha256:${manifestHash}` },
      },
    ],
  }
}
