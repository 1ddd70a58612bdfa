import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { nameWithId, optional, partOf, partsOf, type Received, text, texts } from './received.ts'

/** What was said at a time, by a person or an agent. A text that was erased is absent. */
interface Saying {
  /** The name and the id. */
  readonly by: string
  readonly at: string
  readonly text?: string
}

/** A question of an approver. */
export interface TalkQuestion extends Saying {
  readonly id: string
  /** The groups of the person among those that decide. */
  readonly groups: readonly string[]
  readonly answer?: Saying & { readonly isByAgent: boolean }
}

/** When people were told again, and who may approve, too, later or by now. */
export interface TalkPrompts {
  readonly remindedAt?: string
  readonly escalatesAt?: string
  readonly groups: readonly string[]
  readonly joined: readonly string[]
}

/** That one person approved alone, and what another thinks of it. */
export interface TalkGlass extends Saying {
  readonly reviewBy: string
  readonly review?: Saying & { readonly finding: string }
}

type Question = NonNullable<RequestAnswer['questions']>[number]
type Glass = NonNullable<RequestAnswer['glass']>

export const questionsIn = (sent: Json | undefined): readonly TalkQuestion[] =>
  partsOf<Question>(sent).map(({ id, groups, answer, ...said }) => ({
    id: text(id) ?? '',
    groups: texts(groups),
    ...sayingOf(said),
    ...(isObject(answer) && { answer: { ...sayingOf(answer), isByAgent: kindOf(answer['by']) === 'agent' } }),
  }))

export function promptsIn(sent: Json | undefined): TalkPrompts {
  const { remindedAt, escalatesAt, groups, joined } = partOf<NonNullable<RequestAnswer['prompts']>>(sent)
  return {
    ...optional('remindedAt', text(remindedAt)),
    ...optional('escalatesAt', text(escalatesAt)),
    groups: texts(groups),
    joined: texts(joined),
  }
}

export function glassIn(sent: JsonObject): TalkGlass {
  const { reviewBy, review }: Received<Glass> = sent
  return {
    ...sayingOf(sent),
    reviewBy: text(reviewBy) ?? '',
    ...(isObject(review) && { review: { ...sayingOf(review), finding: text(review['finding']) ?? '' } }),
  }
}

/** Who says it is an id with a name beside it, or an object that has both. */
function sayingOf(sent: Readonly<Record<string, Json | undefined>>): Saying {
  const { by, name, at, text: said, reason } = sent
  return {
    by: nameWithId(typeof by === 'string' && typeof name === 'string' ? { id: by, name } : by),
    at: text(at) ?? '',
    ...optional('text', text(said) ?? text(reason)),
  }
}

const kindOf = (by: Json | undefined): Json | undefined => (isObject(by) ? by['kind'] : undefined)
