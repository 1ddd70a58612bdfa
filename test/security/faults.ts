import { pageCommand, pageOf, pagePath } from './page.ts'
import type { Row, Switch } from './row.ts'

/** What a file of the project holds; `null` if there is none. */
export type Read = (file: string) => string | null

/** Says what is wrong with the table, and with the page that is made from it. */
export function faultsIn(rows: readonly Row[], page: string, read: Read): readonly string[] {
  const switches = rows.flatMap((row) => row.switches)
  const names = switches.map(({ name }) => name)
  return [
    ...(page === pageOf(rows) ? [] : [`${pagePath} is not what the table gives: run ${pageCommand}`]),
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
