import { readFileSync, statSync } from 'node:fs'
import { Exit, exits } from '../cli/exit.ts'
import { type ObjectId, isObjectId, parseObjectId } from '../core/data/id.ts'
import { type Json, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Policy } from '../ports/policy.ts'
import { type LoadedPolicy, loadPolicy } from '../policy/load.ts'

/**
 * Loads a policy that need not be in force. Its version has no meaning here, because it covers card templates, too.
 *
 * @throws {BadPolicy} with all flaws
 * @throws {Exit} 2 if the folder or a file in it cannot be read
 */
export async function loadDraft(folder: string): Promise<LoadedPolicy> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Exit(exits.unreadable, `${folder} is not a folder.`)
  try {
    return await loadPolicy(folder, new Map())
  } catch (cause) {
    if (isUnreadable(cause)) throw new Exit(exits.unreadable, `${cause.path ?? folder} cannot be read: ${cause.code}.`)
    throw cause
  }
}

const isUnreadable = (cause: unknown): cause is NodeJS.ErrnoException =>
  typeof cause === 'object' && cause !== null && 'syscall' in cause && 'code' in cause

/** Reads a JSON file; `-` is standard input. @throws {Exit} 2 naming the file and what is wrong with it */
export function readJsonFile(file: string): Json {
  const name = file === '-' ? 'standard input' : file
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file === '-' ? 0 : file)
  } catch (cause) {
    throw new Exit(exits.unreadable, `${name} cannot be read${isUnreadable(cause) ? `: ${cause.code}` : ''}.`)
  }
  try {
    return readJson(bytes, { bytes: 1_048_576, depth: 64, nodes: 100_000 })
  } catch (cause) {
    if (cause instanceof Problem) throw new Exit(exits.unreadable, `${name} is not valid JSON: ${cause.message}`)
    throw cause
  }
}

/**
 * Finds an agent by its name or object id. Without either it is the only one that is registered.
 *
 * @throws {Problem} `invalid-input` at `/agent`, naming the agents that are registered
 */
export function agentNamed(policy: Policy, named: string | undefined): ObjectId {
  const agents = policy.agents()
  const [only, ...others] = agents
  if (named === undefined && only && others.length === 0) return only.id
  const found = agents.find(({ id, name }) => name === named || id === named?.toLowerCase())
  if (found) return found.id
  if (named !== undefined && isObjectId(named)) return parseObjectId(named)
  const names = agents.map(({ name }) => name).join(', ')
  const why = named === undefined ? 'is missing' : `"${named}" is not registered`
  const wayOut = names === '' ? 'approvers.json registers no agent' : `name one of ${names}`
  throw new Problem('invalid-input', `/agent ${why}: ${wayOut}.`, { pointer: '/agent' })
}
