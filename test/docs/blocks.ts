import { commands } from '../../src/cli/commands.ts'
import { help } from '../../src/cli/help.ts'
import { openapi } from '../../src/contract/openapi.ts'
import { ocsfEvent } from '../../src/exports/ocsf.ts'
import { goldenEvents } from '../exports/goldenEvents.ts'

/** A part of a page that is made from the code. */
interface Block {
  readonly page: string
  readonly name: string
  readonly text: () => string
}

const blocks: readonly Block[] = [
  { page: 'docs/agents/cli.md', name: 'commands', text: commandsBlock },
  { page: 'docs/agents/api.md', name: 'operations', text: operationsBlock },
  { page: 'docs/evidence/formats.md', name: 'ocsf', text: ocsfBlock },
]

/** The pages that have such parts. */
export const generatedPages: readonly string[] = [...new Set(blocks.map(({ page }) => page))]

/**
 * Writes the generated parts of a page anew, between their marks.
 *
 * @throws {Error} if the marks of a part are missing, so that no part is dropped in silence
 */
export function generated(page: string, text: string): string {
  return blocks
    .filter((block) => block.page === page)
    .reduce((whole, { name, text: made }) => {
      const [start, end] = [`<!-- begin ${name}: written by \`node scripts/docs.mjs\` -->\n`, `<!-- end ${name} -->`]
      const [before, rest] = whole.split(start)
      const after = rest?.split(end)[1]
      if (before === undefined || after === undefined) throw new Error(`${page} lacks the marks of “${name}”.`)
      return `${before}${start}\n${made()}\n${end}${after}`
    }, text)
}

/** The help of the program, then of every command. */
function commandsBlock(): string {
  const fence = (text: string) => `\`\`\`text\n${text}\`\`\`\n`
  const each = Object.keys(commands).map((name) => `### ${name}\n\n${fence(help(name))}`)
  return [fence(help()), ...each].join('\n')
}

/** The numbers with which each type of event is told in OCSF. */
function ocsfBlock(): string {
  const by = { origin: 'log.example', version: '0.1.0' }
  const rows = new Map<string, Set<string>>()
  for (const golden of goldenEvents()) {
    const line = ocsfEvent(golden, by, { rawData: false })
    const numbers = ['class_uid', 'activity_id', 'action_id', 'disposition_id', 'status_id', 'severity_id']
    const row = [...numbers.map((name) => Number(line[name])), line['is_alert'] === true ? 'yes' : ''].join(' | ')
    rows.set(golden.event.type, (rows.get(golden.event.type) ?? new Set()).add(row))
  }
  const head =
    '| event | class | activity | action | disposition | status | severity | alert |\n|---|---|---|---|---|---|---|---|'
  const lines = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
  return [head, ...lines.flatMap(([type, all]) => [...all].map((row) => `| \`${type}\` | ${row} |`)), ''].join('\n')
}

interface Operation {
  readonly summary: string
  /** Absent where anybody may call. */
  readonly description?: string
}

/** Every operation of the OpenAPI document. */
function operationsBlock(): string {
  const { paths } = openapi('https://countersign.example') as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { summary, description }]) =>
        `| \`${method.toUpperCase()} ${path}\` | ${summary} | ${callerOf(description)} |`,
    ),
  )
  return ['| operation | what it does | who may call |', '|---|---|---|', ...rows, ''].join('\n')
}

const callerOf = (description: string | undefined): string =>
  description === undefined ? 'anyone, without a token' : description.replace(/^For: |\.$/g, '')
