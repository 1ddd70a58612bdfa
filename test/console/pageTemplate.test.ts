import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filled } from '../../scripts/pageTemplate.mjs'
import { root } from '../support/root.ts'

/** Attributes whose values people read or hear, or that name a language. */
const spoken = /\s(?:lang|title|alt|placeholder|label|aria-label|aria-description|data-need)="([^"]*)"/g

/** The texts of a page outside of its tags and placeholders that have letters. */
function wordsIn(html: string): readonly string[] {
  const tags = html.match(/<[^>]*>/g) ?? []
  const inTags = tags.flatMap((tag) => [...tag.matchAll(spoken)].map(([, value = '']) => value))
  const outside = html.replace(/<[^>]*>/g, '\n').split('\n')
  return [...outside, ...inTags]
    .map((text) => text.replace(/\{\{[^{}]*\}\}/g, '').trim())
    .filter((text) => /\p{L}/u.test(text))
}

test.each([
  ['the console', 'src/console/page.html'],
  ['the page that verifies', 'src/console/verify/page.html'],
])('the file of %s has no words: they stand in a file of words', (_of, file) => {
  const html = readFileSync(join(root, file), 'utf8')
  expect(html).toContain('lang="{{words.locale}}"')
  expect(wordsIn(html)).toEqual([])
})

test.each([
  ['between tags', '<p>Loading …</p>', ['Loading …']],
  ['beside a placeholder', '<p>{{words.a}} – or else</p>', ['– or else']],
  ['in a mark', '<p>{{words.a}} <code>log.pem</code></p>', ['log.pem']],
  ['in another script', '<p>Ελλάδα</p>', ['Ελλάδα']],
  ['in an attribute that is read aloud', '<form aria-label="What to verify">', ['What to verify']],
  ['in an example', '<input id="a" placeholder="a day">', ['a day']],
  ['in the language', '<html lang="en">', ['en']],
])('words %s are found', (_where, html, found) => {
  expect(wordsIn(html)).toEqual(found)
})

test('names, numbers and placeholders are no words', () => {
  expect(wordsIn('<p id="files" class="drop">{{words.a}} – 1<br>×</p><input placeholder="2026-01-01">')).toEqual([])
})

test('texts are escaped but for one mark, and parts are put in as they are', () => {
  const words = { a: 'A & <b> "c" <code>d</code>' }
  expect(filled('<p>{{words.a}}</p><style>{{style}}</style>', { words, parts: { style: 'a > b {}' } })).toBe(
    '<p>A &amp; &lt;b&gt; &quot;c&quot; <code>d</code></p><style>a > b {}</style>',
  )
})

test.each([
  ['a placeholder without a text', '{{words.a}} {{words.b}}', '{{words.b}}'],
  ['a placeholder with a wrong name', '{{words.a}} {{words-a}}', '{{words-a}}'],
  ['a text without a placeholder', '', 'words.a'],
])('%s fails the build, by name', (_what, template, named) => {
  expect(() => filled(template, { words: { a: 'A' }, parts: {} })).toThrow(named)
})
