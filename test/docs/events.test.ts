import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceBundle, problemType } from '../../src/core/data/namespace.ts'
import { formats, typeOf } from '../../src/core/record/eventTable.ts'
import type { LogEvent } from '../../src/core/record/eventType.ts'
import type { Form } from '../../src/core/data/shape.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/evidence/events.md'), 'utf8')

/** The name in each row's first cell of a section's tables. */
const rowsOf = (section: string): readonly string[] =>
  [...section.matchAll(/^\| `([A-Za-z0-9.?]+)`/gm)].map(([, name = '']) => name)

const [, leaf = ''] = page.split('\n## A leaf\n')
const shared = rowsOf(leaf.split('\nForms that are used below:')[0] ?? '')

/** What the page says of each type and version. */
const sections = new Map(
  [...page.matchAll(/^### `([a-z-]+)` v(\d+)\n([^]*?)(?=^##)/gm)].map(([, type = '', v = '', text = '']) => [
    `${type} v${v}`,
    rowsOf(text),
  ]),
)

/** What has members and nothing to say of itself. */
const groups = ['data', 'said', 'said?', 'data.policy', 'data.output']

/** Every member of a form, by its path. */
function* pathsOf({ members = {} }: Form, above = ''): Generator<string> {
  for (const [name, form] of Object.entries(members)) {
    const path = `${above}${name}`
    if (!groups.includes(path) || form.members === undefined) yield path
    yield* pathsOf(form, `${path.replace('?', '')}.`)
  }
}

const known = [...formats].flatMap(([type, versions]) =>
  [...versions].map(([v, form]) => ({ name: `${String(type)} v${String(v)}`, form })),
)

test('the page has every type and version of events, and no other', () => {
  expect([...sections.keys()].sort()).toEqual(known.map(({ name }) => name).sort())
})

test.each(known)('the page has every member of $name, and no other', ({ name, form }) => {
  const own = [...pathsOf(form)].filter((path) => /^(data|said)/.test(path))
  expect([...(sections.get(name) ?? [])].sort()).toEqual(own.sort())
})

test('the page has every member that all events share, and no other', () => {
  const top = new Set(known.flatMap(({ form }) => Object.keys(form.members ?? {}).map((name) => name.replace('?', ''))))
  expect([...shared].sort()).toEqual([...top].sort())
})

test.each(known)('the page says whether $name has a request', ({ name, form }) => {
  const text =
    page
      .split(`\n### \`${name.split(' ')[0]}\` `)[1]
      ?.split('\n## ')[0]
      ?.split('\n### ')[0] ?? ''
  const members = form.members ?? {}
  expect(text.includes('No `request`')).toBe(!('request' in members) && !('request?' in members))
})

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

describe.each(['evidence/verify.sh', 'evidence/verify.py'])('%s', (script) => {
  test('knows the event types of the code', () => {
    // The list begins in quotes; in Python it goes on in a second text.
    const [, list = ''] = /(?:types='|for kind in \(')(requested[^#)]*?)'(?: #|\)\.split)/s.exec(read(script)) ?? []
    expect(list.match(/[a-z][a-z-]*/g)?.toSorted()).toEqual([...formats.keys()].map(String).sort())
  })

  test('knows each type in version 1 only, as the code does', () => {
    expect([...formats.values()].flatMap((versions) => [...versions.keys()])).toEqual(Array(formats.size).fill(1))
  })
})

test.each(['evidence/verify.sh', 'evidence/verify.py', 'docs/evidence/bundle.md', 'test/evidence/make_bundle.py'])(
  "%s names the manifest's type as the code does",
  (path) => {
    const text = read(path)
    expect(text).toContain(evidenceBundle)
    expect(text.match(/urn:uuid:/g)).toHaveLength(1)
  },
)

test('the page of bundles names every kind of exception with its event', () => {
  const kinds = [...formats.keys()].flatMap((type) => {
    const { exception } = typeOf({ type } as LogEvent)
    return [exception ?? []].flat().map(({ kind }) => `${kind} from ${String(type)}`)
  })
  const [, table = ''] = read('docs/evidence/bundle.md').split('| kind | event | detail |')
  const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([a-z-]+)` \| `([a-z-]+)`/gm)]
  // A deputy's act of any type has a row of its own. The page names the vote first.
  const all = [...kinds, 'stood-in from decided']
  expect(rows.map(([, kind, type]) => `${kind} from ${type}`).sort()).toEqual(all.sort())
})

test('the page of problems shows their type URI as the code makes it', () => {
  expect(read('docs/agents/problems.md')).toContain(`"type": "${problemType('already-pending')}"`)
})
