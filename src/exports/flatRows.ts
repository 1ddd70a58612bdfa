import { controlNamed } from '../core/policy/controlName.ts'
import type { ExceptionKind } from '../core/record/eventType.ts'
import type { RequestCells } from '../core/record/tables.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { bundleAddress, type DayEvidence, resultOf, sealedBy } from './dayEvidence.ts'
import { ruleId, ruleTitle } from './oscalNames.ts'

/**
 * A row for tools that take flat resources: each value is a text, a whole number or a truth. `kind` says what it is about,
 * and `id` is the same whenever the row is made again.
 */
export type FlatRow = Readonly<Record<string, string | number | boolean>>

/** A row of `exceptions.csv`. */
export interface ExceptionCells {
  readonly index?: number
  readonly at: string
  readonly request?: string
  readonly kind: ExceptionKind
  readonly actor: string
  readonly action: string
  readonly detail: string
}

/** The rows of a day that are about all of it: the day, then each test and each rule by the controls that they support. */
export const summaryRows = (day: DayEvidence): readonly FlatRow[] => [dayRow(day), ...testRows(day), ...ruleRows(day)]

/** What an auditor needs to see that the population is complete. */
function dayRow({ manifest, manifestHash }: DayEvidence): FlatRow {
  const { number, sealedAt, log, counts, previousManifest } = manifest
  return {
    ...headOf(manifest, 'day', manifest.date),
    ...{ sealed_at: sealedAt, version: sealedBy(manifest) },
    ...{ records: counts.records, requests: counts.requests, exceptions: counts.exceptions },
    ...{ size_before: log.from.size, size_after: log.to.size, root_before: log.from.root, root_after: log.to.root },
    ...{ number, manifest_sha256: manifestHash },
    ...(previousManifest !== undefined && { previous_manifest_sha256: previousManifest }),
  }
}

const testRows = ({ manifest, tests }: DayEvidence): readonly FlatRow[] =>
  tests.flatMap((test) =>
    test.controls.map((control) => ({
      ...headOf(manifest, 'test', `${manifest.date}/${test.id}/${control}`),
      ...controlIn(control),
      ...{ test: test.id, title: test.title, unit: test.unit },
      ...{ population: test.population, exceptions: test.exceptions },
      ...{ passed: resultOf(test) === 'pass', members: test.members.join('; ') },
    })),
  )

const ruleRows = ({ manifest, rules }: DayEvidence): readonly FlatRow[] =>
  rules.flatMap(({ rule, population, controls }) =>
    controls.map((control) => ({
      ...headOf(manifest, 'rule', `${manifest.date}/${ruleId(rule)}/${control}`),
      ...controlIn(control),
      ...{ rule, title: ruleTitle(rule), unit: 'requests', population },
    })),
  )

/** A request as it stood at the end of the day. Cells that are empty are left out. */
export function requestRow(manifest: Manifest, cells: RequestCells): FlatRow {
  const { undeliverable, unreported, request, ...texts } = cells
  return {
    ...headOf(manifest, 'request', `${manifest.date}/${request}`),
    request,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined && text !== '')),
    ...{ undeliverable: undeliverable === 'yes', unreported: unreported === 'yes' },
  }
}

/** Something that an auditor should look at. */
export function exceptionRow(manifest: Manifest, row: ExceptionCells): FlatRow {
  const { index, at, request, kind, actor, action, detail } = row
  return {
    ...headOf(manifest, 'exception', `${manifest.date}/${kind}${index === undefined ? '' : `/${index}`}`),
    ...(index !== undefined && { index }),
    ...{ at, exception: kind, actor },
    ...(request !== undefined && { request }),
    ...(action !== '' && { action }),
    ...(detail !== '' && { detail }),
  }
}

const headOf = (manifest: Manifest, kind: string, id: string): FlatRow => ({
  ...{ kind, id, date: manifest.date, log: manifest.log.origin, bundle: bundleAddress(manifest) },
})

const controlIn = (control: string): FlatRow => ({ control, framework: controlNamed(control).framework })
