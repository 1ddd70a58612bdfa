import { tamperingsIn } from '../core/log/manifest.ts'
import { spoken } from '../words/spoken.ts'
import type { Chapter } from '../verify/requestStory.ts'
import { wordsOfKinds } from '../verdict/exceptions.ts'
import { wordsOfMissing } from '../verdict/texts.ts'
import { escaped, listOf, pageEnd, pageHead, shown } from './html.ts'
import { accountOf, noteOf, type Reported, type StoryStep } from './account.ts'
import { sectionOf, tableOf } from './accountHtml.ts'

/** Reports a day as one HTML page, which loads nothing, runs nothing, and can be printed. */
export async function* htmlReport(chapters: AsyncIterable<Chapter>, reported: Reported): AsyncGenerator<string> {
  yield head(reported)
  yield outOfTheOrdinary(reported)
  const notes: StoryStep[] = []
  for await (const chapter of chapters) {
    if (chapter.kind === 'request') {
      const cards = await reported.cards?.(chapter.story.events)
      yield sectionOf(accountOf(chapter.story, { cards, hasSaid: reported.said !== undefined, known: reported.known }))
    } else notes.push(noteOf(chapter.event))
  }
  if (notes.length > 0) yield `<section><h2>The log itself</h2>${tableOf(notes)}</section>\n`
  yield pageEnd
}

function head({ manifest, said }: Reported): string {
  const { date, number, log, counts, sealedAt, tool } = manifest
  return `${pageHead(`Countersign: ${date}`)}<h1>Privileged actions of ${escaped(date)}</h1>
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
])}${textsOf(said)}<p>Names are for display; object ids decide. ↵ is the end of a line, and ⟦U+…⟧ an invisible character.</p>
`
}

/** Says what is known of the texts. */
function textsOf(said: Reported['said']): string {
  if (!said) return '<p>The texts that people and agents wrote were not given: only their digests are known here.</p>\n'
  const given =
    '<p>The texts that people and agents wrote were verified against the log. Those of earlier days are not here.</p>\n'
  const [words] = wordsOfMissing(said)
  return words === undefined ? given : `${given}<p class="odd">${escaped(words)}</p>\n`
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
