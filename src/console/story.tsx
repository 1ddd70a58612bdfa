import type { EventList } from '../contract/evidenceAnswers.ts'
import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { plain } from '../words/run.ts'
import { spoken } from '../words/spoken.ts'
import { useAnswer } from './answers.ts'
import { Facts, Loaded, Untrusted } from './kit.tsx'
import { useSigned } from './me.ts'
import { Time } from './time.tsx'
import { words } from './words.ts'

/** The members of a leaf that the story reads: docs/evidence/events.md. */
interface Leaf {
  readonly seq: number
  readonly at: string
  readonly type: string
  readonly actor: { readonly kind: string; readonly id?: string }
}

/** Who asked for what, who voted with which words, and each event as the log has it. For auditors. */
export function Story({ request }: { readonly request: RequestAnswer }) {
  const { columns, story } = words
  return (
    <section aria-label={story.title}>
      <h2>{story.title}</h2>
      <Facts
        of={[
          [columns.action, <Mono text={request.action} />],
          [columns.target, request.target === undefined ? spoken.request.erased : <Mono text={request.target} />],
          [columns.environment, <Untrusted text={request.environment ?? ''} />],
          [columns.agent, <Untrusted text={request.agent.name} />],
          [columns.reason, request.reason !== undefined && <Untrusted text={request.reason} layout="block" />],
          [columns.tier, request.policy.tier && spoken.tiers[request.policy.tier]],
          [columns.rules, request.policy.rules.join(', ')],
          [columns.asked, <Time at={request.createdAt} far />],
          [columns.until, request.expiresAt !== undefined && <Time at={request.expiresAt} far />],
          [columns.id, <Mono text={request.id} />],
          [columns.digest, <Mono text={request.digest} />],
        ]}
      />
      {request.params !== undefined && Object.keys(request.params).length > 0 && (
        <details>
          <summary>{story.params}</summary>
          <pre>
            <Untrusted text={JSON.stringify(request.params, null, 2)} layout="block" />
          </pre>
        </details>
      )}
      <h3>{story.votes}</h3>
      <Votes of={request} />
      <h3>{story.events}</h3>
      <p class="quiet">{story.eventsAbout}</p>
      <Events id={request.id} />
    </section>
  )
}

const Mono = ({ text }: { readonly text: string }) => (
  <span class="mono">
    <Untrusted text={text} />
  </span>
)

function Votes({ of: { approvals } }: { readonly of: RequestAnswer }) {
  const { story } = words
  if (approvals.decisions.length === 0) return <p class="quiet">{story.noVotes}</p>
  return (
    <ul class="plain">
      {approvals.decisions.map(({ approver, name, verdict, at, via, reason, void: voided }) => (
        <li key={`${approver} ${at}`}>
          <strong title={approver}>
            <Untrusted text={name ?? approver} />
          </strong>{' '}
          {story.verdicts[verdict]} <Time at={at} far />, {story.via(via)}
          {voided && ` (${plain(spoken.history.voided(name ?? approver, voided.why))})`}
          {reason !== undefined && (
            <blockquote>
              <Untrusted text={reason} layout="block" />
            </blockquote>
          )}
        </li>
      ))}
    </ul>
  )
}

function Events({ id }: { readonly id: string }) {
  const { api } = useSigned()
  const events = useAnswer(id, (signal) => api.get<EventList>(`/api/requests/${id}/events`, { signal }))
  return (
    <Loaded loading={events}>
      {({ events: found, people }) => (
        <ol class="events">
          {found.map((event) => {
            const leaf = JSON.parse(event.leaf) as Leaf
            const { id: who, kind } = leaf.actor
            return (
              <li key={event.hash}>
                <p>
                  <strong>{words.events[leaf.type] ?? leaf.type}</strong>{' '}
                  {words.story.by(who === undefined ? kind : (people[who] ?? who))}, <Time at={leaf.at} far />
                </p>
                <p class="quiet">
                  {event.sealed ? words.story.sealed(event.sealed.number, event.sealed.date) : words.story.notSealed}
                </p>
                {Object.entries(event.said).map(([name, { text }]) => (
                  <blockquote key={name}>
                    <Untrusted text={text} layout="block" />
                  </blockquote>
                ))}
                <details>
                  <summary>{words.story.leaf}</summary>
                  <pre>
                    <Untrusted text={event.leaf} />
                  </pre>
                  <p class="mono small">{event.hash}</p>
                </details>
              </li>
            )
          })}
        </ol>
      )}
    </Loaded>
  )
}
