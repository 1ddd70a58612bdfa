import { loadBeside } from './beside.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'

/** What the program beside this one exports. It has the SDK of MCP, and is loaded here alone. */
export interface McpProgram {
  readonly mcp: (session: Offline) => Promise<Result>
}

/**
 * Serves MCP hosts: stands before MCP servers and gates their tools, or writes what is needed for that.
 *
 * @param script this program's file
 * @throws {Exit} 78 if the program for MCP is not installed
 */
export const mcp = (session: Offline, script: string): Promise<Result> =>
  (loadBeside(script, ['mcp.cjs']) as McpProgram).mcp(session)
