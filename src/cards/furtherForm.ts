import { doorsBeside } from '../core/request/decision.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Words } from '../words/words.ts'
import type { CardReader, FurtherForm } from './cardReader.ts'

type Offered = Readonly<Record<FurtherForm, boolean>>

export const noForm: Offered = { ask: false, break: false, justified: false, unjustified: false }

/**
 * Which of the forms a person gets on a page. A question needs one page that was shown; to break the glass needs them all.
 */
export function furtherForms(request: ApprovalRequest, { via, may = [] }: CardReader, last: boolean): Offered {
  const { status, glass } = request
  const isPending = status === 'pending'
  const reviews = may.includes('review') && glass !== undefined && !glass.review
  return {
    ask: isPending && may.includes('ask'),
    break: isPending && may.includes('break') && last && doorsBeside(request, via) === null,
    justified: reviews,
    unjustified: reviews,
  }
}

/** A form with one field, as its template gets it. */
interface FormFace {
  readonly form: string
  readonly now: string
  readonly id: string
  readonly label: string
  readonly missing: string
  readonly verb: string
  readonly style: 'default' | 'destructive'
  /** The last part of the target is typed as well. */
  readonly confirms: boolean
  /** What the verb `review-glass` finds; a dash for the others. */
  readonly finding: string
}

/** The forms that are offered, as their template gets them. */
export function formFaces(offered: Offered, { card }: Words): readonly FormFace[] {
  const plain = { confirms: false, finding: '-', style: 'default' } as const
  const found = { verb: 'review-glass', label: card.finding, missing: card.findingMissing, ...plain }
  const faces: Readonly<Record<FurtherForm, FormFace>> = {
    ask: {
      ...plain,
      ...{ form: card.askForm, now: card.askNow, verb: 'ask' },
      ...{ id: 'question', label: card.question, missing: card.questionMissing },
    },
    break: {
      ...{ form: card.breakForm, now: card.breakNow, verb: 'break-glass', style: 'destructive', finding: '-' },
      ...{ id: 'glassReason', label: card.breakReason, missing: card.breakMissing, confirms: true },
    },
    justified: {
      ...found,
      ...{ form: card.justifiedForm, now: card.justifiedNow, id: 'justified', finding: 'justified' },
    },
    unjustified: {
      ...found,
      ...{ form: card.unjustifiedForm, now: card.unjustifiedNow, id: 'unjustified', finding: 'unjustified' },
      style: 'destructive',
    },
  }
  return (Object.keys(faces) as readonly FurtherForm[]).flatMap((name) => (offered[name] ? [faces[name]] : []))
}
