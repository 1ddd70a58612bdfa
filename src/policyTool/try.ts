import type { DryRun } from '../approvals/dryRun.ts'
import { exitOfProblem, exits } from '../cli/exit.ts'
import type { Line } from '../cli/layout.ts'
import type { Result } from '../cli/result.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { overlap } from '../core/request/requirement.ts'
import type { LoadedPolicy } from '../policy/load.ts'
import { spoken } from '../words/spoken.ts'
import { warningOf } from '../words/warning.ts'
import { readJsonFile } from './draft.ts'
import { type Circumstances, inFile, type Trial, tryBy } from './trial.ts'
import { type DrawnView, viewOf } from './view.ts'

/**
 * Tries an ask: what policy answers, who would have to approve, and what they would see.
 *
 * @throws {Exit} 2 or 78, naming the file
 */
export async function tryAsk(policy: LoadedPolicy, file: string, given: Circumstances): Promise<Result> {
  const trial = await inFile(file, () => tryBy(policy, readJsonFile(file), given))
  const { run } = trial
  if (run instanceof Problem) {
    const exit = exitOfProblem(run.status, run.code)
    const lines: readonly Line[] = [
      ['outcome', `refused: ${run.code}`],
      ['because', run.message],
    ]
    return { exit, lines, to: 'stdout', record: { exit, problem: problemRecord(run) } }
  }
  const { uncovered } = trial
  const view = run.outcome === 'approve' ? viewIn(policy, trial, run) : null
  const exit = exitOfRun(run)
  return {
    exit,
    lines: [
      ...describe(policy, run),
      ...(uncovered === undefined ? [] : [['because', uncovered] as const]),
      ...(view ? [['title', view.title] as const] : []),
    ],
    // The lines are written as they are: they are safe, and laying them out again would write their marks out.
    ...(view && { text: pagesText(view) }),
    to: 'stdout',
    record: {
      exit,
      ...recordOf(policy, run),
      ...(uncovered !== undefined && { uncovered }),
      ...(view && { view: { title: view.title, pages: view.pages } }),
    },
  }
}

/** The exit code is that of a real ask. */
function exitOfRun({ outcome, problem }: DryRun): number {
  if (problem) return exitOfProblem(problem.status, problem.code)
  return outcome === 'approve' || outcome === 'allow' ? exits.ok : exits.refused
}

const viewIn = (policy: LoadedPolicy, { asked }: Trial, { summary }: DryRun): DrawnView =>
  viewOf(asked.action, policy.presentation(asked.action.action) ?? undefined, summary)

const pagesText = ({ pages }: DrawnView): string =>
  pages
    .map((lines, i) => `${spoken.params.pageOf(i + 1, pages.length)}\n${lines.map((line) => `  | ${line}\n`).join('')}`)
    .join('')

const outcomeWords: Readonly<Record<DryRun['outcome'], string>> = {
  approve: 'approve: people decide',
  allow: 'allow: approved at once, with no person involved',
  forbid: 'forbid: denied, whoever would approve it',
  'no-policy': 'no-policy: denied, since no rule allows it',
}

function describe(policy: LoadedPolicy, run: DryRun): readonly Line[] {
  const { outcome, asking, problem, lapse, grant, warnings } = run
  return [
    ['outcome', outcomeWords[outcome]],
    ...placesOf(policy, run).map(({ id, file, line, summary }): Line => ['rule', ruleText(id, file, line, summary)]),
    ...(problem ? [['refused', `${problem.message} (${problem.code})`] as const] : []),
    ...(asking?.required ?? []).map((slot): Line => ['approvers', slotText(policy, slot, asking?.excluded ?? [])]),
    ...(asking && asking.excluded.length > 0 ? [['may not approve', asking.excluded.join(', ')] as const] : []),
    ...(asking && asking.excludedByAgent.length > 0
      ? [['by its own word', asking.excludedByAgent.join(', ')] as const]
      : []),
    ...(asking ? [['tier', asking.tier] as const] : []),
    ...(asking?.via ? [['only through', asking.via.join(', ')] as const] : []),
    ...(lapse === undefined ? [] : [['times', timesText(asking?.expires, lapse, grant ?? 0)] as const]),
    ...warnings.map((code): Line => ['warning', warningOf(code, spoken)]),
  ]
}

const ruleText = (id: string, file: string, line: number, summary?: string): string =>
  `${id} (${file}:${line})${summary === undefined ? '' : `: ${summary}`}`

const placesOf = ({ rules }: LoadedPolicy, run: DryRun) => rules.filter(({ id }) => run.rules.includes(id))

/** A slot with its groups, and the people whom `approvers.json` lists for it and who may approve. */
function slotText(
  policy: LoadedPolicy,
  { groups, quorum }: { readonly groups: readonly string[]; readonly quorum: number },
  excluded: Parameters<typeof overlap>[1],
): string {
  const { listed, entra } = peopleIn(policy, groups, excluded)
  const people = [...listed, ...entra.map((id) => `members of the directory's group ${id}`)]
  return `${spoken.progress.people(groups, quorum)}: ${people.join(', ') || 'no one who is listed'}`
}

function peopleIn(policy: LoadedPolicy, names: readonly string[], excluded: readonly unknown[]) {
  const groups = names.flatMap((name) => policy.group(name) ?? [])
  const listed = [...new Set(groups.flatMap(({ members }) => members))]
  return {
    listed: listed.filter((id) => !overlap<unknown>(policy.accounts(id), excluded)),
    entra: groups.flatMap(({ entraGroup }) => entraGroup ?? []),
  }
}

const timesText = (expires: number | undefined, lapse: number, grant: number): string =>
  [
    ...(expires === undefined ? [] : [`waits ${expires} s for people`]),
    `an approval may wait ${lapse} s to be used`,
    `a grant holds ${grant} s`,
  ].join(', ')

const problemRecord = ({ code, message, details: { pointer } }: Problem): JsonObject => ({
  ...{ code, detail: message },
  ...(pointer !== undefined && { pointer }),
})

function recordOf(policy: LoadedPolicy, run: DryRun): JsonObject {
  const { outcome, asking, problem, lapse, grant, warnings } = run
  const excluded = asking?.excluded ?? []
  const required = (asking?.required ?? []).map(({ groups, quorum }) => ({
    ...{ groups, quorum },
    ...peopleIn(policy, groups, excluded),
  }))
  return {
    outcome,
    rules: placesOf(policy, run).map((rule) => ({ ...rule, summary: rule.summary ?? '' })),
    ...(asking && { tier: asking.tier, expires: asking.expires, ...(asking.via && { via: asking.via }) }),
    ...(lapse !== undefined && { lapse }),
    ...(grant !== undefined && { grant }),
    ...{ required, excluded, excludedByAgent: asking?.excludedByAgent ?? [], warnings },
    ...(problem && { problem: problemRecord(problem) }),
  }
}
