import { codesIn, readPage, rowsOf, sectionOf } from '../support/pages.ts'

const runbook = readPage('docs/operate/runbook.md')

const alertsIn = (section: string): readonly string[] =>
  rowsOf(section)
    .slice(1)
    .map(([alert = '']) => codesIn(alert)[0] ?? '')

test('the runbook says what to do at each alert that the templates make', () => {
  const templates = readPage('infra/alerts.bicep')
  const named = [
    ...templates.matchAll(/^ {4}name: '([a-z-]+)'$/gm),
    ...templates.matchAll(/name: '\$\{name\}-([a-z-]+)'$/gm),
  ]
  expect(named.length).toBeGreaterThan(5)
  expect(new Set(alertsIn(sectionOf(runbook, '## Alerts')))).toEqual(new Set(named.map(([, name]) => name)))
})

test('each incident says how it shows, what to do and what not to do', () => {
  const sections = runbook.split(/^## /m).filter((text) => text.includes('**How it shows.**'))
  expect(sections.length).toBeGreaterThan(8)
  const lacking = sections.filter((text) => !text.includes('**Do.**') || !text.includes('**Do not**'))
  expect(lacking.map((text) => text.split('\n')[0])).toEqual([])
})
