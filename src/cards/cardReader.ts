import type { ObjectId } from '../core/data/id.ts'

/** The person who looks at a request, and the page. `notice` tells them what became of their last click. */
export interface CardReader {
  readonly approver: ObjectId
  readonly page: number
  /** What the person may do beside deciding and revoking. Absent: nothing. */
  readonly may?: readonly FurtherAct[]
  /** Present for a person who may neither decide nor revoke, but may break the glass. */
  readonly decides?: false
  /** Present for a person who may not approve: whether the agent's own word alone excludes them, or policy does. */
  readonly excludedBy?: 'agent' | 'policy'
  /** The name of the door through which the person looks. */
  readonly via: string
  readonly notice?: string
  /** The form whose words could not be taken: it is drawn open, with what the person typed. */
  readonly form?: TypedForm
  /** What the person typed as answers, by the number of the question, and what is wrong with one of them. */
  readonly answering?: TypedAnswers
}

/** What some people may do with a request beside deciding it. */
export type FurtherAct = 'ask' | 'answer' | 'narrow' | 'break' | 'review'

interface TypedAnswers {
  readonly typed?: Readonly<Record<number, string>>
  readonly fault?: { readonly number: number; readonly why: string }
}

/** What a person typed into a form, and what is wrong with it. */
export interface TypedForm {
  readonly act: 'approve' | 'deny' | 'revoke' | 'narrow' | FurtherForm
  readonly fault: string
  readonly words?: string
  readonly confirm?: string
  /** What is typed into the fields that make it smaller, by number. */
  readonly less?: Readonly<Record<number, string>>
}

/** The forms beside those that decide and revoke. A review has one for each finding. */
export type FurtherForm = 'ask' | 'break' | 'justified' | 'unjustified'
