import type { Approvals } from '../../approvals/approvals.ts'
import type { PossibleDeputy } from '../../approvals/absence.ts'
import type { ObjectId } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { problemIn } from '../../core/data/problem.ts'
import { type Delegation, parseUntil } from '../../core/request/deputy.ts'
import { spoken } from '../../words/spoken.ts'

type AwayParts = Pick<Approvals, 'delegate' | 'recall' | 'delegations' | 'deputiesOf' | 'namesOf'>

/** What a person typed in their own chat, after the word that names the command; in lower case. */
interface AwayCommand {
  readonly who: ObjectId
  readonly argument?: string
}

const form = /^until (\S+)(?: for (.+))?$/

/**
 * Notes that a person is away and who acts for them, and answers how it stands then. A deputy is named as the directory has
 * them, as far as that tells one from the others; the only one need not be named.
 *
 * @throws {Problem} as `delegate`
 */
export async function away(approvals: AwayParts, { who, argument = '' }: AwayCommand): Promise<string> {
  const { bot } = spoken
  const possible = await approvals.deputiesOf(who)
  if (possible.length === 0) return bot.awayNobody
  const [, time = '', name] = form.exec(argument) ?? []
  const until = untilIn(time)
  if (until === null) return bot.awayUsage(await standingOf(approvals, who), possible.map(labelOf))
  const found = possible.filter((one) => name === undefined || isNamed(one, name))
  const [deputy, ...others] = found
  if (!deputy || others.length > 0) return bot.awayWhom(possible.map(labelOf))
  const made = await approvals.delegate({ by: who, to: deputy.id, until })
  return bot.awayDone(deputy.name, made.groups, made.until)
}

/** Notes that a person is back, and answers how it stands then. @throws {Problem} as `recall` */
export async function back(approvals: AwayParts, { who }: AwayCommand): Promise<string> {
  const own = await ownOf(approvals, who)
  for (const { event } of own) await approvals.recall({ event, by: who })
  return own.length === 0 ? spoken.bot.notAway : spoken.bot.backDone
}

function untilIn(text: string): Instant | null {
  let until: Instant | null = null
  const problem = problemIn(() => {
    until = parseUntil(text)
  })
  return problem ? null : until
}

/** A mention in the text has the name between its tags. */
const isNamed = ({ name, id }: PossibleDeputy, typed: string): boolean => {
  const wanted = typed.replaceAll(/<[^>]*>/g, '').trim()
  return wanted === id || name.toLowerCase() === wanted || name.toLowerCase().split(/\s+/).includes(wanted)
}

const labelOf = ({ name, groups }: PossibleDeputy): string => `${name} (${groups.join(', ')})`

async function standingOf(approvals: AwayParts, who: ObjectId): Promise<string> {
  const own = await ownOf(approvals, who)
  if (own.length === 0) return spoken.bot.notAway
  const names = await approvals.namesOf(own.map(({ to }) => to))
  return own.map(({ to, groups, until }) => spoken.bot.awayDone(names.get(to) ?? to, groups, until)).join('\n\n')
}

async function ownOf(approvals: AwayParts, who: ObjectId): Promise<readonly Delegation[]> {
  const all = await approvals.delegations({ kind: 'person', id: who, evidence: false })
  return all.filter(({ member }) => member === who)
}
