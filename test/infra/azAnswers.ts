import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AzCall, AzFaultTold, AzState } from './az.ts'

/** A run of `az`. */
export type AzRun = Pick<AzCall, 'pid' | 'args' | 'logsBodies'>

/** What Azure has, and the runs so far. */
export interface AzMemory {
  state: AzState
  calls: AzCall[]
}

/** How a run ends: with code 0 it prints the text as its answer, else as its error. */
export interface AzEnd {
  readonly code: number
  readonly text: string
}

class Refused extends Error {}

/** Answers a run as Azure would; `null` if it hangs. */
export function answerAz(memory: AzMemory, run: AzRun): AzEnd | null {
  const { args } = run

  function answer(): AzEnd | null {
    const [url, method] = [option('url') ?? '', option('method') ?? '']
    const name = [args[0] === 'rest' ? method : args.slice(0, 2).join(' '), url].join(' ').trim()
    const body = bodyOf(option('body'))
    memory.calls.push(callOf(name, body))
    if (memory.state.signedOut) fail("ERROR: Please run 'az login' to setup account.")
    const told = memory.state.faults.find(({ call }) => new RegExp(call).test(name))
    if (told) take(told)
    if (told?.hangs) return null
    if (told && !told.after) refuse(told, body.text)
    const document = args[0] === 'rest' ? restful(method, url, body.text) : listed()
    if (told) refuse(told, body.text)
    return { code: 0, text: document === null ? '' : `${JSON.stringify(document, null, 2)}\n` }
  }

  function option(name: string): string | undefined {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? undefined : args[at + 1]
  }

  function bodyOf(given: string | undefined): { readonly text: string; readonly file?: string } {
    if (given === undefined || !given.startsWith('@')) return { text: given ?? '' }
    const file = given.slice(1)
    return { text: readFileSync(file, 'utf8'), file }
  }

  function callOf(name: string, { file }: { readonly file?: string }): AzCall {
    const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
    return {
      ...run,
      name,
      ...(file !== undefined && { file: { path: file, mode: modeOf(file), folder: modeOf(dirname(file)) } }),
    }
  }

  /** A fault that was told for so many calls is used up. */
  function take(told: AzFaultTold): void {
    const times = (told.times ?? 1) - 1
    save({
      ...memory.state,
      faults: memory.state.faults.flatMap((one) => (one !== told ? [one] : times > 0 ? [{ ...one, times }] : [])),
    })
  }

  function save(changed: AzState): void {
    memory.state = changed
  }

  function refuse({ reason, code, message, says }: AzFaultTold, sent: string): never {
    if (says !== undefined) fail(says)
    const words = (message ?? 'No.').replace('{{body}}', sent)
    fail(`ERROR: ${reason}(${JSON.stringify({ error: { code, message: words } })})`)
  }

  function fail(words: string): never {
    throw new Refused(words)
  }

  const notFound = (code: string, message: string): never =>
    fail(`ERROR: Not Found(${JSON.stringify({ error: { code, message } })})`)

  function listed(): unknown {
    if (args[0] !== 'resource' || args[1] !== 'list')
      return fail(`ERROR: '${args[0]}' is misspelled or not recognized.`)
    const [type, name] = [option('resource-type'), option('name')]
    return memory.state.resources.filter((one) => one.type === type && one.name === name)
  }

  function restful(method: string, address: string, body: string): unknown {
    const path = address.replace(/\?.*$/, '')
    const key = path.toLowerCase()
    if (/\/roleassignments\/[^/]+$/.test(key) && method === 'put') return assigned(path, body)
    if (key.endsWith('/roleassignments'))
      return { value: memory.state.assignments.filter(({ id }) => id.toLowerCase().startsWith(key)) }
    if (/\/secrets\/[^/]+$/.test(key)) return method === 'put' ? secretPut(path, body) : secretGot(path)
    const known = memory.state.documents[`${method} ${path}`]
    return known ?? notFound('ResourceNotFound', `The Resource '${path}' was not found.`)
  }

  function assigned(path: string, body: string): unknown {
    const { properties } = JSON.parse(body) as { properties: { roleDefinitionId: string; principalId: string } }
    const scope = path.replace(/\/providers\/Microsoft.Authorization\/.*/, '')
    const standing = memory.state.assignments.find(
      (one) =>
        one.id !== path &&
        one.properties.scope === scope &&
        one.properties.principalId === properties.principalId &&
        one.properties.roleDefinitionId === properties.roleDefinitionId,
    )
    if (standing)
      fail(
        `ERROR: Conflict(${JSON.stringify({ error: { code: 'RoleAssignmentExists', message: 'The role assignment already exists.' } })})`,
      )
    const made = { id: path, properties: { ...properties, scope, principalType: 'ServicePrincipal' } }
    save({ ...memory.state, assignments: [...memory.state.assignments.filter(({ id }) => id !== path), made] })
    return made
  }

  function secretPut(path: string, body: string): unknown {
    const { properties } = JSON.parse(body) as { properties: { value: string } }
    if (memory.state.deleted.includes(path))
      fail(
        `ERROR: Conflict(${JSON.stringify({ error: { code: 'Conflict', message: 'The secret is currently in a deleted but recoverable state, and its name cannot be reused.' } })})`,
      )
    save({
      ...memory.state,
      secrets: { ...memory.state.secrets, [path]: [...(memory.state.secrets[path] ?? []), properties.value] },
    })
    return secretGot(path)
  }

  /** As the management API does it: without the value. */
  function secretGot(path: string): unknown {
    const versions = memory.state.secrets[path]
    if (!versions) return notFound('SecretNotFound', 'A secret with that name was not found in this key vault.')
    const [vault, name] = [path.split('/').at(-3) ?? '', path.split('/').at(-1) ?? '']
    const secretUri = `https://${vault.toLowerCase()}.vault.azure.net/secrets/${name}`
    const attributes = { enabled: !memory.state.disabled.includes(path) }
    const properties = { attributes, secretUri, secretUriWithVersion: `${secretUri}/${versions.length}` }
    return { id: path, name, type: 'Microsoft.KeyVault/vaults/secrets', properties }
  }

  try {
    return answer()
  } catch (cause) {
    if (cause instanceof Refused) return { code: 1, text: `${cause.message}\n` }
    throw cause
  }
}
