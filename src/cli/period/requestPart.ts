import { escaped, shown } from '../html.ts'
import type { PeriodAccount } from './account.ts'
import { clockTime, type Zone } from './zone.ts'

/** Describes a request on a page of the report, in as few lines as tell all that the table of requests tells. */
export function requestPart(account: PeriodAccount, zone: Zone): string {
  const { facts, agent, target, environment, controls, odd } = account
  const { cells, id } = facts
  const where = [target, environment].filter((text) => text !== undefined)
  const title = `${shown(cells.action)}${where.length === 0 ? '' : ` on ${shown(where.join(' in '))}`}`
  const marks = `data-state="${escaped(cells.state)}" data-agent="${escaped(cells.agent)}" data-controls="${escaped(controls.join('\n'))}" data-odd="${odd.length > 0 ? 1 : 0}"`
  const rows = rowsOf(account, zone).map(([name, text, mark = '']) => `<dt>${name}</dt><dd${mark}>${shown(text)}</dd>`)
  return `<article id="${escaped(id)}" ${marks}>
<h3>${title} <span class="state">${escaped(cells.state)}</span></h3>
<dl><dt>asked</dt><dd>${escaped(both(cells.requested_at, zone))} by ${shown(agent)}</dd>${rows.join('')}</dl>
</article>
`
}

/** A moment in the zone of the report and in UTC. */
const both = (at: string, zone: Zone): string => `${clockTime(at, zone)} (${at})`

type PartRow = readonly [name: string, text: string, mark?: string]

function rowsOf(account: PeriodAccount, zone: Zone): readonly PartRow[] {
  const { facts, owner, onBehalfOf, executor, reason, params, links, controls, policy, odd, missing } = account
  const { cells, id } = facts
  const runBy = cells.executor === cells.agent ? '' : ` by ${executor}`
  return [
    ...(owner === undefined ? [] : [['its owner', owner] as const]),
    ...(onBehalfOf === undefined ? [] : [['acts for', onBehalfOf] as const]),
    ['why', reason ?? 'not given'],
    ...(params === undefined ? [] : [['params', JSON.stringify(params)] as const]),
    ...links.map((link): PartRow => ['link', link]),
    ['policy', policy],
    ...(controls.length === 0 ? [] : [['supports', controls.join(', ')] as const]),
    ...decisionsOf(account, zone),
    ...(cells.redeemed_at === ''
      ? []
      : [['carried out', `${both(cells.redeemed_at, zone)}${runBy}${waitOf(account)}`] as const]),
    ...(account.summary === undefined ? [] : [['reported', account.summary] as const]),
    ...(odd.length === 0 ? [] : [['odd', odd.join('; '), ' class="odd"'] as const]),
    ...(missing.length === 0 ? [] : [['missing', missing.join('; ')] as const]),
    ['request', `${id}, as of ${facts.day}`],
  ]
}

const waitOf = ({ secondsToRun }: PeriodAccount): string =>
  secondsToRun === undefined ? '' : `, ${secondsToRun} s after the decision`

function decisionsOf({ votes, talk, emergency, shown: looks, facts }: PeriodAccount, zone: Zone): readonly PartRow[] {
  const { decided_at, denied_by, outcome, state } = facts.cells
  const voted = votes.map(({ at, who, what, sight, note }): PartRow => {
    const said = note === undefined ? '' : `: ${note}`
    return ['vote', `${both(at, zone)} ${who} ${what}, ${sight}${said}`]
  })
  const talked = talk.map(({ at, who, what, words = 'not given, or erased' }): PartRow => {
    return [what, `${both(at, zone)} ${who}: ${words}`]
  })
  const alone = (emergency ?? []).map((line): PartRow => ['emergency', line, ' class="odd"'])
  const isDecided = decided_at !== ''
  const how = state === 'denied' || denied_by !== '' ? 'denied' : 'approved'
  const people = emergency === undefined ? 'people' : 'one person alone'
  const decided: readonly PartRow[] = isDecided
    ? [['decided', `${both(decided_at, zone)} ${how} by ${outcome === 'approve' ? people : 'policy'}`]]
    : []
  return [...talked, ...voted, ...alone, ...decided, ...looks.map((look): PartRow => ['shown', look])]
}
