import type { HealthReport } from '../../contract/serviceAnswers.ts'
import { number } from '../evidence/numbers.ts'
import { useAnswer, useEvery } from '../answers.ts'
import { CallFailure, type ServiceCalls } from '../api.ts'
import { Badge, Facts, Loaded, Notice, Page, Untrusted } from '../kit.tsx'
import { useSigned } from '../me.ts'
import { pageWords } from '../pageWords.ts'
import { address } from '../router.ts'
import { Time } from '../time.tsx'
import { words } from '../words.ts'

/** Milliseconds after which the report is read again while somebody looks at it. */
const interval = 20_000

/** Whether the service and its parts work, for who may read evidence. */
export function HealthPage() {
  const { api } = useSigned()
  const report = useAnswer('health', (signal) => reportOf(api, signal))
  useEvery(interval, report.again)
  return (
    <Page title={words.pages.health} about={pageWords.health.about}>
      <Loaded loading={report}>
        {(found) => (
          <>
            <Notice
              tone={found.status === 'ok' ? 'good' : 'bad'}
              title={found.status === 'ok' ? pageWords.health.works : pageWords.health.fails}
            />
            <Parts of={found} />
            <Sealed of={found} />
            <Now of={found} />
            <Broken of={found} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** A service that does not work answers 503, with the same report. @throws {CallFailure} */
async function reportOf(api: ServiceCalls, signal: AbortSignal): Promise<HealthReport> {
  const answer = await api.get<HealthReport & { readonly detail?: string }>('/api/health', { signal, also: [503] })
  if ('parts' in answer) return answer
  throw new CallFailure('unavailable', (answer as { readonly detail?: string }).detail ?? words.failed)
}

interface OfReport {
  readonly of: HealthReport
}

const tones: Readonly<Record<HealthReport['parts'][Part], string>> = {
  ...{ ok: 'good', failing: 'bad', 'read-only': 'bad', 'evidence-broken': 'bad', refused: 'bad', off: '' },
}

type Part = keyof HealthReport['parts']

function Parts({ of: { parts } }: OfReport) {
  const { health } = pageWords
  return (
    <div class="table">
      <table aria-label={health.parts}>
        <thead>
          <tr>
            <th scope="col">{health.part}</th>
            <th scope="col">{health.state}</th>
            <th scope="col">{health.means}</th>
          </tr>
        </thead>
        <tbody>
          {(Object.keys(parts) as readonly Part[]).map((part) => (
            <tr key={part}>
              <th scope="row" data-label={health.part}>
                {health.names[part]}
              </th>
              <td data-label={health.state}>
                <Badge tone={tones[parts[part]]}>{health.states[parts[part]]}</Badge>
              </td>
              <td class="quiet" data-label={health.means}>
                {health.purposes[part]}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Sealed({ of: { sealed, immutable } }: OfReport) {
  const { health } = pageWords
  return (
    <section aria-label={health.seal}>
      <h2>{health.seal}</h2>
      {sealed === undefined && <p class="quiet">{health.noneSealed}</p>}
      <Facts
        of={[
          [
            health.newest,
            sealed && <a href={address('evidence', { month: sealed.date.slice(0, 7) })}>{sealed.date}</a>,
          ],
          [health.bundle, sealed && number(sealed.number)],
          [health.size, sealed && number(sealed.size)],
          [health.immutable, immutable === undefined ? undefined : immutable ? health.yes : health.no],
        ]}
      />
    </section>
  )
}

function Now({ of: { counts, people, now, version } }: OfReport) {
  const { health } = pageWords
  return (
    <section aria-label={health.counts}>
      <h2>{health.counts}</h2>
      <Facts
        of={[
          [health.overdue, counts && number(counts.overdue)],
          [health.pending, counts && number(counts.pending)],
          [health.oldest, counts?.oldest && <Time at={counts.oldest} far />],
          [health.reviews, counts && number(counts.reviews)],
          [health.standing, counts && number(counts.standing)],
          [health.waiting, counts && number(counts.waiting)],
          [health.people, health.admitted[people]],
          [health.asOf, <Time at={now} far />],
          [health.version, <span class="mono">{version}</span>],
        ]}
      />
    </section>
  )
}

/** What was changed from outside, and what a restore could not bring back. */
function Broken({ of: { broken = [], lost = [] } }: OfReport) {
  const { health } = pageWords
  return (
    <>
      {broken.length > 0 && (
        <section aria-label={health.broken}>
          <h2>{health.broken}</h2>
          <p class="quiet">{health.brokenAbout}</p>
          <div class="table">
            <table aria-label={health.broken}>
              <thead>
                <tr>
                  <th scope="col">{health.row}</th>
                  <th scope="col">{health.shard}</th>
                  <th scope="col">{words.request}</th>
                  <th scope="col">{health.check}</th>
                </tr>
              </thead>
              <tbody>
                {broken.map(({ shard, row, request, check }) => (
                  <tr key={`${shard} ${row} ${request ?? ''}`}>
                    <th scope="row" class="mono" data-label={health.row}>
                      <Untrusted text={row} />
                    </th>
                    <td data-label={health.shard}>{shard}</td>
                    <td class="mono" data-label={words.request}>
                      {request === undefined ? '–' : <a href={address(`requests/${request}`)}>{request}</a>}
                    </td>
                    <td data-label={health.check}>
                      {health.checks[check]} <small class="mono">{check}</small>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {lost.length > 0 && (
        <section aria-label={health.lost}>
          <h2>{health.lost}</h2>
          <ul>
            {lost.map(({ shard, from, to }) => (
              <li key={`${shard} ${from}`}>{health.lostEvents(shard, from, to)}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
