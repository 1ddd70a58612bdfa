import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { Exit, exits } from '../cli/exit.ts'
import type { Line } from '../cli/layout.ts'
import type { Result } from '../cli/result.ts'
import type { Json } from '../core/data/json.ts'
import { Problem, type ProblemCode, problemCodes } from '../core/data/problem.ts'
import { outcomes, tiers } from '../core/request/event.ts'
import type { Slot } from '../core/request/requirement.ts'
import { fit } from '../http/input.ts'
import type { Policy } from '../ports/policy.ts'
import { readJsonFile } from './draft.ts'
import { inFile, type Trial, tryBy } from './trial.ts'

const expectation = z
  .strictObject({
    outcome: z.enum(outcomes, `is one of ${outcomes.join(', ')}`).optional(),
    rules: z.array(z.string()).optional(),
    approvers: z
      .string()
      .regex(
        /^[\w-]+(\|[\w-]+)*(:\d+)?(, *[\w-]+(\|[\w-]+)*(:\d+)?)*$/,
        'is written as in @approvers: "dba:2, security|oncall"',
      )
      .optional(),
    tier: z.enum(tiers, `is one of ${tiers.join(', ')}`).optional(),
    problem: z.enum(problemCodes as readonly [ProblemCode, ...ProblemCode[]], 'is the code of a problem').optional(),
  })
  .refine(({ outcome, problem }) => outcome !== undefined || problem !== undefined, 'has an outcome or a problem')

type Expectation = z.output<typeof expectation>

const testForm = z.strictObject({
  name: z.string().min(1, 'has at least one character'),
  agent: z.string().optional(),
  at: z.string().optional(),
  ask: z.record(z.string(), z.unknown(), 'is an object'),
  expect: expectation,
})

const form = z.array(testForm, 'is an array of tests')

/** A test that ran: what was expected and did not happen. No faults mean that it passed. */
interface Tested {
  readonly file: string
  readonly name: string
  readonly faults: readonly string[]
}

/**
 * Runs the tests of a policy: every `tests/*.json` in its folder.
 *
 * @throws {Exit} 2 for a file that cannot be read, 78 for one that is not as the format says, or if there are no tests
 */
export async function runTests(policy: Policy, folder: string): Promise<Result> {
  const tested: Tested[] = []
  for (const file of filesIn(folder)) tested.push(...(await runFile(policy, join(folder, file), file)))
  if (tested.length === 0) throw new Exit(exits.usage, `${join(folder, 'tests')} has no tests, in files named *.json.`)
  const failures = tested.filter(({ faults }) => faults.length > 0)
  const exit = failures.length > 0 ? exits.broken : exits.ok
  const count = `${tested.length - failures.length} passed, ${failures.length} failed`
  return {
    exit,
    lines: [...tested.flatMap(linesOf), ['tests', count]],
    to: 'stdout',
    record: { exit, ok: failures.length === 0, tests: tested.map((one) => ({ ...one })) },
  }
}

const linesOf = ({ file, name, faults }: Tested): readonly Line[] => [
  [faults.length === 0 ? 'ok' : 'FAILED', `${file}: ${name}`],
  ...faults.map((fault): Line => ['', fault]),
]

function filesIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(join(folder, 'tests')).filter((name) => name.endsWith('.json'))
    return names.sort().map((name) => join('tests', name))
  } catch {
    throw new Exit(exits.unreadable, `${join(folder, 'tests')} cannot be read: tests lie there, in files named *.json.`)
  }
}

async function runFile(policy: Policy, path: string, file: string): Promise<readonly Tested[]> {
  const tests = await inFile(path, () => fit(form, readJsonFile(path)))
  const tested: Tested[] = []
  for (const { name, ask, agent, at, expect } of tests) {
    const trial = await inFile(`${path}: test "${name}"`, () => tryBy(policy, ask as Json, { agent, at }))
    tested.push({ file, name, faults: faultsIn(trial, expect) })
  }
  return tested
}

function faultsIn({ run }: Trial, expected: Expectation): readonly string[] {
  const refused = run instanceof Problem ? run : run.problem
  const found =
    run instanceof Problem
      ? { outcome: 'refused' }
      : {
          outcome: run.outcome,
          rules: listed(run.rules),
          approvers: listed((run.asking?.required ?? []).map(slotText)),
          tier: run.asking?.tier ?? 'none',
        }
  const wanted: Readonly<Record<string, string | undefined>> = {
    outcome: expected.outcome,
    rules: expected.rules && listed(expected.rules),
    approvers: expected.approvers === undefined ? undefined : listed(expected.approvers.split(',').map(ordered)),
    tier: expected.tier,
  }
  const had: Readonly<Record<string, string | undefined>> = found
  const differing = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined || value === had[name] ? [] : [`${name}: expected ${value}, found ${had[name] ?? 'none'}`],
  )
  const rules = run instanceof Problem || expected.rules ? [] : [`rules: ${listed(run.rules)}`]
  return [...differing, ...(differing.length > 0 ? rules : []), ...problemFaults(refused, expected.problem)]
}

function problemFaults(refused: Problem | null, expected: ProblemCode | undefined): readonly string[] {
  if (refused?.code === expected) return []
  if (refused) return [`problem: expected ${expected ?? 'none'}, found ${refused.code}: ${refused.message}`]
  return [`problem: expected ${expected ?? 'none'}, found none`]
}

const listed = (texts: readonly string[]): string => texts.toSorted().join(', ') || 'none'

const slotText = ({ groups, quorum }: Slot): string =>
  `${groups.toSorted().join('|')}${quorum === 1 ? '' : `:${quorum}`}`

/** A slot as it is written in a test, in the order in which slots are compared. */
function ordered(slot: string): string {
  const [names = '', quorum = '1'] = slot.trim().split(':')
  return slotText({ groups: names.split('|'), quorum: Number(quorum) })
}
