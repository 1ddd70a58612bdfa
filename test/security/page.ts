import type { Row, Switch } from './row.ts'

/** Where the page lies, and what writes it anew. */
export const pagePath = 'docs/security/controls.md'
export const pageCommand = 'node scripts/docs.mjs'

const opening = `# Attacks, controls and their tests

<!-- Written by \`${pageCommand}\` from test/security.ts and the files of test/security/. Do not edit. -->

Each heading is an attack. Below it stands what stops it, then the switches: each is one text in one file, and with that
text changed the control is off. The tests under a switch turn red while it is off. \`npm run trial -- controls\` turns
every switch in a copy of the project, one at a time, and fails if a test stays green.

In the titles of tests, \`%s\` and the like stand for the cases of a table.
`

/** Writes the page: one heading per attack, in the order of the rows. */
export const pageOf = (rows: readonly Row[]): string => [opening, ...rows.map(sectionOf)].join('\n')

const sectionOf = ({ attack, control, switches }: Row): string =>
  [`## ${attack}`, '', `${control}.`, '', ...switches.flatMap(linesOf), ''].join('\n')

function linesOf({ name, file, tests }: Switch): readonly string[] {
  const titles = Object.entries(tests).flatMap(([test, all]) =>
    all.map((title) => `  - \`${test}\`: ${escaped(title)}`),
  )
  return [`- \`${name}\` in \`${file}\``, ...titles]
}

/** Titles are plain text: keeps Markdown from reading marks in them. */
const escaped = (title: string): string => title.replace(/[\\`*_<>[\]]/g, String.raw`\$&`)
