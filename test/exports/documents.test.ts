import { type Hex, sha256, shards } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { controlsIn } from '../../src/core/policy/controls.ts'
import type { Manifest } from '../../src/core/log/manifest.ts'
import { type DayEvidence, ruleCounts } from '../../src/exports/dayEvidence.ts'
import { describedTests } from '../../src/exports/dayTest.ts'
import { dayMetrics, decisionRecord } from '../../src/exports/fedramp.ts'
import { exceptionRow, requestRow, summaryRows } from '../../src/exports/flatRows.ts'
import { ocsfFindings } from '../../src/exports/ocsfFinding.ts'
import { componentDefinition } from '../../src/exports/oscalComponent.ts'
import { assessmentResults } from '../../src/exports/oscalResults.ts'
import { urlUuid } from '../../src/exports/urlUuid.ts'
import type { RequestCells } from '../../src/core/record/tables.ts'
import { day } from '../evidence/days.ts'
import { referenceFaults } from './oscalFaults.ts'
import { assessmentResultsFaults, componentFaults, decisionRecordFaults, ocsfFaults } from './schemas.ts'

const none = '0'.repeat(64) as Hex
const manifest: Manifest = {
  ...{ number: 7, date: day(4), sealedAt: '2026-03-05T00:15:00.000Z' as Instant, tool: 'countersign 0.1.0' },
  log: {
    ...{ origin: 'approvals.contoso.example/evidence', from: { size: 5, root: '', frontier: [] } },
    to: { size: 9, root: '' },
  },
  shards: Object.fromEntries(shards.map((shard) => [shard, { from: 0, to: 0, head: none }])),
  counts: { records: 4, carried: 0, requests: 1, exceptions: 1, types: { approved: 1, requested: 1 } },
}

/** What a policy may name as controls: anything but a comma. */
const hostile = ['=cmd|x', '\u202eCC6.1', 'AC-99', 'ZZ-1', '"</script>\n<b>', "'; DROP", '{{7*7}}', ' ']

const evidence = (controls: readonly string[], more: Partial<DayEvidence> = {}): DayEvidence => ({
  manifest,
  manifestHash: sha256('manifest'),
  subjects: [{ name: 'records.jsonl', sha256: sha256('records') }],
  tests: describedTests.map((test, i) => ({ ...test, population: i, exceptions: i === 3 ? 1 : 0 })),
  rules: ruleCounts(new Map([['v1', new Map([['export', 3]])]]), [
    {
      version: 'v1',
      controls: new Map([
        ['export', controlsIn(controls.join(','))],
        ['plain', []],
      ]),
    },
    { version: 'v2', controls: new Map([['unused', ['AC-6(9)', 'A.5.15']]]) },
  ]),
  kinds: new Map([['unreported', 1]]),
  ...more,
})

test.each<[string, DayEvidence]>([
  ['names of controls that want to be something else', evidence(hostile)],
  ['no rule with controls', evidence([], { rules: [] })],
  ['a tool without a version', evidence([], { manifest: { ...manifest, tool: ' ' } })],
  ['a log of any name', evidence([], { manifest: { ...manifest, log: { ...manifest.log, origin: 'größe|"log"' } } })],
])('documents hold with %s', (_what, one) => {
  const [results, component] = [assessmentResults(one), componentDefinition(one)]
  expect([...assessmentResultsFaults(results), ...referenceFaults(results)]).toEqual([])
  expect([...componentFaults(component), ...referenceFaults(component)]).toEqual([])
  expect(decisionRecordFaults(decisionRecord(one, 'https://contoso.example/o.json'))).toEqual([])
  expect(ocsfFindings(one).flatMap(ocsfFaults)).toEqual([])
})

test('only controls of the catalog are reviewed; others are properties, and nothing in them is invisible', () => {
  const text = JSON.stringify(assessmentResults(evidence([...hostile, 'AC-6(9)', 'CC6.1'])))
  const ids = [...text.matchAll(/"control-id":"([^"]*)"/g)].map(([, id]) => id)
  expect(ids).toEqual(['ac-5', 'ac-6.9', 'au-10', 'au-12', 'au-9', 'cm-3', 'cm-5'])
  expect(text).toContain('"value":"CC6.1"')
  expect(text).toContain('"value":"⟦U+202E⟧CC6.1"')
  expect(text).not.toContain('\u202e')
})

test('a rule says how much it governed, and passes no verdict', () => {
  const { rules } = evidence(['CC6.1'])
  expect(rules).toEqual([
    { rule: 'export', population: 3, controls: ['CC6.1'] },
    { rule: 'unused', population: 0, controls: ['A.5.15', 'AC-6(9)'] },
  ])
  const observations = JSON.stringify(assessmentResults(evidence(['CC6.1']))).split('"uuid"')
  const own = observations.find((text) => text.includes('rule-export'))
  expect(own).toContain('"EXAMINE"')
  expect(own).not.toContain('"result"')
})

test('the files that a document refers to have the digests of the manifest', () => {
  const text = JSON.stringify(assessmentResults(evidence([])))
  expect(text).toContain(
    `"href":"countersign-evidence-2026-03-04.zip#records.jsonl","media-type":"application/jsonl","hashes":[{"algorithm":"SHA-256","value":"${sha256('records')}"}]`,
  )
  expect(text).toContain(`"value":"${sha256('manifest')}"`)
})

test('what fails is said to fail, in every format', () => {
  const one = evidence([])
  const failing = ocsfFindings(one).filter(({ severity_id }) => severity_id === 3)
  expect(failing).toMatchObject([
    { compliance: { status_id: 3, control: 'AU-12' }, finding_info: { uid: '2026-03-04/outcome-reported' } },
  ])
  expect(dayMetrics(one)).toMatchObject({ exceptions: { unreported: 1 }, log: manifest.log.origin })
  expect(JSON.stringify(dayMetrics(one)).match(/"result":"fail"/g)).toHaveLength(1)
  const rows = summaryRows(one).filter(({ passed }) => passed === false)
  expect(rows).toMatchObject([
    { kind: 'test', test: 'outcome-reported', control: 'AU-12', id: '2026-03-04/outcome-reported/AU-12' },
  ])
})

test('a request is a flat row, without what is empty', () => {
  const cells = {
    request: 'r',
    state: 'approved',
    tier: '',
    unreported: 'yes',
    undeliverable: '',
  } as unknown as RequestCells
  expect(requestRow(manifest, cells)).toEqual({
    ...{ kind: 'request', id: '2026-03-04/r', date: '2026-03-04', log: manifest.log.origin },
    bundle: 'https://approvals.contoso.example/api/evidence/2026-03-04',
    ...{ request: 'r', state: 'approved', undeliverable: false, unreported: true },
  })
})

test('an exception that is about no event has an id, too', () => {
  const late = { at: manifest.sealedAt, kind: 'late-seal', actor: 'system', action: '', detail: 'late' } as const
  expect(exceptionRow(manifest, late)).toMatchObject({
    id: '2026-03-04/late-seal',
    exception: 'late-seal',
    detail: 'late',
  })
})

test('a UUID is that of Python for the same address', () => {
  expect(urlUuid('https://approvals.contoso.example/evidence/component/countersign')).toBe(
    '3c7d3ba7-ac37-505b-b064-668b427b51bf',
  )
  expect(urlUuid('https://log.example/ü/2026-03-04')).toBe('f1b0f55f-aa15-5d12-a6fc-006e7361203e')
})

test('the check of references finds what the schema of OSCAL lets pass', () => {
  const document = assessmentResults(evidence([]))
  const text = JSON.stringify(document)
  const [uuid = ''] = /[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/.exec(text) ?? []
  const broken = [
    text.replaceAll('"href":"#', '"href":"#0'),
    text.replace('"control-id":"ac-5"', '"control-id":"zz-9"'),
    text.replaceAll(/"uuid":"[^"]*"/g, `"uuid":"${uuid}"`),
  ].map((one) => JSON.parse(one) as unknown)
  for (const one of broken) expect(referenceFaults(one)).not.toEqual([])
  expect(assessmentResultsFaults(broken[1])).toEqual([])
})

test.each<[string, (text: string) => string]>([
  ['an observation without methods', (text) => text.replace('"methods":["TEST"],', '')],
  ['a UUID that is none', (text) => text.replace(/"uuid":"[^"]*"/, '"uuid":"x"')],
  ['a time without a zone', (text) => text.replaceAll('.000Z', '')],
])('the schema of OSCAL refuses %s', (_what, change) => {
  expect(assessmentResultsFaults(JSON.parse(change(JSON.stringify(assessmentResults(evidence([]))))))).not.toEqual([])
})

test('the schema of FedRAMP refuses an overview that is no address', () => {
  expect(decisionRecordFaults(decisionRecord(evidence([]), 'nowhere'))).not.toEqual([])
})
