import { preferred } from '../../src/http/accept.ts'

const [lines, json] = ['application/jsonl', 'application/json'] as const

test.each([
  [null, lines],
  ['*/*', lines],
  ['application/*', lines],
  ['text/html', lines],
  [lines, lines],
  [json, json],
  ['Application/JSON', json],
  [`${json}; charset=utf-8`, json],
  [`text/html, ${json}`, json],
  [`${json}, ${lines}`, lines],
  [`${json}, text/plain, */*`, json],
  [`${lines};q=0.5, ${json}`, json],
  [`${lines}, ${json};q=0.9`, lines],
  [`${json};q=0, */*`, lines],
  [`${json};q=0`, lines],
  [`${lines};q=0, */*`, json],
  [`${json};q=0.5, */*;q=0.1`, json],
  ['application/json-seq', lines],
  ['application/problem+json', lines],
  ['', lines],
  [';;;,,q=', lines],
])('a client that accepts %p gets %s', (accept, type) => {
  expect(preferred(accept, [lines, json])).toBe(type)
})
