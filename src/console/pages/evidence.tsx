import { useState } from 'preact/hooks'
import type { BundleList } from '../../contract/evidenceAnswers.ts'
import { failureIn, useAnswer } from '../answers.ts'
import type { CallFailure } from '../api.ts'
import { download } from '../csv.ts'
import { Button, Empty, Failed, Loaded, Page } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { monthShown } from '../month.tsx'
import { words } from '../words.ts'

type Bundle = BundleList['bundles'][number]

/** A day of the calendar, with its bundle if it has one. */
interface Day {
  readonly date: string
  readonly bundle: Bundle | null
}

/** The sealed days, a month at a time, with their files. */
export function Evidence({ query }: { readonly query: URLSearchParams }) {
  const { api, me } = useSigned()
  const bundles = useAnswer('bundles', (signal) => api.get<BundleList>('/api/evidence/bundles', { signal }))
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const [busy, setBusy] = useState<string | null>(null)
  const mayExport = me.roles.includes('Evidence.Export')
  const take = async (path: string, name: string) => {
    setBusy(path)
    setFailure(null)
    try {
      download(name, await api.file(path))
    } catch (cause) {
      setFailure(failureIn(cause))
    } finally {
      setBusy(null)
    }
  }
  const file = (path: string, name: string, label: string) => (
    <Button isBusy={busy !== null} onPress={() => void take(path, name)}>
      {busy === path ? words.evidence.downloading : label}
    </Button>
  )
  return (
    <Page
      title={words.pages.evidence}
      about={words.evidence.about}
      actions={file('/api/evidence/checkpoint', 'checkpoint.txt', words.evidence.checkpoint)}
    >
      <p class="quiet">{words.evidence.checkpointAbout}</p>
      {failure && <Failed failure={failure} />}
      <Loaded loading={bundles}>
        {({ bundles: sealed }) => {
          const newest = sealed.at(-1)?.date
          if (newest === undefined)
            return (
              <Empty title={words.evidence.none}>
                <p>{words.evidence.noneAbout}</p>
              </Empty>
            )
          const month = monthShown('evidence', query, {
            first: sealed[0]?.date.slice(0, 7),
            last: newest.slice(0, 7),
          })
          return (
            <>
              {month.links}
              <div class="table">
                <table aria-label={month.name}>
                  <thead>
                    <tr>
                      <th scope="col">{words.evidence.day}</th>
                      <th scope="col">{words.columns.status}</th>
                      <th scope="col">{words.evidence.records}</th>
                      <th scope="col">{words.evidence.size}</th>
                      {mayExport && <th scope="col">{words.evidence.bundle}</th>}
                    </tr>
                  </thead>
                  <tbody>
                    {daysOf(month.days, sealed).map(({ date, bundle }) => (
                      <tr key={date}>
                        <th scope="row" data-label={words.evidence.day}>
                          {date}
                        </th>
                        <td data-label={words.columns.status}>
                          {bundle === null
                            ? words.evidence.missing
                            : bundle.records === 0
                              ? words.evidence.empty
                              : words.evidence.sealed}
                        </td>
                        <td data-label={words.evidence.records}>{bundle && number(bundle.records)}</td>
                        <td data-label={words.evidence.size}>{bundle && kibibytes(bundle.bytes)}</td>
                        {mayExport && (
                          <td class="actions" data-label={words.evidence.bundle}>
                            {bundle &&
                              file(
                                `/api/evidence/bundles/${date}`,
                                `countersign-evidence-${date}.zip`,
                                words.evidence.bundle,
                              )}
                            {bundle &&
                              bundle.records > 0 &&
                              file(`/api/evidence/said/${date}`, `said-${date}.jsonl`, words.evidence.said)}
                          </td>
                        )}
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

/** The days of a month between the first bundle and the newest one, the newest first. A day without a bundle is shown. */
function daysOf(days: readonly string[], sealed: readonly Bundle[]): readonly Day[] {
  const byDate = new Map(sealed.map((bundle) => [bundle.date, bundle]))
  const [first = '', last = ''] = [sealed[0]?.date, sealed.at(-1)?.date]
  return days
    .toReversed()
    .filter((date) => date >= first && date <= last)
    .map((date) => ({ date, bundle: byDate.get(date) ?? null }))
}

const number = (count: number): string => new Intl.NumberFormat(words.locale).format(count)

const kibibytes = (bytes: number): string => `${number(Math.ceil(bytes / 1024))} KiB`
