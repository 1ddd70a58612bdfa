import * as z from 'zod'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'

const number = z.int().min(1)
const commit = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'is the hash of a commit')
const words = z.string().min(1).max(255)

/** What every event names. GitHub adds members as it likes, so that others are passed over. */
const source = {
  repository: z.object({ id: number, full_name: z.string().max(140) }),
  installation: z.object({ id: number }),
}

const user = z.object({ id: number, login: z.string().min(1).max(100), type: z.string().max(40).optional() })

/** https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_protection_rule */
const requested = z.object({
  ...source,
  action: z.literal('requested'),
  environment: words,
  event: z.string().max(64),
  deployment_callback_url: z.string().max(500),
  deployment: z.object({ id: number, sha: commit.optional(), ref: words.optional() }),
  sha: commit.optional(),
  ref: words.optional(),
  sender: user,
})

/** https://docs.github.com/webhooks/webhook-events-and-payloads#deployment_status */
const deploymentStatus = z.object({
  ...source,
  deployment_status: z.object({ state: z.string().max(40) }),
  deployment: z.object({ id: number, environment: words }),
  workflow_run: z.object({ id: number }).nullish(),
})

/** https://docs.github.com/webhooks/webhook-events-and-payloads#workflow_job */
const workflowJob = z.object({
  ...source,
  action: z.string().max(40),
  workflow_job: z.object({ run_id: number, conclusion: z.string().max(40).nullish() }),
  deployment: z.object({ id: number, environment: words }).nullish(),
})

/** Names one deployment of one run. */
export interface DeploymentPlace {
  readonly installation: number
  readonly repository: { readonly id: number; readonly name: string }
  /** As GitHub names it. */
  readonly environment: string
  readonly run: number
  readonly deployment: number
}

/** A deployment that waits for its rule. */
export interface WaitingDeployment extends DeploymentPlace {
  readonly kind: 'waiting'
  readonly sha: string
  readonly ref: string
  /** What started the run, as `push`. */
  readonly event: string
  /** Who started the run. A program has no account of a person. */
  readonly by: { readonly id: number; readonly login: string; readonly isProgram: boolean }
}

/** A deployment that has ended. */
interface EndedDeployment extends DeploymentPlace {
  readonly kind: 'ended'
  readonly result: 'succeeded' | 'failed'
  /** What GitHub calls it. */
  readonly state: string
}

/** What an event is about. `ignored` is nothing of ours. */
export type GitHubEvent = WaitingDeployment | EndedDeployment | { readonly kind: 'ignored' }

const ignored = { kind: 'ignored' } as const

/**
 * Reads the events that the app subscribes to, and passes over others.
 *
 * @param name `X-GitHub-Event`
 * @param api where our API is: an address for the answer that lies elsewhere is refused, and none is ever called
 * @throws {Problem} `invalid-input` with the pointer of what does not fit; `not-permitted` for a foreign address
 */
export function readEvent(name: string | null, json: JsonObject, api: string): GitHubEvent {
  switch (name) {
    case 'deployment_protection_rule':
      return waitingIn(fitted(requested, json), api)
    case 'deployment_status':
      return statusIn(fitted(deploymentStatus, json))
    case 'workflow_job':
      return jobIn(fitted(workflowJob, json))
    default:
      return ignored
  }
}

function waitingIn(read: z.output<typeof requested>, api: string): WaitingDeployment {
  const { repository, installation, environment, deployment, event, sender } = read
  const [sha, ref] = [read.sha ?? deployment.sha, read.ref ?? deployment.ref]
  if (sha === undefined) throw missing('/sha')
  if (ref === undefined) throw missing('/ref')
  return {
    ...{ kind: 'waiting', installation: installation.id, environment, sha, ref, event },
    repository: { id: repository.id, name: repository.full_name },
    run: runIn(read.deployment_callback_url, `${api}/repos/${repository.full_name}/actions/runs/`),
    deployment: deployment.id,
    by: { id: sender.id, login: sender.login, isProgram: sender.type === 'Bot' },
  }
}

/** The payload has the number of the run only in the address to answer to. */
function runIn(address: string, start: string): number {
  const [, run] = /^([1-9]\d{0,14})\/deployment_protection_rule$/.exec(address.slice(start.length)) ?? []
  if (!address.startsWith(start) || run === undefined)
    throw new Problem('not-permitted', 'The address to answer to is not one of this repository in our GitHub.', {
      pointer: '/deployment_callback_url',
    })
  return Number(run)
}

function statusIn({ repository, installation, ...read }: z.output<typeof deploymentStatus>): GitHubEvent {
  const { deployment, workflow_run: run } = read
  const { state } = read.deployment_status
  const result = ({ success: 'succeeded', failure: 'failed', error: 'failed' } as const)[state]
  if (!run || result === undefined) return ignored
  return { ...placeIn({ repository, installation }, deployment, run.id), kind: 'ended', result, state }
}

function jobIn({ repository, installation, ...read }: z.output<typeof workflowJob>): GitHubEvent {
  const { action, deployment, workflow_job: job } = read
  if (action !== 'completed' || !deployment || !job.conclusion) return ignored
  const result = job.conclusion === 'success' ? 'succeeded' : 'failed'
  const place = placeIn({ repository, installation }, deployment, job.run_id)
  return { ...place, kind: 'ended', result, state: job.conclusion }
}

interface SourceRead {
  readonly repository: { readonly id: number; readonly full_name: string }
  readonly installation: { readonly id: number }
}

const placeIn = (
  { repository, installation }: SourceRead,
  { id: deployment, environment }: { readonly id: number; readonly environment: string },
  run: number,
): DeploymentPlace => ({
  installation: installation.id,
  repository: { id: repository.id, name: repository.full_name },
  ...{ environment, run, deployment },
})

function fitted<T extends z.ZodType>(schema: T, json: JsonObject): z.output<T> {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const pointer = (issue?.path ?? []).map((part) => `/${String(part)}`).join('')
  throw new Problem('invalid-input', `${pointer || 'The body'} is not as GitHub documents this event.`, { pointer })
}

const missing = (pointer: string): Problem =>
  new Problem('invalid-input', `${pointer} is missing, and people must see what they approve.`, { pointer })
