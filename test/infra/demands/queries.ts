import { createRequire } from 'node:module'
import type { Deployed } from '../bicep/evaluate.ts'
import type { Flaw } from '../bicep/syntax.ts'
import { asimColumns } from '../../support/asimColumns.ts'
import { partIn } from './demands.ts'

/**
 * Columns of tables that queries read, as far as they use them:
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces and …/storagetablelogs
 */
const tables: Readonly<Record<string, string>> = {
  AppTraces:
    '(TimeGenerated: datetime, Message: string, SeverityLevel: int, AppRoleInstance: string, OperationId: string)',
  StorageTableLogs:
    '(TimeGenerated: datetime, Category: string, OperationName: string, RequesterObjectId: string, StatusCode: string, CallerIpAddress: string, Uri: string)',
  ASimAuditEventLogs: `(${[...asimColumns].map(([name, { type }]) => `${name}: ${type === 'boolean' ? 'bool' : type}`).join(', ')})`,
}

/** What is used of Microsoft's own parser and type checker of Kusto, which is compiled from C#. */
interface Kusto {
  readonly Language: {
    readonly GlobalState: { readonly Default: { WithDatabase(database: object): object } }
    readonly KustoCode: { ParseAndAnalyze(text: string, globals: object): { GetDiagnostics(): Diagnostics } }
    readonly Symbols: {
      readonly DatabaseSymbol: { readonly ctor: new (name: string, tables: readonly object[]) => object }
      readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string, description: null) => object }
    }
  }
}

interface Diagnostics {
  readonly Count: number
  getItem(place: number): { readonly Severity: string; readonly Message: string; readonly Start: number }
}

let analyze: ((query: string) => Diagnostics) | undefined

function analyzer(): (query: string) => Diagnostics {
  const require = createRequire(import.meta.url)
  require('@kusto/language-service-next/bridge.min.js')
  require('@kusto/language-service-next/Kusto.Language.Bridge.min.js')
  const { GlobalState, KustoCode, Symbols } = (globalThis as unknown as { readonly Kusto: Kusto }).Kusto.Language
  const symbols = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null))
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('log', symbols))
  return (query) => KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics()
}

const known = new Map<string, readonly string[]>()

/** Says what is wrong with a query: syntax, tables, columns, functions and types. */
export function queryFaults(query: string): readonly string[] {
  const done = known.get(query)
  if (done) return done
  analyze ??= analyzer()
  const found = analyze(query)
  const faults = Array.from({ length: found.Count }, (_, i) => found.getItem(i)).map(
    ({ Message, Start }) => `${Message} (at “${query.slice(Start, Start + 30)}”)`,
  )
  known.set(query, faults)
  return faults
}

/** Members of log lines that a query reads: `status`, `caller.id`. */
export const membersRead = (query: string): readonly string[] => [
  ...new Set([...query.matchAll(/\bline\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)/g)].map(([, member = '']) => member)),
]

/** A query of an alert or a saved one, and where it is deployed. */
export interface Query {
  readonly name: string
  readonly query: string
  readonly file: string
  readonly line: number
}

export function queriesIn(deployed: readonly Deployed[]): readonly Query[] {
  return deployed.flatMap(({ type, name, body, file, lineAt }) => {
    const path = type.endsWith('/scheduledQueryRules')
      ? ['properties', 'criteria', 'allOf', 0, 'query']
      : ['properties', 'query']
    const query = partIn(body, ...path)
    const isQuery = type.endsWith('/scheduledQueryRules') || type.endsWith('/savedSearches')
    return isQuery && typeof query === 'string' ? [{ name, query, file, line: lineAt(path) }] : []
  })
}

/** Says what is wrong with the queries of a deployment. `written` are the members that log lines have. */
export function queryFlaws(deployed: readonly Deployed[], written: ReadonlySet<string>): readonly Flaw[] {
  return queriesIn(deployed).flatMap(({ name, query, file, line }) => {
    const unknown = membersRead(query).filter((member) => !written.has(member))
    const words = [...queryFaults(query), ...unknown.map((member) => `no line of the log has ${member}`)]
    return words.map((each) => ({ file, line, words: `${name}: ${each}` }))
  })
}
