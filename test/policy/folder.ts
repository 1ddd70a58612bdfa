import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ObjectId } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { BadPolicy } from '../../src/policy/flaw.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { Policy } from '../../src/ports/policy.ts'

const example = join(import.meta.dirname, '../../policy')
const names = ['forbid.cedar', 'approve.cedar', 'allow.cedar', 'schema.cedarschema', 'approvers.json'] as const

/** Files that differ from the example policy; `null` for one that is missing, other names for one too many. */
export type Changes = Readonly<Record<string, string | Uint8Array | null>>

export async function load(changes: Changes = {}, cards: ReadonlyMap<string, Uint8Array> = new Map()): Promise<Policy> {
  const folder = await mkdtemp(join(tmpdir(), 'policy-'))
  try {
    for (const name of names)
      if (!(name in changes)) await writeFile(join(folder, name), await readFile(join(example, name)))
    for (const [name, content] of Object.entries(changes))
      if (content !== null) await writeFile(join(folder, name), content)
    return await loadPolicy(folder, cards)
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface RuleFiles {
  readonly forbid?: string
  readonly approve?: string
  readonly allow?: string
  readonly schema?: string
}

/** Files with only these rules, and a schema that suits them. */
export const ruleFiles = (files: RuleFiles): Changes => ({
  'forbid.cedar': files.forbid ?? '',
  'approve.cedar': files.approve ?? '',
  'allow.cedar': files.allow ?? '',
  'schema.cedarschema': files.schema ?? schema,
  'approvers.json': approvers(),
})

/** Loads only these rules. */
export const rules = (files: RuleFiles): Promise<Policy> => load(ruleFiles(files))

/** `job.a` and `job.b` are in the group `jobs`, `job.b` also in `risky`, which is in `watched`; `plain` in none. */
export const schema = `
entity Agent;
entity Target;
action "jobs", "watched";
action "risky" in ["watched"];
action "job.a" in ["jobs"] appliesTo { principal: Agent, resource: Target, context: Context };
action "job.b" in ["jobs", "risky"] appliesTo { principal: Agent, resource: Target, context: Context };
action "plain" appliesTo { principal: Agent, resource: Target, context: Context };
type Context = { environment: String, onBehalfOf?: String, params: { rows: Long, urgent?: Bool } };
`

export const deployBot = 'b0000000-0000-4000-8000-000000000001' as ObjectId
export const otherBot = 'b0000000-0000-4000-8000-000000000002' as ObjectId

/** Nth person. */
export const person = (n: number): ObjectId => `c0000000-0000-4000-8000-${String(n).padStart(12, '0')}` as ObjectId

export const approvers = (changes: JsonObject = {}): string =>
  JSON.stringify({
    version: 1,
    groups: Object.fromEntries(
      ['dba', 'security', 'oncall'].map((name) => [name, { members: [1, 2, 4, 5].map(person) }]),
    ),
    agents: { [deployBot]: { name: 'deploy-bot', appId: person(90), owners: [person(3)] } },
    ...changes,
  })

/** A Wednesday. */
export const now = '2026-03-04T12:00:00.000Z' as Instant

interface Question {
  readonly action?: string
  readonly target?: string
  readonly environment?: string
  readonly params?: JsonObject
  readonly agent?: ObjectId
  readonly onBehalfOf?: ObjectId
  readonly at?: Instant
}

export function ask(policy: Policy, question: Question = {}): Judgement {
  const { action = 'plain', target = 'x', environment = 'production', params = { rows: 1 }, ...who } = question
  return policy.judge({ agent: deployBot, at: now, ...who, action: { action, target, environment, params } })
}

/** The flaws that a policy is refused for. */
export async function flaws(changes: Changes): Promise<BadPolicy['flaws']> {
  try {
    await load(changes)
  } catch (error) {
    if (error instanceof BadPolicy) return error.flaws
    throw error
  }
  return []
}
