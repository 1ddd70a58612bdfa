import * as z from 'zod'
import { isObjectId, type ObjectId, parseObjectId } from '../core/data/id.ts'
import { isObject, type Json } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'

/** The headers of a check that are read. `AuthToken` is not among them: in poll mode nobody calls Azure DevOps. */
export interface CheckHeaders {
  /** `PlanUrl`: the address of the organization. It is compared, and never called. */
  readonly planUrl: string | null
  /** `ProjectId`. */
  readonly projectId: string | null
}

/** A stage that waits for its check, as Azure DevOps names it. */
export interface WaitingStage {
  readonly organization: string
  readonly project: ObjectId
  readonly pipeline: string
  /** The number of the run. */
  readonly build: string
  readonly stage: string
  /** Which try of the stage it is. */
  readonly attempt: string
  readonly environment: string
  readonly ref: string
  readonly sha: string
  /** Who started the run. Absent if the check does not send it. */
  readonly by?: { readonly id: ObjectId; readonly name: string }
}

const text = z.string().min(1).max(255)

/** What a person configures as the body of the check: docs/operate/azure-devops.md. */
const body = z.strictObject({
  pipeline: text,
  build: z.string().regex(/^[1-9]\d{0,11}$/, 'is the number of a run, as $(Build.BuildId)'),
  stage: text,
  attempt: z.string().regex(/^[1-9]\d{0,5}$/, 'is the number of a try, as $(System.StageAttempt)'),
  environment: text,
  ref: text,
  sha: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'is the hash of a commit, as $(Build.SourceVersion)'),
  startedById: z.string().refine(isObjectId, 'is the id of an identity, as $(Build.RequestedForId)').optional(),
  startedBy: text.optional(),
})

/**
 * Reads the call of a check.
 *
 * @throws {Problem} `invalid-input` with the pointer of what does not fit, also for a variable that Azure DevOps did not fill in
 */
export function readCheck({ planUrl, projectId }: CheckHeaders, json: Json): WaitingStage {
  if (!isObject(json)) throw new Problem('invalid-input', 'The body of the check is an object.')
  for (const [name, value] of Object.entries(json))
    if (typeof value === 'string' && /\$\(/.test(value))
      throw invalid(`/${name}`, 'has a variable that Azure DevOps did not fill in: see the names in the documentation')
  const parsed = body.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    const pointer = [...(issue?.path ?? []), ...unknown].map((part) => `/${String(part)}`).join('')
    throw invalid(pointer, unknown.length > 0 ? 'is not a field of a check' : (issue?.message ?? 'is not valid'))
  }
  if (planUrl === null || planUrl.length > 300)
    throw invalid('', 'needs the header PlanUrl, as $(system.CollectionUri)')
  if (projectId === null || !isObjectId(projectId))
    throw invalid('', 'needs the header ProjectId, as $(system.TeamProjectId)')
  const { startedById, startedBy, ...rest } = parsed.data
  return {
    ...rest,
    organization: planUrl.replace(/\/$/, ''),
    project: parseObjectId(projectId),
    ...(startedById !== undefined && { by: { id: parseObjectId(startedById), name: startedBy ?? startedById } }),
  }
}

const invalid = (pointer: string, rule: string): Problem =>
  new Problem('invalid-input', `${pointer || 'The call'} ${rule}.`, { pointer })
