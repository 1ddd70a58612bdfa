import type { Tool } from '@modelcontextprotocol/client'
import type { Digest } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { Exit, exits } from '../cli/exit.ts'
import { placeholder, type ToolRule } from '../toolCall/toolRule.ts'
import { type GatewayConfig, type ServerConfig } from './config.ts'
import { type Pins, pinOf } from './pins.ts'
import { answerName } from './question.ts'
import { type ToolPlace, verbOf } from './gatewayAction.ts'
import type { Upstream } from './upstream.ts'

/** The argument in which a model says why it calls a tool. */
export const reasonName = 'countersign_reason'

/** The tool that waits on for a call. */
export const resumeName = 'countersign_resume'

/** A tool behind the gateway. */
export interface GatedTool extends ToolPlace {
  /** The name that hosts call it by. */
  readonly exposed: string
  readonly definition: Tool
  readonly pin: Digest
  readonly upstream: Upstream
  /** Whether the gateway adds an argument for the reason, which it then removes from calls. */
  readonly asksReason: boolean
}

/** The tools of all servers: asked for once, and again when a server says that they changed. */
export interface Catalogue {
  /** Tools that may be listed and called, by the name that hosts call them by. */
  readonly tools: () => Promise<ReadonlyMap<string, GatedTool>>
  /** Whether a tool that differs from its pin, or has none, is kept from hosts under this name. */
  readonly isUnpinned: (exposed: string) => Promise<boolean>
  /** Finds the tool as it is now. `asks` asks the server anew. */
  readonly current: (tool: GatedTool, asks: boolean) => Promise<GatedTool | null>
  /** Asks the servers again when the tools are next needed. */
  readonly forget: () => void
}

export interface CatalogueParts {
  readonly config: Pick<GatewayConfig, 'file' | 'servers' | 'askReason'>
  readonly upstreams: readonly Upstream[]
  /** Without pins every tool counts. */
  readonly pins: Pins | null
  /** Takes a line about a tool that is left out later on. */
  readonly say: (line: string) => void
}

interface Listed {
  readonly known: ReadonlyMap<string, GatedTool>
  /** All tools that the servers have, as `server/tool`. */
  readonly places: ReadonlySet<string>
  readonly flaws: readonly string[]
}

/**
 * Lists the tools for the first time.
 *
 * @throws {Exit} 78, naming each tool, if the configuration names one that no server has, or two meet in one action
 */
export async function openCatalogue(parts: CatalogueParts): Promise<Catalogue> {
  const { config, pins, say } = parts
  const first = await listAll(parts)
  const flaws = [...first.flaws, ...unknownTools(config.servers, first)]
  if (flaws.length > 0) throw new Exit(exits.usage, `${config.file}: ${flaws.join('; ')}.`)
  let listed: Promise<Listed> | null = Promise.resolve(first)

  const again = async (): Promise<Listed> => {
    const found = await listAll(parts)
    for (const flaw of found.flaws) say(flaw)
    return found
  }
  const newest = (): Promise<Listed> => {
    if (listed) return listed
    const asked = again()
    listed = asked
    // A failure is not kept: the next call asks again.
    asked.catch(() => {
      if (listed === asked) listed = null
    })
    return asked
  }
  const isPinned = ({ server, name, pin }: GatedTool) => pins === null || pins.get(`${server}/${name}`) === pin
  const tools = async () => new Map([...(await newest()).known].filter(([, tool]) => isPinned(tool)))

  return {
    tools,
    isUnpinned: async (exposed) => {
      const tool = (await newest()).known.get(exposed)
      return tool !== undefined && !isPinned(tool)
    },
    current: async ({ exposed, pin }, asks) => {
      if (asks && pins !== null) listed = null
      const now = (await tools()).get(exposed)
      return now?.pin === pin ? now : null
    },
    forget: () => {
      listed = null
    },
  }
}

async function listAll({ config, upstreams }: CatalogueParts): Promise<Listed> {
  const lists = await Promise.all(upstreams.map(async (upstream) => ({ upstream, tools: await upstream.list() })))
  const found: GatedTool[] = []
  const [places, flaws] = [new Set<string>(), [] as string[]]
  for (const { upstream, tools } of lists)
    for (const definition of tools) {
      const place = `${upstream.name}/${definition.name}`
      const rule = config.servers.find(({ name }) => name === upstream.name)?.rules.get(definition.name) ?? {}
      try {
        if (places.has(place)) throw new Problem('invalid-input', 'the server has two tools of this name')
        const exposed = upstreams.length === 1 ? definition.name : `${upstream.name}__${definition.name}`
        found.push(gated(definition, exposed, upstream, rule, config.askReason))
      } catch (cause) {
        flaws.push(flawOf(place, cause))
      }
      places.add(place)
    }
  const met = meeting(found)
  const known = new Map(found.filter(({ verb }) => !met.has(verb)).map((tool) => [tool.exposed, tool]))
  return { known, places, flaws: [...flaws, ...met.values()] }
}

/** Verbs that more than one tool has: a rule of the policy for one of them would let the other pass. */
function meeting(found: readonly GatedTool[]): ReadonlyMap<string, string> {
  const names = new Map<string, string[]>()
  for (const { verb, server, name } of found) names.set(verb, [...(names.get(verb) ?? []), `${server}/${name}`])
  return new Map(
    [...names]
      .filter(([, tools]) => tools.length > 1)
      .map(([verb, tools]) => [
        verb,
        `${tools.join(' and ')} would be one action, ${verb}: name another one with "action"`,
      ]),
  )
}

function gated(definition: Tool, exposed: string, upstream: Upstream, rule: ToolRule, askReason: boolean): GatedTool {
  const [server, { name }] = [upstream.name, definition]
  if (exposed === resumeName || exposed === answerName)
    throw new Problem('invalid-input', `The gateway has a tool ${exposed} of its own`)
  const own = Object.keys(definition.inputSchema.properties ?? {})
  const missing = [...(rule.target ?? '').matchAll(placeholder)]
    .map(([, key = '']) => key)
    .find((key) => !own.includes(key))
  if (missing !== undefined && own.length > 0)
    throw new Problem('invalid-input', `the target is made of {${missing}}, which is no argument of it`)
  const verb = verbOf(server, name, rule)
  const asksReason = askReason && !own.includes(reasonName)
  return { server, name, rule, verb, exposed, definition, upstream, asksReason, pin: pinOf(definition) }
}

function flawOf(place: string, cause: unknown): string {
  if (cause instanceof Problem) return `${place}: ${cause.message}`.replace(/\.$/, '')
  if (cause instanceof TypeError) return `${place}: what it says of itself has no canonical form (RFC 8785)`
  throw cause
}

/** Tools of the configuration that no server has: a rule for a misspelled tool would protect nothing. */
const unknownTools = (servers: readonly ServerConfig[], { places }: Listed): readonly string[] =>
  servers.flatMap(({ name, rules }) =>
    [...rules.keys()]
      .filter((tool) => !places.has(`${name}/${tool}`))
      .map((tool) => `the server ${name} has no tool ${tool}`),
  )
