import type { ComponentChildren } from 'preact'
import type { EventList } from '../contract/evidenceAnswers.ts'
import type { RequestAnswer } from '../contract/requestAnswer.ts'
import type { Instant } from '../core/data/instant.ts'
import { type Erasable, endOf, erasable } from '../core/request/erasure.ts'
import { Notice, Untrusted } from './kit.tsx'
import { useSigned } from './me.ts'
import { pageWords } from './pageWords.ts'
import { Time } from './time.tsx'

/** An ask for an erasure that waits for another person. */
export interface WaitingAsk {
  readonly by: string
  /** Their name, or their id if no name is known. */
  readonly who: string
  readonly names: readonly Erasable[]
  readonly why: string
  readonly until: Instant
}

/** The names of texts that a request still has. */
export function textsLeft(request: RequestAnswer, { events }: EventList): readonly Erasable[] {
  const names = new Set(events.flatMap(({ said }) => Object.keys(said)))
  if (request.target !== undefined) names.add('action')
  return erasable.filter((name) => names.has(name))
}

/** Finds the newest ask that waits still, for texts of which one at least is left. */
export function askIn({ events, people }: EventList, left: readonly Erasable[]): WaitingAsk | null {
  const now = new Date().toISOString()
  const asks = events.flatMap(({ leaf, said }): readonly WaitingAsk[] => {
    const { type, at, actor, data } = JSON.parse(leaf) as AskLeaf
    if (type !== 'erasure-asked') return []
    const { id: by } = actor
    return [{ by, who: people[by] ?? by, names: data.names, why: said['why']?.text ?? '', until: endOf({ at }) }]
  })
  return asks.findLast(({ until, names }) => until > now && names.some((name) => left.includes(name))) ?? null
}

/** The members of an `erasure-asked` event that are read here: docs/evidence/events.md. */
interface AskLeaf {
  readonly type: string
  readonly at: Instant
  readonly actor: { readonly id: string }
  readonly data: { readonly names: readonly Erasable[] }
}

interface WaitingProps {
  readonly ask: WaitingAsk
  /** What can be done about it here. */
  readonly children?: ComponentChildren
}

/** What somebody asked for, and until when another person can ask for the same. */
export function Waiting({ ask: { by, who, names, why, until }, children }: WaitingProps) {
  const { me } = useSigned()
  const { erase } = pageWords
  const next = by === me.id ? erase.own : me.roles.includes('Evidence.Erase') ? erase.other : erase.others
  return (
    <Notice tone="warning" title={erase.askedBy(who)}>
      <ul>
        {names.map((name) => (
          <li key={name}>{erase.named[name]}</li>
        ))}
      </ul>
      <blockquote>
        <Untrusted text={why} layout="block" />
      </blockquote>
      <p>
        {next} {erase.waitsUntil} <Time at={until} far />.
      </p>
      {children}
    </Notice>
  )
}
