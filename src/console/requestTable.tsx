import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { spoken } from '../words/spoken.ts'
import { Badge, Untrusted } from './kit.tsx'
import { address } from './router.ts'
import { Time } from './time.tsx'
import { words } from './words.ts'

interface RequestTableProps {
  readonly requests: readonly RequestAnswer[]
  /** What the table is about, for those who cannot see it. */
  readonly label: string
  /** A person whose vote each row shows. */
  readonly voter?: string
}

/** Requests, one a row. Each leads to its page. On a narrow screen a row is a block with the names of its columns. */
export function RequestTable({ requests, label, voter }: RequestTableProps) {
  const { columns } = words
  return (
    <div class="table">
      <table aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{columns.action}</th>
            <th scope="col">{columns.target}</th>
            <th scope="col">{columns.agent}</th>
            <th scope="col">{columns.status}</th>
            {voter !== undefined && <th scope="col">{columns.decided}</th>}
            <th scope="col">{columns.asked}</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={request.id}>
              <th scope="row" data-label={columns.action}>
                <a class="mono" href={address(`requests/${request.id}`)}>
                  <Untrusted text={request.action} />
                </a>
              </th>
              <td data-label={columns.target}>
                <span class="mono">
                  <Untrusted text={request.target ?? ''} />
                </span>
                {request.environment !== undefined && (
                  <small>
                    <Untrusted text={request.environment} />
                  </small>
                )}
              </td>
              <td data-label={columns.agent}>
                <Untrusted text={request.agent.name} />
              </td>
              <td data-label={columns.status}>
                <Status of={request} />
              </td>
              {voter !== undefined && <td data-label={columns.decided}>{voteOf(request, voter)}</td>}
              <td data-label={columns.asked}>
                <Time at={request.createdAt} far />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const tones: Readonly<Record<RequestAnswer['status'], string>> = {
  ...{ pending: 'accent', approved: 'good', redeemed: 'good', succeeded: 'good' },
  ...{ failed: 'bad', denied: 'bad', revoked: 'bad' },
  ...{ expired: 'quiet', cancelled: 'quiet', lapsed: 'quiet', ended: 'quiet' },
}

/** How a request stands, in the words of the cards. */
export function Status({ of: { status, standing } }: { readonly of: RequestAnswer }) {
  const used = status === 'approved' && standing ? spoken.standing.used(standing.used, standing.uses) : null
  return <Badge tone={tones[status]}>{used ?? spoken.statuses[status]}</Badge>
}

function voteOf({ approvals }: RequestAnswer, person: string): string {
  const vote = approvals.decisions.findLast(({ approver }) => approver === person)
  if (vote === undefined) return ''
  const verdict = words.story.verdicts[vote.verdict]
  return vote.void === undefined && vote.current !== false ? verdict : `${verdict} (${words.story.voided})`
}
