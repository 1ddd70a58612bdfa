import type { Json } from '../core/data/json.ts'
import { tamperingsIn } from '../core/log/manifest.ts'
import { visible } from '../core/data/text.ts'
import { spoken } from '../words/spoken.ts'
import type { Chapter } from '../verify/requestStory.ts'
import { wordsOfKinds } from './evidence.ts'
import { type Account, accountOf, noteOf, type Reported, type StoryStep } from './account.ts'

/** Reports a day as one HTML page, which loads nothing, runs nothing, and can be printed. */
export async function* htmlReport(chapters: AsyncIterable<Chapter>, reported: Reported): AsyncGenerator<string> {
  yield head(reported)
  yield outOfTheOrdinary(reported)
  const notes: StoryStep[] = []
  for await (const chapter of chapters) {
    if (chapter.kind === 'request') yield requestOf(accountOf(chapter.story))
    else notes.push(noteOf(chapter.event))
  }
  if (notes.length > 0) yield `<section><h2>The log itself</h2>${tableOf(notes)}</section>\n`
  yield '</main>\n</body>\n</html>\n'
}

const style = `body{font:14px/1.45 system-ui,sans-serif;color:#1b1b1b;margin:2rem auto;max-width:64rem;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:0 0 .5rem}section{border-top:2px solid #ccc;padding:1rem 0;break-inside:avoid-page}
dl{display:grid;grid-template-columns:9rem 1fr;gap:.2rem 1rem;margin:0 0 .7rem}dt{color:#555}dd{margin:0}
dd,td{overflow-wrap:anywhere;white-space:pre-wrap}table{border-collapse:collapse;width:100%}
td,th{border-top:1px solid #ddd;padding:.25rem .6rem .25rem 0;text-align:left;vertical-align:top}
th{color:#555;font-weight:normal}blockquote{border-left:3px solid #bbb;margin:.2rem 0;padding-left:.6rem}
.state{font-weight:normal;color:#555}.odd{color:#a00;font-weight:bold}.none{color:#777}
@media print{body{margin:0;max-width:none;font-size:11px}}`

function head({ manifest, hasSaid }: Reported): string {
  const { date, number, log, counts, sealedAt, tool } = manifest
  const said = hasSaid
    ? 'The texts that people and agents wrote were verified against the log. Missing texts were erased, or written on an earlier day.'
    : 'The texts that people and agents wrote were not given: only their digests are known here.'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Countersign: ${escaped(date)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Privileged actions of ${escaped(date)}</h1>
${listOf([
  ['verified', 'Signatures, digests, the log, the tables and the rules: everything holds.'],
  ...(tamperingsIn(manifest) > 0
    ? [['tampered', 'Somebody had changed what was stored. What was done about it is told below.'] as const]
    : []),
  ['bundle', `${number}, sealed at ${sealedAt} by ${tool}`],
  ['log', log.origin],
  ['size', `${log.from.size} to ${log.to.size}`],
  ['root', log.to.root],
  ['holds', `${counts.records} records about ${counts.requests} requests; ${counts.exceptions} exceptions`],
])}<p>${said}
Names are for display; object ids decide. ↵ is the end of a line, and ⟦U+…⟧ an invisible character.</p>
`
}

/** Lists the exceptions by time, after their counts by kind. */
function outOfTheOrdinary({ exceptions: { counts, rows, left } }: Reported): string {
  if (counts.size === 0) return '<section><h2>Out of the ordinary</h2><p>Nothing.</p></section>\n'
  const kinds = wordsOfKinds(counts).map((words) => `<li>${escaped(words)}</li>`)
  const cells = rows.map(({ at, request, kind, actor, action, detail }) => {
    const about = request === undefined ? 'the log itself' : `<a href="#${escaped(request)}">${shown(action)}</a>`
    const what = [spoken.exceptions[kind], detail].filter(Boolean).join(': ')
    return `<tr><td>${escaped(at)}</td><td>${escaped(kind)}</td><td>${shown(what)}</td><td>${about}</td><td>${escaped(actor)}</td></tr>`
  })
  const more = left === 0 ? '' : `<p>${left} more are in exceptions.csv of the bundle.</p>\n`
  return `<section><h2>Out of the ordinary</h2>
<ul>
${kinds.join('\n')}
</ul>
<table><tr><th>when</th><th>kind</th><th>what</th><th>request</th><th>by</th></tr>
${cells.join('\n')}
</table>
${more}</section>
`
}

function requestOf(account: Account): string {
  const { id, state, verb, action, agent, at, reason, links, policy, digest, steps, exceptions, earlier } = account
  const unknown = earlier ? `see the report of ${earlier}` : null
  const odd = exceptions.length > 0 ? `<p class="odd">Out of the ordinary: ${shown(exceptions.join(', '))}</p>\n` : ''
  return `<section id="${escaped(id)}">
<h2>${shown(verb)}${action ? ` on ${shown(plain(action['target']))}` : ''} <span class="state">${escaped(state)}</span></h2>
${odd}${listOf([
  ['request', id],
  ['asked by', `${agent} at ${at}`],
  ['why', reason ?? unknown],
  ...whatOf(action, unknown),
  ...links.map(({ title, url }) => ['link', `${title}: ${url}`] as const),
  ['policy', policy],
  ['digest', digest],
])}${tableOf(steps)}</section>
`
}

function whatOf(action: Account['action'], unknown: string | null): readonly Row[] {
  if (!action) return [['what', unknown]]
  const { target, environment, params = {} } = action
  return [
    ['target', plain(target)],
    ['environment', plain(environment)],
    ['params', params],
  ]
}

/** A label, and a text or a value that is written as JSON; `null` if it is not known. */
type Row = readonly [string, Json]

const listOf = (rows: readonly Row[]): string =>
  `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${content(text)}</dd>`).join('\n')}</dl>\n`

function content(value: Json): string {
  if (value === null) return none
  if (typeof value === 'string') return shown(value)
  // The line breaks are this program's. The values may be an agent's.
  return JSON.stringify(value, null, 2).split('\n').map(shown).join('\n')
}

const none = '<span class="none">not given, or erased</span>'

function tableOf(steps: readonly StoryStep[]): string {
  const rows = steps.map(({ at, who, what, words }) => {
    const quoted = words === undefined ? '' : `<blockquote>${shown(words)}</blockquote>`
    return `<tr><td>${escaped(at)}</td><td>${shown(who)}</td><td>${shown(what)}${quoted}</td></tr>`
  })
  return `<table><tr><th>when</th><th>who</th><th>what</th></tr>\n${rows.join('\n')}\n</table>\n`
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Writes a text of a person or agent: escapes markup, and shows invisible characters. */
const shown = (text: string): string => escaped(visible(text, 'block'))

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)
