import { commandLine, runIn, shellWord } from '../core/action/run.ts'
import { isObject } from '../core/data/json.ts'
import { plain as plainText } from '../words/run.ts'
import { spoken } from '../words/spoken.ts'
import type { Account, StoryStep } from './account.ts'
import { escaped, listOf, type PageRow, shown } from './html.ts'

/** Describes a request, as a section of a page. */
export function sectionOf(account: Account): string {
  const { id, state, verb, action, agent, owner, at, reason, links, policy, digest, steps, exceptions, earlier } =
    account
  const { controls } = account
  const missing = account.missing.map((text) => ['missing', text] as const)
  const unknown = earlier ? `see the report of ${earlier}` : null
  const odd = exceptions.length > 0 ? `<p class="odd">Out of the ordinary: ${shown(exceptions.join(', '))}</p>\n` : ''
  return `<section id="${escaped(id)}">
<h2>${shown(verb)}${action ? ` on ${shown(plain(action['target']))}` : ''} <span class="state">${escaped(state)}</span></h2>
${runOf(action)}${odd}${listOf([
  ['request', id],
  ['asked by', `${agent} at ${at}`],
  ...(owner === undefined ? [] : [['its owner', owner] as const]),
  ['why', reason ?? unknown],
  ...whatOf(action, unknown),
  ...links.map(({ title, url }) => ['link', `${title}: ${url}`] as const),
  ['policy', policy],
  ...(controls.length === 0 ? [] : [['supports', controls.join(', ')] as const]),
  ['digest', digest],
  ...missing,
])}${tableOf(steps)}</section>
`
}

/** Says what was bound to run: below the title, since the title may be the agent's claim alone. */
function runOf(action: Account['action']): string {
  const params = action?.['params']
  const run = isObject(params) ? runIn(params) : null
  if (!run) return ''
  const sentence = spoken.run.willRun(commandLine(run), shellWord(run.cwd))
  const pieces = sentence.map((piece) =>
    piece.role === 'exact' ? `<code>${shown(piece.text)}</code>` : escaped(plainText([piece])),
  )
  return `<p class="run">${pieces.join('')}</p>\n`
}

function whatOf(action: Account['action'], unknown: string | null): readonly PageRow[] {
  if (!action) return [['what', unknown]]
  const { target, environment, params = {} } = action
  return [
    ['target', plain(target)],
    ['environment', plain(environment)],
    ['params', params],
  ]
}

/** Lists what happened. */
export function tableOf(steps: readonly StoryStep[]): string {
  const rows = steps.map(({ at, who, what, words, card }) => {
    const quoted = words === undefined ? '' : `<blockquote>${shown(words)}</blockquote>`
    return `<tr><td>${escaped(at)}</td><td>${shown(who)}</td><td>${shown(what)}${quoted}${cardOf(card)}</td></tr>`
  })
  return `<table><tr><th>when</th><th>who</th><th>what</th></tr>\n${rows.join('\n')}\n</table>\n`
}

function cardOf(card: StoryStep['card']): string {
  if (!card) return ''
  if ('why' in card) return `<p class="none">Not drawn here: ${shown(card.why)}</p>`
  return `<details><summary>What was shown</summary>${card.html}</details>`
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : '')
