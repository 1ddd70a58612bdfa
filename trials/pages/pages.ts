import type { History } from './history.ts'

/** A page as it is pictured: who opens it, where, and what must be on it before it is complete. */
export interface Pictured {
  readonly name: string
  readonly who: string
  readonly path: string
}

/** Every page of the console, on a stack that was filled. */
export const pagesOf = ({ waiting, high, done, denied, from, through }: History): readonly Pictured[] => [
  { name: 'inbox', who: 'dba-1', path: '' },
  { name: 'inbox-empty', who: 'owner', path: '' },
  { name: 'request', who: 'dba-1', path: `requests/${waiting}` },
  { name: 'request-high', who: 'security-1', path: `requests/${high}` },
  { name: 'request-owner', who: 'owner', path: `requests/${waiting}` },
  { name: 'story', who: 'compliance', path: `requests/${done}` },
  { name: 'story-denied', who: 'compliance', path: `requests/${denied}` },
  { name: 'search', who: 'compliance', path: `requests?from=${from}` },
  { name: 'search-empty', who: 'compliance', path: 'requests?prefix=nothing-is-here' },
  { name: 'evidence', who: 'compliance', path: 'evidence' },
  { name: 'exceptions', who: 'compliance', path: `exceptions?month=${through.slice(0, 7)}` },
  { name: 'metrics', who: 'compliance', path: `metrics?month=${through.slice(0, 7)}` },
  { name: 'erase', who: 'compliance', path: `requests/${denied}/erase` },
  { name: 'policy', who: 'compliance', path: 'policy' },
  { name: 'health', who: 'compliance', path: 'health' },
  { name: 'holds', who: 'compliance', path: 'holds' },
  { name: 'nowhere', who: 'dba-1', path: 'nowhere' },
]
