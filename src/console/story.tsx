import type { ComponentChildren } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { EventList } from '../contract/evidenceAnswers.ts'
import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { visible } from '../core/data/text.ts'
import { plain } from '../words/run.ts'
import { spoken } from '../words/spoken.ts'
import { useAnswer } from './answers.ts'
import { askIn, textsLeft, Waiting } from './erasureAsk.tsx'
import { number } from './evidence/numbers.ts'
import { Prove } from './evidence/prove.tsx'
import { Button, Facts, Loaded, Untrusted } from './kit.tsx'
import { useSigned } from './me.ts'
import { Named } from './names.tsx'
import { Narrowed } from './narrowed.tsx'
import { pageWords } from './pageWords.ts'
import { address } from './router.ts'
import { Talk } from './talk.tsx'
import { ShownAgain, type Showing } from './shown.tsx'
import { Time, ZoneContext } from './time.tsx'
import { words } from './words.ts'

/** The members of a leaf that the story reads: docs/evidence/events.md. */
interface Leaf {
  readonly seq: number
  readonly at: string
  readonly type: string
  readonly actor: { readonly kind: string; readonly id?: string }
  readonly data?: {
    readonly view?: string
    readonly page?: number
    readonly pages?: number
    readonly proved?: string
  }
}

interface StoryProps {
  readonly request: RequestAnswer
}

/** What was asked, how it was decided, what came of it, and each event as the log has it. For auditors, and to be printed. */
export function Story({ request }: StoryProps) {
  const { api, me } = useSigned()
  const events = useAnswer(request.id, (signal) => api.get<EventList>(`/api/requests/${request.id}/events`, { signal }))
  const { story } = pageWords
  const people = events.value?.people ?? {}
  const zone = useContext(ZoneContext) === 'utc' ? 'UTC' : new Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <section class="story" aria-label={story.title}>
      <p class="printed">
        {words.product} · {location.origin} · {story.printed(new Date().toISOString(), zone)}
      </p>
      {events.value && <Erasure request={request} list={events.value} />}
      <Asked request={request} people={people} />
      <Decision request={request} />
      <Narrowed request={request} />
      <Talk request={request} />
      <Ending request={request} />
      {me.roles.includes('Evidence.Hold') && (
        <p class="actions">
          <a class="button" href={address('holds', { request: request.id })}>
            {pageWords.holds.place}
          </a>
        </p>
      )}
      <h2>{story.events}</h2>
      <p class="quiet">{story.eventsAbout}</p>
      <Loaded loading={events}>{(list) => <Events list={list} request={request} />}</Loaded>
    </section>
  )
}

/** The ask for an erasure that waits, with the way to the page on which another person asks for the same. */
function Erasure({ request, list }: StoryProps & { readonly list: EventList }) {
  const { me } = useSigned()
  const ask = askIn(list, textsLeft(request, list))
  return (
    ask && (
      <Waiting ask={ask}>
        {me.roles.includes('Evidence.Erase') && (
          <a class="button" href={address(`requests/${request.id}/erase`)}>
            {pageWords.erase.toErase}
          </a>
        )}
      </Waiting>
    )
  )
}

interface PartProps {
  readonly request: RequestAnswer
  /** Names by object id. */
  readonly people: Readonly<Record<string, string>>
}

function Asked({ request, people }: PartProps) {
  const { columns } = words
  const { story } = pageWords
  const { agent, executor, onBehalfOf, params = {}, links = [], warnings = [] } = request
  return (
    <>
      <h2>{story.asked}</h2>
      <Facts
        of={[
          [columns.action, <Mono text={request.action} />],
          [columns.target, request.target === undefined ? spoken.request.erased : <Mono text={request.target} />],
          [columns.environment, <Untrusted text={request.environment ?? ''} />],
          [columns.agent, <Named id={agent.id} name={agent.name} />],
          [story.owner, agent.owner !== undefined && <Untrusted text={agent.owner} />],
          [story.onBehalfOf, onBehalfOf !== undefined && <Named id={onBehalfOf} name={people[onBehalfOf]} />],
          [story.executor, executor !== agent.id && <Named id={executor} name={people[executor]} />],
          [columns.asked, <Time at={request.createdAt} far />],
          [columns.reason, request.reason !== undefined && <Untrusted text={request.reason} layout="block" />],
          [columns.id, <Mono text={request.id} />],
          [columns.digest, <Mono text={request.digest} />],
        ]}
      />
      {Object.keys(params).length > 0 && (
        <details>
          <summary>{story.params}</summary>
          <pre>
            <Untrusted text={JSON.stringify(params, null, 2)} layout="block" />
          </pre>
        </details>
      )}
      {links.length > 0 && (
        <List title={story.links}>
          {links.map(({ title, url }) => (
            <li key={url}>
              <Untrusted text={title} />: <Mono text={url} />
            </li>
          ))}
        </List>
      )}
      {warnings.length > 0 && (
        <List title={story.warnings}>
          {warnings.map(({ code, words: said }) => (
            <li key={code}>
              <Untrusted text={said} />
            </li>
          ))}
        </List>
      )}
    </>
  )
}

function Decision({ request }: StoryProps) {
  const { columns } = words
  const { story, trial } = pageWords
  const { outcome, tier, rules, summary } = request.policy
  const { required } = request.approvals
  const missing = request.status === 'pending' ? required.filter(({ have, quorum }) => have < quorum) : []
  return (
    <>
      <h2>{story.decision}</h2>
      <Facts
        of={[
          [story.policyOutcome, trial.outcomes[outcome] ?? outcome],
          [columns.tier, tier && spoken.tiers[tier]],
          [columns.rules, rules.join(', ')],
          [trial.summary, summary !== undefined && <Untrusted text={summary} />],
          [
            story.missing,
            missing.map(({ groups, have, quorum }) => spoken.progress.counted(groups, have, quorum)).join('; '),
          ],
          [columns.until, request.expiresAt !== undefined && <Time at={request.expiresAt} far />],
        ]}
      />
      <Votes request={request} />
    </>
  )
}

function Votes({ request: { approvals, policy } }: StoryProps) {
  const { story } = pageWords
  if (approvals.decisions.length === 0)
    return <p class="quiet">{policy.outcome === 'approve' ? story.noVotes : story.nobodyDecides}</p>
  return (
    <ul class="plain">
      {approvals.decisions.map(({ approver, name, for: member, verdict, at, via, reason, void: voided, current }) => (
        <li key={`${approver} ${at}`}>
          <strong>
            <Named id={approver} name={name} />
          </strong>{' '}
          {member && (
            <>
              {story.standIn} <Named id={member.id} name={member.name} />{' '}
            </>
          )}
          {words.story.verdicts[verdict]} <Time at={at} far />, {story.via(via)}
          {voided && ` (${visible(plain(spoken.history.voided(name ?? approver, voided.why)))})`}
          {current === false && ` (${pageWords.talk.past})`}
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

/** What became of the approval: the grant, and what the executor reported. */
function Ending({ request }: StoryProps) {
  const { story } = pageWords
  const { approvedAt, lapsesAt, redeemedAt, closedAt, outcome } = request
  const output = outcome?.output
  if (approvedAt === undefined && closedAt === undefined) return null
  return (
    <>
      <h2>{story.end}</h2>
      {approvedAt === undefined && <p class="quiet">{story.noGrant}</p>}
      <Facts
        of={[
          [story.approvedAt, approvedAt !== undefined && <Time at={approvedAt} far />],
          [story.useBy, redeemedAt === undefined && lapsesAt !== undefined && <Time at={lapsesAt} far />],
          [story.redeemedAt, redeemedAt !== undefined && <Time at={redeemedAt} far />],
          [story.closedAt, closedAt !== undefined && <Time at={closedAt} far />],
          [story.result, outcome && story.results[outcome.result]],
          [story.summary, outcome?.summary !== undefined && <Untrusted text={outcome.summary} layout="block" />],
          [output ? story.output(number(output.size)) : '', output && <Mono text={output.sha256} />],
        ]}
      />
    </>
  )
}

interface EventsProps extends StoryProps {
  readonly list: EventList
}

function Events({ list: { events, people }, request }: EventsProps) {
  const [open, setOpen] = useState<Showing | null>(null)
  return (
    <>
      <ol class="events">
        {events.map((event) => {
          const leaf = JSON.parse(event.leaf) as Leaf
          const { view, page = 1, pages = 1 } = leaf.data ?? {}
          const { id } = leaf.actor
          const again =
            leaf.type === 'shown' && view !== undefined && id !== undefined
              ? () => setOpen({ request: request.id, view, page, to: people[id] ?? id })
              : null
          return (
            <Event key={event.hash} event={event} leaf={leaf} people={people} agent={request.agent}>
              {again && (
                <>
                  {pages > 1 && <span class="quiet">{pageWords.shown.pageOf(page, pages)} </span>}
                  <Button onPress={again}>{pageWords.shown.open}</Button>
                </>
              )}
              {event.sealed && <Prove request={request.id} seq={leaf.seq} leaf={event.leaf} />}
            </Event>
          )
        })}
      </ol>
      {open && (
        <ShownAgain key={`${open.view} ${open.page}`} showing={open} people={people} closed={() => setOpen(null)} />
      )}
    </>
  )
}

interface EventProps {
  readonly event: EventList['events'][number]
  readonly leaf: Leaf
  readonly people: Readonly<Record<string, string>>
  readonly agent: RequestAnswer['agent']
  readonly children: ComponentChildren
}

function Event({ event: { hash, index, sealed, leaf: text, said }, leaf, people, agent, children }: EventProps) {
  const { story, events, actors } = pageWords
  const { id, kind } = leaf.actor
  const name = id === agent.id ? agent.name : people[id ?? '']
  // Who it was stands above already.
  const texts = Object.entries(said).filter(([part]) => part !== 'name')
  return (
    <li>
      <p>
        <strong>{events[leaf.type] ?? leaf.type}</strong> {story.by}{' '}
        {id === undefined ? (actors[kind] ?? kind) : <Named id={id} name={name} />}, <Time at={leaf.at} far />
        {leaf.data?.proved !== undefined && story.afterStepUp(leaf.data.proved)}
      </p>
      {children}
      {texts.map(([part, { text: words }]) => (
        <blockquote key={part}>
          <Untrusted text={words} layout="block" />
        </blockquote>
      ))}
      <p class="quiet small">
        {sealed ? story.sealed(String(index), sealed.number, sealed.date) : story.notSealed}
        <span class="hash">
          {story.hash} <span class="mono">{hash}</span>
        </span>
      </p>
      <details class="leaf">
        <summary>{story.leaf}</summary>
        <pre>
          <Untrusted text={text} />
        </pre>
      </details>
    </li>
  )
}

function List({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <>
      <h3>{title}</h3>
      <ul>{children}</ul>
    </>
  )
}

const Mono = ({ text }: { readonly text: string }) => (
  <span class="mono">
    <Untrusted text={text} />
  </span>
)
