import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Agent, apiAppId, signInAppId, tenantId } from './accounts.ts'
import { paths } from './issuer.ts'
import type { StackFile } from './control.ts'

/** How a shell sets a variable. */
export const shells = ['sh', 'powershell'] as const
export type Shell = (typeof shells)[number]

/** The folder of the command, which the build fills. */
const commandFolder = resolve(fileURLToPath(new URL('.', import.meta.url)), '../bin')

/**
 * Writes the settings of a running stack as lines for a shell: those of the agent and of people who sign in, and the
 * command on the `PATH`.
 */
export function exportsOf(
  { api, identity }: Pick<StackFile, 'api' | 'identity'>,
  { agent, data, shell }: { readonly agent: Agent; readonly data: string; readonly shell: Shell },
): string {
  const settings = {
    COUNTERSIGN_URL: api,
    COUNTERSIGN_TOKEN_URL: identity + paths.token,
    COUNTERSIGN_SCOPE: `${apiAppId}/.default`,
    COUNTERSIGN_AUTHORITY: `${identity}/${tenantId}/v2.0`,
    COUNTERSIGN_LOGIN_CLIENT: signInAppId,
    COUNTERSIGN_CLIENT_ID: agent.appId,
    COUNTERSIGN_CLIENT_SECRET: agent.secret,
    COUNTERSIGN_DATA: data,
  }
  const lines = Object.entries(settings).map(([name, value]) => writers[shell](name, value))
  return [...lines, onPath[shell](commandFolder)].join('\n')
}

const quoted = {
  sh: (text: string) => `'${text.replaceAll("'", `'\\''`)}'`,
  powershell: (text: string) => `'${text.replaceAll("'", "''")}'`,
}

const writers: Readonly<Record<Shell, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}=${quoted.sh(value)}`,
  powershell: (name, value) => `$env:${name} = ${quoted.powershell(value)}`,
}

const onPath: Readonly<Record<Shell, (folder: string) => string>> = {
  sh: (folder) => `export PATH=${quoted.sh(folder)}:"$PATH"`,
  powershell: (folder) => `$env:PATH = ${quoted.powershell(folder)} + [IO.Path]::PathSeparator + $env:PATH`,
}
