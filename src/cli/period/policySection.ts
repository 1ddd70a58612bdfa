import { escaped, shown } from '../html.ts'
import type { PeriodData } from './collect.ts'
import type { FileChange, PolicyChange } from './policies.ts'
import { pageTable } from './table.ts'

/** Lines of a diff that a page shows. */
const mostLines = 400

/** Tells which policy versions were in force, what each change was, and who deployed it as far as that is recorded. */
export function policySection({ policies }: PeriodData): string {
  const versions = policies.versions()
  const changes = policies.changes()
  const table = pageTable(
    ['version', 'named from', 'to'],
    versions.map(({ version, first, last }) => [version, first, last]),
  )
  const none = '<p>No change of policy was recorded on the verified days.</p>\n'
  return `<p>A version is the SHA-256 of the list of its files, which are in the bundles. The service records that another version was loaded; a deployer can say in <code>COUNTERSIGN_POLICY_REF</code> who deployed it and why. The log does not prove who that was.</p>
${table}${changes.length === 0 ? none : changes.map((change) => changeHtml(change, policies.diff(change.from ?? change.to, change.to))).join('')}`
}

function changeHtml({ from, to, at, until, shards, ref }: PolicyChange, diff: readonly FileChange[] | null): string {
  const by = ref === undefined ? '<span class="odd">not said, not given, or erased</span>' : shown(ref)
  const span = until === at ? at : `${at} to ${until}`
  return `<h3>Changed at ${escaped(at)}</h3>
<dl><dt>from</dt><dd>${from === undefined ? 'none: these shards had recorded no policy before' : escaped(from)}</dd><dt>to</dt><dd>${escaped(to)}</dd>
<dt>recorded</dt><dd>${escaped(span)}, by ${shards} of 16 shards</dd><dt>who and why</dt><dd>${by}</dd></dl>
${from === undefined ? '' : diffHtml(diff)}`
}

function diffHtml(diff: readonly FileChange[] | null): string {
  if (diff === null)
    return '<p class="odd">The files of one of the two versions are in no verified bundle of this period.</p>\n'
  if (diff.length === 0) return '<p>Only card templates, or what is derived from the rules, differ.</p>\n'
  return diff
    .map(({ name, lines }) => {
      const shownLines = lines.slice(0, mostLines).map(({ sign, text }) => {
        const mark = sign === '+' ? ' class="plus"' : sign === '-' ? ' class="minus"' : ' class="soft"'
        return `<span${mark}>${sign} ${shown(text)}</span>`
      })
      const more = lines.length > mostLines ? `\n<span class="odd">${lines.length - mostLines} more lines</span>` : ''
      return `<p>${shown(name)}</p><pre class="diff">${shownLines.join('\n')}${more}</pre>\n`
    })
    .join('')
}
