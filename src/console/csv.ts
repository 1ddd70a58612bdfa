import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { csvLine } from '../core/data/csv.ts'

const header = [
  ...['id', 'createdAt', 'status', 'action', 'target', 'environment', 'agent', 'agentName', 'tier', 'rules'],
  ...['approvers', 'expiresAt', 'closedAt', 'digest'],
]

/** Writes requests as the table shows them, a row each, with ids and exact times (RFC 4180). Formulas stay text. */
export function csvOf(requests: readonly RequestAnswer[]): string {
  const rows = requests.map((request) => [
    ...[request.id, request.createdAt, request.status, request.action, request.target ?? '', request.environment ?? ''],
    ...[request.agent.id, request.agent.name, request.policy.tier ?? '', request.policy.rules.join(' ')],
    request.approvals.decisions
      .filter(({ verdict, void: voided }) => verdict === 'approve' && voided === undefined)
      .map(({ approver }) => approver)
      .join(' '),
    ...[request.expiresAt ?? '', request.closedAt ?? '', request.digest],
  ])
  return [header, ...rows].map((row) => csvLine(row)).join('')
}

/** Gives the reader a file. */
export function download(name: string, content: string | Blob): void {
  const blob = typeof content === 'string' ? new Blob([content], { type: 'text/csv;charset=utf-8' }) : content
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
