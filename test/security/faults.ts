import type { Row, Switch } from './row.ts'

/** What a file of the project holds; `null` if there is none. */
export type Read = (file: string) => string | null

/** The table of SECURITY.md: its lines, as they follow from the rows. */
export const tableOf = (rows: readonly Row[]): readonly string[] =>
  rows.map(({ attack, control, switches }) => `| ${attack} | ${control} | ${testsOf(switches)} |`)

/** What is wrong with the table, in sentences. */
export function faultsIn(rows: readonly Row[], document: string, read: Read): readonly string[] {
  const wanted = tableOf(rows)
  const lines = document.split('\n').filter((line) => /^\| (?!attack |---)/.test(line))
  const switches = rows.flatMap((row) => row.switches)
  const names = switches.map(({ name }) => name)
  return [
    ...wanted.filter((line) => !lines.includes(line)).map((line) => `SECURITY.md lacks the row: ${line}`),
    ...lines
      .filter((line) => !wanted.includes(line))
      .map((line) => `SECURITY.md has a row that is not in the table: ${line}`),
    ...rows.filter((row) => row.switches.length === 0).map(({ attack }) => `no control can be switched off: ${attack}`),
    ...names.filter((name, i) => names.indexOf(name) !== i).map((name) => `two controls are called ${name}`),
    ...switches.flatMap((one) => faultsOf(one, read)),
  ]
}

function faultsOf({ name, file, find, replace, tests }: Switch, read: Read): readonly string[] {
  const count = (read(file) ?? '').split(find).length - 1
  const titles = Object.entries(tests).flatMap(([test, all]) => all.map((title) => [test, title] as const))
  return [
    ...(count === 1 ? [] : [`${name}: its text is ${count} times in ${file}`]),
    ...(find === replace ? [`${name}: switching it off changes nothing`] : []),
    ...(titles.length > 0 ? [] : [`${name}: no test would notice`]),
    ...titles.flatMap(([test, title]) => missing(test, title, read).map((what) => `${name}: ${what}`)),
  ]
}

/** Every part of the title is there, the one of a `describe` before that of its test. */
function missing(file: string, title: string, read: Read): readonly string[] {
  const text = read(file)
  if (text === null) return [`there is no ${file}`]
  if (/\b(?:test|describe)\.(?:skip|todo|failing)\b|\bx(?:test|describe)\(/.test(text)) return [`${file} skips tests`]
  const part = (one: string) => String.raw`^[^/\n]*\(\s*(['"\x60])${escaped(one)}\1,`
  let from = 0
  for (const one of title.split(' › ')) {
    const at = text.slice(from).search(new RegExp(part(one), 'm'))
    if (at < 0) return [`${file} has no test “${title}”`]
    from += at + 1
  }
  return []
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

function testsOf(switches: readonly Switch[]): string {
  const byFile = new Map<string, Set<string>>()
  for (const { tests } of switches)
    for (const [file, titles] of Object.entries(tests)) {
      const known = byFile.get(file) ?? new Set()
      byFile.set(file, known)
      for (const title of titles) known.add(title)
    }
  return [...byFile].map(([file, titles]) => `\`${file}\`: ${[...titles].join('; ')}`).join('<br>')
}
