import { Exit, exits } from '../cli/exit.ts'
import type { Options } from '../cli/options.ts'
import type { PolicyProgram } from '../cli/policy.ts'
import { failed, type Result } from '../cli/result.ts'
import type { Service } from '../cli/service.ts'
import type { Offline } from '../cli/session.ts'
import { BadPolicy } from '../policy/flaw.ts'
import type { LoadedPolicy } from '../policy/load.ts'
import { described, flawed } from './check.ts'
import { loadDraft } from './draft.ts'
import { replay } from './replay.ts'
import { runTests } from './tests.ts'
import { tryAsk } from './try.ts'

export { judging } from './judging.ts'
export { redraw } from './redraw.ts'

/** What is done with a policy, and the options that belong to it. */
const works = {
  check: { options: [], needed: [] },
  try: { options: ['ask', 'agent', 'at'], needed: ['ask'] },
  test: { options: [], needed: [] },
  replay: { options: ['from', 'to'], needed: ['from', 'to'] },
} as const satisfies Readonly<
  Record<string, { readonly options: readonly string[]; readonly needed: readonly string[] }>
>

type Work = keyof typeof works

/**
 * Does what `countersign policy` was asked for. This program has classes of its own, so errors that the other program
 * could not tell apart are made into results here.
 */
export const policy: PolicyProgram['policy'] = async (session, connect) => {
  try {
    const [work, folder] = checked(session.options)
    return await perform(work, folder, await loadDraft(folder), session, connect)
  } catch (cause) {
    if (cause instanceof BadPolicy) return flawed(cause)
    if (cause instanceof Exit) return failed(cause)
    throw cause
  }
}

function checked(options: Options): readonly [work: Work, folder: string] {
  const [name = '', folder = ''] = options.about
  if (!isWork(name)) throw usage(`"${name}" is none of ${Object.keys(works).join(', ')}`)
  const { options: own, needed }: (typeof works)[Work] & { readonly options: readonly string[] } = works[name]
  for (const { options: others } of Object.values(works))
    for (const option of others)
      if (options.one(option) !== undefined && !(own as readonly string[]).includes(option))
        throw usage(`--${option} does not belong to policy ${name}`)
  for (const option of needed) if (options.one(option) === undefined) throw usage(`--${option} is missing`)
  return [name, folder]
}

const isWork = (name: string): name is Work => Object.hasOwn(works, name)

const usage = (sentence: string): Exit => new Exit(exits.usage, `${sentence}. See countersign help policy.`)

async function perform(
  work: Work,
  folder: string,
  draft: LoadedPolicy,
  { options, screen }: Offline,
  connect: () => Service,
): Promise<Result> {
  switch (work) {
    case 'check':
      return described(draft)
    case 'try':
      return tryAsk(draft, options.one('ask') ?? '', { agent: options.one('agent'), at: options.one('at') })
    case 'test':
      return runTests(draft, folder)
    case 'replay':
      return replay(draft, { from: options.one('from') ?? '', to: options.one('to') ?? '' }, connect(), screen)
  }
}
