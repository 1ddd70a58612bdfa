/** Members of an error, in every line that is about one. */
const ofError = ['error', 'newer', 'broken', 'causes', 'stack'] as const

/**
 * The lines of the log, each with the members that it may have, in their order. A test holds
 * docs/operate/health-and-logs.md to this table.
 */
export const logLines = {
  /** A call that was answered. */
  call: ['route', 'status', 'ms', 'trace', 'span', 'caller', 'intent', 'code', 'claim', ...ofError],
  /** A download whose answer ended early, after its `call`. */
  download: ['route', 'brokenOff', 'trace', 'span', ...ofError],
  /** One run of a timer. */
  timer: ['timer', 'ms', 'trace', 'span', 'done', ...ofError],
  /** An error of work that no caller waits for, a request that no channel could be told of, or a sink that takes no events. */
  background: ['background', 'trace', 'span', 'undelivered', 'sink', 'why', 'off', ...ofError],
  /** A setting that was left out, or why a process cannot begin. */
  start: ['start', 'missing', 'failing', 'effect', ...ofError],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type LogLineKind = keyof typeof logLines

/** What is known for a line. Absent members are left out. */
export type LogMembers<Kind extends LogLineKind> = {
  readonly [Name in (typeof logLines)[Kind][number]]?: unknown
}

/** Writes a line. A member that the table does not name stays out of the log, whatever a caller hands over. */
export function logLine<Kind extends LogLineKind>(kind: Kind, members: LogMembers<Kind>): string {
  const given: Readonly<Record<string, unknown>> = members
  return JSON.stringify(Object.fromEntries(logLines[kind].map((name) => [name, given[name]])))
}
