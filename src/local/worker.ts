import Module from 'node:module'
import type { InvocationContext } from '@azure/functions'

export interface RegisteredFunction {
  readonly name: string
  readonly trigger: Trigger
  readonly handler: (input: unknown, context: InvocationContext) => unknown
}

/** The fields of HTTP and timer triggers that the host reads. */
interface Trigger {
  readonly type: string
  readonly authLevel?: string
  readonly methods?: readonly string[]
  readonly route?: string
  readonly schedule?: string
}

interface FunctionMetadata {
  readonly name: string
  readonly bindings: Readonly<Record<string, Trigger>>
}

const coreName = '@azure/functions-core'

const startHooks: ((context: unknown) => unknown)[] = []

/** Runs the start hooks of the functions, as the Functions worker does before the first call. Rejects if one does. */
export async function runStartHooks(): Promise<void> {
  for (const hook of startHooks) await hook({})
}

/**
 * Answers `require('@azure/functions-core')` as the Functions worker does, and collects what `@azure/functions`
 * registers with it. Call this once in a process, before the first function is registered: the package keeps the
 * answer.
 */
export function captureFunctions(): ReadonlyMap<string, RegisteredFunction> {
  const functions = new Map<string, RegisteredFunction>()
  const core = {
    version: '4.0.0',
    hostVersion: '4.1000.0',
    log: () => undefined,
    setProgrammingModel: () => undefined,
    registerHook(name: string, hook: (context: unknown) => unknown) {
      if (name !== 'appStart') throw new Error(`The local host does not run the hook ${name}.`)
      startHooks.push(hook)
      return { dispose: () => undefined }
    },
    registerFunction({ name, bindings }: FunctionMetadata, handler: RegisteredFunction['handler']) {
      if (functions.has(name)) throw new Error(`Two functions are named ${name}.`)
      functions.set(name, { name, trigger: servable(name, bindings), handler })
    },
  }
  // oxlint-disable-next-line typescript/unbound-method -- called below with its module
  const original = Module.prototype.require
  Module.prototype.require = function (this: Module, id: string): unknown {
    return id === coreName ? core : original.call(this, id)
  }
  return functions
}

function servable(name: string, bindings: FunctionMetadata['bindings']): Trigger {
  const trigger = Object.values(bindings).find((binding) => binding.type.endsWith('Trigger'))
  if (trigger === undefined) throw new Error(`The function ${name} has no trigger.`)
  if (trigger.type !== 'httpTrigger' && trigger.type !== 'timerTrigger')
    throw new Error(`The function ${name} has a ${trigger.type}, which the local host does not serve.`)
  // The local host has no function keys, so a function that needs one in Azure would be open here.
  if (trigger.type === 'httpTrigger' && trigger.authLevel !== 'anonymous')
    throw new Error(`The function ${name} must have the authLevel anonymous.`)
  return trigger
}
