import { type ApprovalRequest, saidIn } from '../core/request/request.ts'
import type { FactLabels, Words } from '../words/words.ts'
import { type Manner, saidInTitle } from './paramRows.ts'
import { copyable, drawn, exactText, short } from './textRun.ts'

/** A line of a card about the request. What people copy has letters of one width. */
interface CardFact {
  readonly label: string
  readonly value: string
  readonly font: 'Default' | 'Monospace'
}

type Label = keyof FactLabels

const factIn =
  (words: Words, mark: (text: string) => string, font: CardFact['font']) =>
  (label: Label, value: string): CardFact => ({ label: words.labels[label], value: mark(value), font })

/** What would be done, and to what, as far as the title does not say it. */
export function whatOf(request: ApprovalRequest, manner: Manner, title = saidInTitle(request, manner)) {
  const { words } = manner
  const exact = factIn(words, copyable, 'Monospace')
  const { verb, action } = request
  const target = action && { ...exact('target', ''), value: exactText(action.target, 10_000, words) }
  return [...(title.verb ? [] : [exact('action', verb)]), ...(target && !title.target ? [target] : [])]
}

/** Everything else but the params: who asks, for whom, and what limits the decision. */
export function factsOf(request: ApprovalRequest, manner: Manner): readonly CardFact[] {
  const { words } = manner
  const { action, agent, executor, onBehalfOf, requirement } = request
  const byAgent = requirement?.excludedByAgent ?? []
  const fact = factIn(words, drawn, 'Default')
  // Object ids break at their hyphens.
  const ids = factIn(words, (id) => id, 'Monospace')
  const doors = request.status === 'pending' ? request.requirement.via : undefined
  return [
    ...whatOf(request, manner),
    ...(action ? [fact('environment', action.environment)] : []),
    fact('agent', agentOf(request, words)),
    ...(onBehalfOf === undefined ? [] : [ids('onBehalfOf', onBehalfOf)]),
    ...(executor === agent.id ? [] : [ids('executor', executor)]),
    ...(byAgent.length === 0 ? [] : [ids('excludedByAgent', byAgent.join(', '))]),
    ...(doors === undefined ? [] : [fact('doors', doors.join(', '))]),
  ]
}

/** The name of the agent that asks, and of a person who answers for it, as far as it is known and not erased. */
function agentOf(request: ApprovalRequest, words: Words): string {
  const name = short(request.agent.name.trim(), 600, words)
  const owner = saidIn(request, 'requested', 'owner')
  return owner === null ? name : words.ownedAgent(name, short(owner.trim(), 256, words))
}
