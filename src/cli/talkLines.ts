import { spoken } from '../words/spoken.ts'
import type { Answer } from './answer.ts'
import type { Line } from './layout.ts'
import { describeNarrowed, narrowedSince } from './narrowedLines.ts'
import type { TalkGlass, TalkPrompts, TalkQuestion } from './talkAnswer.ts'

/** Describes what people asked, were told, and did in an emergency. Their texts stand behind bars, as the reason does. */
export const describeTalk = ({ questions, prompts, narrowed, glass }: Answer): readonly Line[] => [
  ...questions.flatMap(describeQuestion),
  ...describeNarrowed(narrowed),
  ...describePrompts(prompts),
  ...(glass ? describeGlass(glass) : []),
]

/** Numbers a question, which `answer` takes in place of its id. */
function describeQuestion({ answer, ...asked }: TalkQuestion, i: number): readonly Line[] {
  return [
    [`question ${i + 1}`, `${askingOf(asked)}: ${asked.by} at ${asked.at}`],
    ...said(asked.text),
    ...(answer
      ? [
          [`answer ${i + 1}`, `${answer.by} at ${answer.at} ${answer.isByAgent ? byAgent : forAgent}`] as const,
          ...said(answer.text),
        ]
      : [['', 'not answered yet'] as const]),
  ]
}

const byAgent = spoken.request.fromAgent
const forAgent = '(for the agent, not verified)'

/** Says who asks, as what it is: a person's words, by their groups. */
const askingOf = ({ groups }: Pick<TalkQuestion, 'groups'>): string =>
  groups.length === 0 ? 'A person asks' : `A person asks (${groups.join(', ')})`

const describePrompts = ({ remindedAt, escalatesAt, groups, joined }: TalkPrompts): readonly Line[] => [
  ...(remindedAt === undefined ? [] : [['reminded', remindedAt] as const]),
  ...(escalatesAt === undefined
    ? []
    : [['escalates', `${escalatesAt}: then ${groups.join(', ')} may approve, too`] as const]),
  ...(joined.length === 0 ? [] : [['escalated', `${joined.join(', ')} may approve, too`] as const]),
]

function describeGlass({ review, reviewBy, ...broken }: TalkGlass): readonly Line[] {
  return [
    ['glass broken', `approved alone by ${broken.by} at ${broken.at}`],
    ...said(broken.text),
    ...(review
      ? [['reviewed', `${review.finding}, by ${review.by} at ${review.at}`] as const, ...said(review.text)]
      : [['review', `due by ${reviewBy}, by another person`] as const]),
  ]
}

const said = (text: string | undefined): readonly Line[] => [['', text ?? '(erased)']]

type TalkSoFar = Pick<Answer, 'questions' | 'narrowed' | 'prompts'>

/** Says what is new in the talk since an earlier answer, each in one sentence. */
export function newsOf(next: Answer, before: TalkSoFar): readonly string[] {
  const [known, answered] = [idsOf(before.questions), idsOf(before.questions.filter(({ answer }) => answer))]
  const joined = next.prompts.joined.filter((group) => !before.prompts.joined.includes(group))
  return [
    ...next.questions.filter(({ id }) => !known.has(id)).map((one) => `${askingOf(one)}: “${one.text ?? ''}”`),
    ...next.questions.flatMap(({ id, answer }) =>
      answer && !answered.has(id)
        ? [`answered ${answer.isByAgent ? 'by' : 'for'} the agent: “${answer.text ?? ''}”`]
        : [],
    ),
    ...narrowedSince(next.narrowed, before.narrowed),
    ...(joined.length > 0 ? [`${joined.join(', ')} may approve, too`] : []),
  ]
}

const idsOf = (questions: readonly TalkQuestion[]): ReadonlySet<string> => new Set(questions.map(({ id }) => id))

/** Nothing of a talk, for the first answer that is compared. */
export const noTalk: TalkSoFar = { questions: [], narrowed: [], prompts: { groups: [], joined: [] } }

/** Says how the agent answers what it has to answer; nothing if it has to answer nothing. */
export function howToAnswer(answer: Answer): readonly Line[] {
  return answer.next === 'answer' ? [['next', answerCommand(answer)]] : []
}

/** What an answer needs to know of a request. */
interface AnsweredTalk {
  readonly id: string
  readonly questions?: readonly { readonly answer?: object }[]
}

/** The command that answers the oldest open question. It is named by its number where there are several. */
export function answerCommand({ id, questions = [] }: AnsweredTalk): string {
  const open = questions.flatMap(({ answer }, i) => (answer ? [] : [i + 1]))
  return `countersign answer ${id} ${open.length > 1 ? `${open[0]} ` : ''}TEXT`
}
