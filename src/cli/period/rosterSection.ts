import { shown } from '../html.ts'
import type { PeriodData } from './collect.ts'
import type { GroupHistory, GroupState } from './rosters.ts'
import { type PageCell, pageTable } from './table.ts'

/** Members of a group that are named one by one on a page. */
const mostNamed = 200

/** Tells who was in the groups that may approve, and what is not known of it. */
export function rostersSection(data: PeriodData): string {
  const groups = data.rosters.groups()
  const intro =
    '<p>Each day records at its beginning who is in each group that a rule names. Somebody who joined later that day is not in the list, and may have approved all the same.</p>\n'
  if (groups.length === 0)
    return `${intro}<p class="odd">No verified day of this period records the members of a group: who could have approved is not known.</p>\n`
  return intro + groups.map((group) => groupHtml(group, data)).join('')
}

function groupHtml(history: GroupHistory, data: PeriodData): string {
  const { group, entraGroup, states } = history
  const rows = states.map((state, i) => [
    state.day,
    state.count,
    i === 0 || !state.joined ? namesOf(state.members, state, data) : '',
    named(state.joined, data),
    named(state.left, data),
  ])
  const unknown = unrecorded(history, data)
  const where = entraGroup === undefined ? 'a list of the policy' : `Entra group ${entraGroup}`
  return `<h3>${shown(group)} <span class="state">${shown(where)}</span></h3>
${pageTable(['from', 'members', 'who', 'joined', 'left'], rows)}${unknown === null ? '' : `<p class="odd">${shown(unknown)}</p>\n`}`
}

function namesOf(members: GroupState['members'], { count }: GroupState, data: PeriodData): PageCell {
  if (members) return named(members, data)
  return count > 0
    ? 'the list was not given, or has more than 5,000 members: only its digest and its length are known'
    : ''
}

/** One person a line: a name with a semicolon in it cannot pass for two people. */
function named(ids: readonly string[] = [], { names }: PeriodData): PageCell {
  const lines = ids.slice(0, mostNamed).map((id) => shown(names.full(id)))
  const more = ids.length > mostNamed ? [`and ${ids.length - mostNamed} more`] : []
  return { html: [...lines, ...more].join('<br>') }
}

/** Says on which verified days the members of a group were not recorded. */
function unrecorded({ days }: GroupHistory, { verdict }: PeriodData): string | null {
  const known = new Set(days)
  const without = verdict.days.filter((day) => day.state === 'holds' && !known.has(day.date)).map(({ date }) => date)
  if (without.length === 0) return null
  const some = without.slice(0, 20).join(', ')
  return `Not recorded on ${without.length} verified days: ${some}${without.length > 20 ? ' and later ones' : ''}.`
}
