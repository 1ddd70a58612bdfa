import { useEffect, useRef } from 'preact/hooks'
import type { RequestAnswer, RequestList } from '../../contract/requestAnswer.ts'
import { spoken } from '../../words/spoken.ts'
import { useAnswer, useNews } from '../answers.ts'
import { Badge, Empty, Loaded, Page, Untrusted } from '../kit.tsx'
import { type Me, useSigned } from '../me.ts'
import { RequestTable } from '../requestTable.tsx'
import { later } from '../later.tsx'
import { address } from '../router.ts'
import { Time } from '../time.tsx'
import { waitingRequests } from '../waitingRequests.ts'
import { words } from '../words.ts'

// Most people have none.
const ReviewsDue = later(async () => (await import('../reviewsDue.tsx')).ReviewsDue)

const week = 7 * 86_400_000
const [path, options] = waitingRequests

/** What waits for this person, the most urgent first, and what they decided lately. */
export function Inbox() {
  const { api, me } = useSigned()
  const waiting = useNews((known, signal) => api.changed<RequestList>(path, known, { ...options, signal }))
  const decided = useAnswer('decided', (signal) => {
    const from = new Date(Date.now() - week).toISOString()
    return api.get<RequestList>('/api/requests', { query: { approver: me.id, from, limit: '20' }, signal })
  })
  const isRead = useRef(false)
  useEffect(() => {
    // What does not wait any more may be what this person decided elsewhere.
    if (isRead.current) decided.again()
    isRead.current = waiting.value !== null
  }, [waiting.value])
  const all = waiting.value?.requests ?? []
  const mine = all.filter((request) => isFor(request, me))
  const toAnswer = all.filter(({ may }) => may?.includes('answer'))
  // Who decides as well has the tile.
  const emergencies = all.filter((request) => request.may?.includes('break-glass') && !isOfGroup(request, me))
  const count = waiting.value === null ? null : mine.length
  return (
    <Page
      title={count === null || count === 0 ? words.pages.inbox : `(${count}) ${words.pages.inbox}`}
      heading={words.pages.inbox}
      about={words.inbox.about}
    >
      {/* What a screen reader reads out when it changes has to be there before. */}
      <p class="hidden" role="status">
        {count !== null && words.inbox.waiting(count)}
      </p>
      <Loaded loading={waiting}>
        {() =>
          mine.length === 0 ? (
            <Empty title={words.inbox.nothing}>
              <p>{words.inbox.nothingAbout}</p>
            </Empty>
          ) : (
            <ul class="tiles">
              {mine.map((request) => (
                <Tile key={request.id} request={request} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <Others requests={toAnswer} label={words.inbox.toAnswer} />
      <Others requests={emergencies} label={words.inbox.emergencies} about={words.inbox.emergenciesAbout} />
      <ReviewsDue />
      <h2>{words.inbox.mine}</h2>
      <Loaded loading={decided}>
        {({ requests }) =>
          requests.length === 0 ? (
            <p class="quiet">{words.inbox.noneOfMine}</p>
          ) : (
            <RequestTable requests={requests} label={words.inbox.mine} voter={me.id} />
          )
        }
      </Loaded>
    </Page>
  )
}

interface OthersProps {
  readonly requests: readonly RequestAnswer[]
  readonly label: string
  readonly about?: string
}

/** Requests that others decide, under a heading; nothing if there are none. */
function Others({ requests, label, about }: OthersProps) {
  if (requests.length === 0) return null
  return (
    <>
      <h2>{label}</h2>
      {about !== undefined && <p class="quiet">{about}</p>}
      <RequestTable requests={requests} label={label} />
    </>
  )
}

/** Whether a group of this person can decide, and they have not yet. Readers of evidence get every request that waits. */
const isFor = (request: RequestAnswer, me: Me): boolean => isOfGroup(request, me) && !hasDecided(request, me.id)

const isOfGroup = ({ approvals }: RequestAnswer, me: Me): boolean =>
  approvals.required.some(({ groups }) => groups.some((group) => me.groups.includes(group)))

const isQuestioned = ({ questions = [] }: RequestAnswer): boolean => questions.some(({ answer }) => !answer)

const hasDecided = ({ approvals }: RequestAnswer, person: string): boolean =>
  approvals.decisions.some(
    ({ approver, void: voided, current }) => approver === person && voided === undefined && current !== false,
  )

function Tile({ request }: { readonly request: RequestAnswer }) {
  const { id, action, target, environment, agent, policy, expiresAt, approvals, reason } = request
  const open = approvals.required.filter(({ have, quorum }) => have < quorum)
  const missing = open.map(({ groups, quorum, have }) => spoken.progress.people(groups, quorum - have))
  return (
    <li>
      <a class="tile" href={address(`requests/${id}`)}>
        <span class="head">
          <strong class="mono">
            <Untrusted text={action} />
          </strong>
          {policy.tier && <Badge tone={`tier ${policy.tier}`}>{spoken.tiers[policy.tier]}</Badge>}
        </span>
        {target !== undefined && (
          <span class="target mono">
            <Untrusted text={target} />
          </span>
        )}
        <span class="quiet">
          <Untrusted text={agent.name} /> · <Untrusted text={environment ?? ''} />
        </span>
        {reason !== undefined && (
          <span class="reason">
            <Untrusted text={reason} />
          </span>
        )}
        <span class="foot">
          <span>
            {words.inbox.decideBy} {expiresAt !== undefined && <Time at={expiresAt} />}
          </span>
          <span class="quiet">{words.inbox.missing(missing)}</span>
          {isQuestioned(request) && (
            <span>
              <Badge tone="accent">{words.inbox.unanswered}</Badge>
            </span>
          )}
        </span>
      </a>
    </li>
  )
}
