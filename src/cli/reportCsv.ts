import { csvLine } from '../core/data/csv.ts'
import type { Chapter } from '../verify/requestStory.ts'
import { type Account, accountOf, type Reported, type StoryStep } from './account.ts'
import { byteOrderMark, harmless } from './csvText.ts'

const columns: Readonly<Record<string, (account: Account) => string | readonly string[] | undefined>> = {
  request: ({ id }) => id,
  state: ({ state }) => state,
  asked_at: ({ at }) => at,
  agent: ({ agent }) => agent,
  owner: ({ owner }) => owner,
  reason: ({ reason }) => reason,
  action: ({ verb }) => verb,
  target: ({ action }) => textOf(action?.['target']),
  environment: ({ action }) => textOf(action?.['environment']),
  params: ({ action }) => action && JSON.stringify(action['params']),
  digest: ({ digest }) => digest,
  links: ({ links }) => links.map(({ title, url }) => `${title} ${url}`),
  controls: ({ controls }) => controls.join('; '),
  policy: ({ policy }) => policy,
  decisions: ({ steps }) => linesOf(steps, 'decision'),
  shown: ({ steps }) => linesOf(steps, 'view'),
  run: ({ steps }) => linesOf(steps, 'run'),
  exceptions: ({ exceptions }) => exceptions.join('; '),
  missing: ({ missing }) => missing.join('; '),
  questions: ({ steps }) => linesOf(steps, 'talk'),
}

/** Reports a day as a table, one row per request. */
export async function* csvReport(chapters: AsyncIterable<Chapter>, { said, known }: Reported): AsyncGenerator<string> {
  yield byteOrderMark + csvLine(Object.keys(columns))
  for await (const chapter of chapters) {
    if (chapter.kind !== 'request') continue
    const account = accountOf(chapter.story, { hasSaid: said !== undefined, known })
    yield csvLine(Object.values(columns).map((column) => harmless(column(account) ?? '')))
  }
}

const linesOf = (steps: readonly StoryStep[], kind: StoryStep['kind']): readonly string[] =>
  steps
    .filter((step) => step.kind === kind)
    .map(({ at, who, what, words }) => `${at} ${who} ${what}${words === undefined ? '' : `: ${words}`}`)

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
