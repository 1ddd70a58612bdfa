import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { isObjectId } from '../core/data/id.ts'
import { type CloudName, cloudNames } from '../runtime/cloud.ts'
import type { Environment } from '../cli/environment.ts'
import { refusal, readRuleFile, wordsOf } from '../toolCall/ruleFile.ts'
import { environmentForm, type ToolRule, toolRuleForm } from '../toolCall/toolRule.ts'

/** A server behind the gateway, and its tools that have a rule. */
export interface ServerConfig {
  readonly name: string
  readonly at:
    | { readonly command: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> }
    | { readonly url: URL; readonly headers: Readonly<Record<string, string>> }
  readonly rules: ReadonlyMap<string, ToolRule>
}

/** How callers over HTTP sign in: with an Entra token for the gateway's own application. */
export interface EntraConfig {
  readonly tenant: string
  /** The application id of the gateway, which is the audience of the tokens. */
  readonly application: string
  /** The public address of the gateway, which is the `resource` of its metadata (RFC 9728). */
  readonly url: URL
  readonly cloud: CloudName
  /** The issuer of the tokens, if it is not Entra. */
  readonly authority?: URL
  /** The address to listen on. */
  readonly listen: string
}

export interface GatewayConfig {
  /** The file that all this was read from, for messages. */
  readonly file: string
  readonly environment: string
  /** The file of pins. Without it no tool is compared. */
  readonly pins?: string
  /** Seconds that one call is held while people decide, and by the name of the host. */
  readonly hold: number
  readonly holds: ReadonlyMap<string, number>
  /** Seconds that a request stays after its host has gone. */
  readonly grace: number
  readonly askReason: boolean
  readonly entra?: EntraConfig
  readonly servers: readonly [ServerConfig, ...ServerConfig[]]
}

const seconds = (most: number) => z.int('is whole seconds').min(1).max(most)

const texts = z.record(z.string().min(1), z.string()).default({})
const tools = z.record(z.string().min(1), toolRuleForm).default({})

const serverForm = z.union(
  [
    z.strictObject({ command: z.tuple([z.string().min(1)], z.string()), env: texts, tools }),
    z.strictObject({ url: z.string(), headers: texts, tools }),
  ],
  { error: (issue) => flawInServer(issue.input) },
)

const guid = z
  .string()
  .refine(isObjectId, 'is a GUID')
  .transform((id) => id.toLowerCase())

const entraForm = z.strictObject({
  tenant: guid,
  application: guid,
  url: z.string(),
  cloud: z.enum(cloudNames as [CloudName, ...CloudName[]], `is ${cloudNames.join(', ')}`).default('public'),
  authority: z.string().exactOptional(),
  listen: z.string().min(1).default('0.0.0.0'),
})

const form = z.strictObject({
  environment: environmentForm,
  pins: z.string().min(1).exactOptional(),
  hold: seconds(86_400).default(45),
  holds: z.record(z.string().min(1), seconds(86_400)).default({}),
  grace: seconds(86_400).default(120),
  askReason: z.boolean().default(true),
  entra: entraForm.exactOptional(),
  servers: z
    .record(z.string(), serverForm)
    .refine((servers) => Object.keys(servers).length > 0, 'names at least one server'),
})

/**
 * Reads the gateway's configuration. A value that begins with `$` in `env` and `headers` is taken from the environment,
 * so that the file holds no secret; `$$` stands for one `$`.
 *
 * @throws {Exit} 78, naming the file, the member and the rule
 */
export function readGatewayConfig(file: string, environment: Environment): GatewayConfig {
  const parsed = form.safeParse(readRuleFile(file))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refusal(file, issue?.path ?? [], wordsOf(issue))
  }
  const { servers, pins, holds, entra, ...rest } = parsed.data
  const [first, ...others] = Object.entries(servers).map(([name, server]) =>
    readServer(file, environment, name, server),
  )
  if (!first) throw refusal(file, ['servers'], 'names at least one server')
  return {
    ...rest,
    file,
    holds: new Map(Object.entries(holds)),
    servers: [first, ...others],
    ...(pins !== undefined && { pins: resolve(dirname(file), pins) }),
    ...(entra && { entra: readEntra(file, entra) }),
  }
}

/** The name stands in actions, in front of names of tools, and before `__`. */
const serverName = /^[A-Za-z0-9](?:-?[A-Za-z0-9]|_(?!_)){0,31}$/

function readServer(
  file: string,
  environment: Environment,
  name: string,
  server: z.output<typeof serverForm>,
): ServerConfig {
  const here = ['servers', name]
  if (!serverName.test(name) || name.endsWith('_'))
    throw refusal(file, here, 'the name of a server has 1 to 32 letters, digits, - and single _ inside')
  const rules = new Map(Object.entries(server.tools))
  const filled = (member: 'env' | 'headers', values: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(values).map(([key, text]) => [key, filledIn(file, [...here, member, key], text, environment)]),
    )
  if ('command' in server) {
    const [program, ...args] = server.command
    return { name, rules, at: { command: [program, ...args], env: filled('env', server.env) } }
  }
  const headers = filled('headers', server.headers)
  return { name, rules, at: { url: readAddress(file, [...here, 'url'], server.url), headers } }
}

function filledIn(file: string, path: readonly string[], text: string, environment: Environment): string {
  if (text.startsWith('$$')) return text.slice(1)
  if (!text.startsWith('$')) return text
  const found = environment[text.slice(1)]
  if (!found) throw refusal(file, path, `the variable ${text.slice(1)} is not set`)
  return found
}

/** Requires https, because tokens are sent to this address. Plain http is for this machine only. */
function readAddress(file: string, path: readonly string[], text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isLocal = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && isLocal))
    throw refusal(file, path, 'is an address that begins with https:// (http:// only on this machine)')
  if (url.username || url.password || url.hash) throw refusal(file, path, 'has no user, password or fragment')
  return url
}

function readEntra(file: string, { url, authority, ...rest }: z.output<typeof entraForm>): EntraConfig {
  return {
    ...rest,
    url: readAddress(file, ['entra', 'url'], url),
    ...(authority !== undefined && { authority: readAddress(file, ['entra', 'authority'], authority) }),
  }
}

/** A union says nothing of its parts, so the part that was meant is named here. */
function flawInServer(input: unknown): string {
  if (typeof input !== 'object' || input === null) return 'is an object'
  const meant = 'command' in input || !('url' in input) ? 'command' : 'url'
  const known = meant === 'command' ? ['command', 'env', 'tools'] : ['url', 'headers', 'tools']
  const other = Object.keys(input).find((key) => !known.includes(key))
  if (other !== undefined) return `has ${known.join(', ')}, and no member ${other}`
  if ('tools' in input) {
    const flaw = tools.safeParse(input.tools)
    const [issue] = flaw.error?.issues ?? []
    if (issue) return `tools.${issue.path.map(String).join('.')}: ${wordsOf(issue)}`
  }
  return meant === 'command'
    ? 'command is a list of texts: the program and its arguments, and env has texts by name'
    : 'url is a text, and headers has texts by name'
}
