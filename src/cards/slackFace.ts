import { unbroken } from '../core/data/text.ts'
import type { Words } from '../words/words.ts'
import type { Instant } from '../core/data/instant.ts'
import { barred, blockLimits, dateMark, escaped, packed } from './blockKit.ts'
import { short } from './textRun.ts'
import type { channelFace, listFace, refusedFace, reviewFace } from './cardData.ts'
import type { noticeFace } from './noticeFace.ts'

/** Texts of one block each. */
type Texts = readonly { readonly text: string }[]

/** A piece of a face, with its font where it has one. */
interface FacePiece {
  readonly text: string
  readonly font?: string
}

/**
 * Takes the marks of Adaptive Cards off a text, and puts on those of Slack: a zero-width space behind what begins an
 * entity or a link of Slack's own markup, should Slack ever read it in a plain text.
 */
const inSlack = (text: string): string => unbroken(text).replaceAll(/&(?=#?\w{1,12};)|<(?=[!@#/\w])/g, '$&\u200b')

/** A text that people copy has line ends on cards, which are none of its own. */
const written = ({ text, font }: FacePiece): string => inSlack(font === 'Monospace' ? text.replaceAll('\n', '') : text)

const lineIn = ({ runs }: { readonly runs: readonly FacePiece[] }): string => runs.map(written).join('')

/** The moments that clients of Teams fill in: the day and the hour, or the hour alone. Only sentences of ours have such marks. */
const moment = /\{\{DATE\(([^,)]*)[^)]*\)\}\}, \{\{TIME\([^)]*\)\}\}|\{\{TIME\(([^)]*)\)\}\}/g

/** Writes out the moments, in UTC. */
const timed = (text: string): string =>
  text.replaceAll(moment, (_, day?: string, hour?: string) =>
    day === undefined ? `${(hour ?? '').slice(11, 16)} UTC` : `${day.slice(0, 10)} ${day.slice(11, 16)} UTC`,
  )

/** Writes a sentence of ours as markup in which Slack fills in the reader's own time, or UTC where it cannot. */
const inReadersTime = (text: string): string =>
  escaped(text).replaceAll(moment, (written: string, day?: string, hour?: string) =>
    dateMark((day ?? hour ?? '') as Instant, day === undefined ? '{time}' : '{date_short}, {time}', timed(written)),
  )

/** What every card of Slack begins with. */
function headOf(face: Head, words: Words) {
  const title = face.title.map(written).join('')
  const isShort = title.length <= blockLimits.header
  return {
    request: face.request,
    speak: face.speak,
    header: isShort ? [{ text: title }] : [],
    title: isShort ? [] : packed([title]),
    status: packed([[face.status, ...face.tier.map(({ text }) => text)].join('   ')]),
    run: packed(face.run.map(lineIn)),
    subtitle: packed(face.subtitle.map(({ text }) => inSlack(text))),
    story: packed([
      ...face.story.map(lineIn),
      ...face.votes.map((vote) => `${lineIn(vote)}, ${timed(vote.at)}`),
      ...face.upcoming.map(({ text }) => text),
    ]),
    moments: face.times.map(({ text }) => ({ text: inReadersTime(text) })),
    warnings: packed(
      face.warnings.length === 0 ? [] : [`⚠ ${words.card.warned}`, ...face.warnings.map(({ text }) => inSlack(text))],
    ),
  }
}

type Head = Pick<
  ReturnType<typeof channelFace>,
  | ('request' | 'speak' | 'title' | 'status' | 'tier' | 'run' | 'subtitle')
  | ('story' | 'votes' | 'upcoming' | 'times' | 'warnings')
>

/** What the agent wrote beside the action. Each line of it stands behind a bar. */
function agentsWords(face: Pick<ReturnType<typeof reviewFace>, 'reason' | 'links'>, words: Words): Texts {
  if (face.reason === '') return []
  const links = face.links.map(({ title, url }) => `${inSlack(title)}: ${written({ text: url, font: 'Monospace' })}`)
  return packed([`${words.card.fromAgent}:`, barred([inSlack(face.reason), ...links].join('\n'))])
}

/** What was asked and answered. The words of an answer stand behind a bar, as those of the agent do. */
function talkTexts({ earlier, talk }: Pick<ReturnType<typeof reviewFace>, 'earlier' | 'talk'>): Texts {
  return packed([
    ...earlier.map(({ text }) => text),
    ...talk.flatMap((entry) => [
      lineIn(entry),
      ...entry.answers.flatMap((answer) => [`${lineIn(answer)}:`, barred(inSlack(answer.text))]),
      ...entry.waits.map(({ text }) => text),
    ]),
  ])
}

const factLines = (
  facts: readonly { readonly label: string; readonly value: string; readonly font: string }[],
): Texts => packed(facts.map(({ label, value, font }) => `${label}: ${written({ text: value, font })}`))

/** What a message in a channel says, as data for its template. */
export function slackChannelFace(face: ReturnType<typeof channelFace>, words: Words) {
  const params = [...face.critical, ...face.params].map(({ key, text }) => `${inSlack(key)}: ${inSlack(text)}`)
  return {
    ...headOf(face, words),
    facts: factLines(face.facts),
    params: packed(params.length > 0 ? [`${words.card.params}:`, ...params] : face.noParams.map(({ text }) => text)),
    agents: agentsWords(face, words),
    talk: talkTexts(face),
    withheld: face.withheld,
    digest: face.digest === '' ? [] : [{ text: `${words.card.digest}: ${face.digest}` }],
    id: `${words.card.request}: ${face.request}`,
    review: face.open ? [{ text: words.card.review }] : [],
  }
}

type ReviewFace = ReturnType<typeof reviewFace>

/** A param on a page of the view: on one line, or with its name above it. */
function entryLine({ key, about, runs }: ReviewFace['entries'][number]): string {
  const name = `${inSlack(key)}${about}`.trimEnd()
  const value = runs.map(({ text }) => inSlack(text)).join('')
  return value.includes('\n') || value.length > blockLimits.header ? `${name}:\n${barred(value)}` : `${name}: ${value}`
}

/** A form of the view: which act it is for, and what it asks for. */
function formOf({ opensNote, opensDeny, opensRevoke, openForms, typed }: ReviewFace, { card }: Words) {
  // What a person types comes back to them as it was: Slack reads no markup in a field.
  const { words } = typed
  const input = { typed: words === '' ? [] : [{ text: words }], fresh: words === '' }
  if (opensNote) return { ...input, act: 'approve', label: card.note, send: card.approveNoted, optional: true } as const
  if (opensDeny) return { ...input, act: 'deny', label: card.reason, send: card.denyNow, optional: false } as const
  if (opensRevoke)
    return { ...input, act: 'revoke', label: card.revokeReason, send: card.revokeNow, optional: true } as const
  return openForms.some(isQuestion)
    ? ({ ...input, act: 'ask', label: card.question, send: card.askNow, optional: false } as const)
    : null
}

const isQuestion = ({ verb }: { readonly verb: string }): boolean => verb === 'ask'

/** A button of the view. Its value is what a click sends. */
interface ViewButton {
  readonly id: string
  readonly title: string
  readonly value: string
}

function viewButtons(face: ReviewFace, { card }: Words): readonly ViewButton[] {
  const { request, view, at } = face
  const button = (id: string, title: string, page: number = at): ViewButton => {
    return { id, title, value: JSON.stringify({ request, page, view }) }
  }
  return [
    ...(face.previous > 0 ? [button('previous', card.previous, face.previous)] : []),
    ...(face.next > 0 ? [button('next', card.next, face.next)] : []),
    ...(face.approves ? [button('approve', card.approve), button('note', card.noteForm)] : []),
    ...(face.forms.some(isQuestion) ? [button('ask', card.askForm)] : []),
    ...(face.denies ? [button('deny', card.denyForm)] : []),
    ...(face.revokes ? [button('revoke', card.revokeForm)] : []),
    ...(face.back ? [button('back', card.back)] : []),
  ]
}

/** What one page of the approver's view says, as data for its template. */
export function slackReviewFace(face: ReviewFace, words: Words) {
  const form = formOf(face, words)
  const { card } = words
  return {
    ...headOf(face, words),
    form,
    notices: packed(face.notices.map(({ text }) => inSlack(text))),
    mine: packed(face.mine.map(lineIn)),
    facts: factLines(face.facts),
    page: face.page,
    entries: packed([...face.entries.map(entryLine), ...face.noParams.map(({ text }) => text)]),
    agents: agentsWords(face, words),
    talk: talkTexts(face),
    ids: packed([
      `${card.digest}: ${face.digest}`,
      `${card.request}: ${face.request}`,
      `${card.agentId}: ${face.agentId}`,
    ]),
    waits: face.waits ? [{ text: card.lastPage }] : [],
    faults: packed(face.opened.map(({ text }) => inSlack(short(text, 1_000, words)))),
    inputs: form === null ? [] : [form],
    buttons: viewButtons(face, words),
  }
}

/** What a person reads who may not decide. */
export const slackRefusedFace = (face: ReturnType<typeof refusedFace>, words: Words) => ({
  ...headOf(face, words),
  notices: packed([words.card.refused, inSlack(face.text)]),
  who: packed(face.who.length > 0 ? [`${words.card.whoMay}:`, ...face.who.map(({ text }) => text)] : []),
})

/** A list of requests, each with its button. */
export const slackListFace = (face: ReturnType<typeof listFace>) => ({
  speak: face.speak,
  heading: face.heading,
  requests: face.requests.map((one) => ({
    request: one.request,
    text: packed([
      one.title.map(written).join(''),
      [one.status, ...one.tier.map(({ text }) => text)].join('   '),
      ...one.about.map(({ text }) => inSlack(text).replaceAll('\n', '')),
      ...one.times.map(({ text }) => timed(text)),
    ])[0]?.text,
    review: one.review,
  })),
})

/** A notice, which tells people of a request in the thread of its card. */
export const slackNoticeFace = (face: ReturnType<typeof noticeFace>, words: Words) => ({
  speak: face.speak,
  heading: face.heading,
  request: face.request,
  title: packed([face.title.map(written).join('')]),
  lines: packed(face.lines.map(lineIn)),
  moments: face.times.map(({ text }) => ({ text: inReadersTime(text) })),
  review: face.open ? [{ text: words.card.review }] : [],
})
