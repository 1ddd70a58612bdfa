import type { Tier } from '../../src/core/request/event.ts'
import type { Submission } from '../../src/core/request/submission.ts'
import { action, bot, needs, slot } from '../support/build.ts'

/** Texts that want to be taken for something else, or for nothing. */
export const corpus: readonly string[] = [
  'rm ~/x\u202egpj.exe',
  'pa\u200bypal',
  'a\u2066b\u2069c',
  'x\u{e0041}\u{e0042}',
  'a\u00ad\ufeff\u034f\u3164b',
  '\u0430dmin', // Cyrillic
  'acc\u043eunts',
  '\uff11\uff12\uff10\uff10\uff10\uff10',
  '*prod* _x_ [ok](https://evil.example) # h',
  '<a href="https://evil.example">ok</a> <at>Dana</at>',
  '<img src="x" onerror="ran=1"><script>ran=1</script>',
  `\${$root}`,
  `\${string(1)} \${1+1} \${request}`,
  `\\\${x} \${'}'} \${`,
  '{{DATE(2017-02-14T06:00:00Z)}}',
  '{{{TIME(2017-02-14T06:00:00Z)}}}',
  '{{DATE(2017-02-14T06:00:00Z, SHORT)}} {{',
  'safe\nforce: false',
  `safe${' '.repeat(500)}--force`,
  ' lead and trail ',
  'two  spaces',
  '⟦U+202E⟧ ⟦… 9 characters in all …⟧ ↵',
  'no\u0336\u0301\u0301\u0301\u0301\u0301',
  '“quoted”: "and" \\escaped\\',
  '1',
  'true',
  'null',
  '{"a":1}',
  '["a"]',
  '""',
  '1e3',
  ' 1',
]

/** Pieces that make such texts, to draw from. */
export const pieces: readonly string[] = [
  ...['a', 'b', '1', '0', '-', '.', 'e', ' ', '  ', '\n', '\t', '"', '\\', '{', '}', '[', ']', ':', ',', '$', '(', ')'],
  ...['true', 'null', '{{', '}}', 'DATE(', '⟦', '⟧', 'U+', '0020', '↵', '…', '\u00a0', '\u202e', '\u200b', '\u0301'],
  ...['\u{e0041}', '\u{1f680}', '\uff11', '×', 'part 1 of 2', '\r', '\r\n', '⇥', '␍', 'e\u0301', '\u212a', '\u1112'],
  ...[
    '\u06cc\u200c\u0631',
    '\u0915\u094d\u200d\u0937',
    '\u200c',
    '\u200d',
    '\ufe0f',
    '\u{1f469}',
    '\u26a0\ufe0f',
    '1\ufe0f\u20e3',
  ],
]

/** A request in which agent, people and policy all say this. */
export function saying(text: string, tier: Tier): Partial<Submission> {
  const line = text.replaceAll('\n', ' ')
  return {
    agent: { id: bot, name: line },
    action: { ...action, target: `${line}/${line}`, params: { text, nested: { text }, list: [text] } },
    reason: text,
    links: [{ title: line, url: `https://x.example/${line}` }],
    judgement: needs([slot('dba')], { tier, summary: line }),
  }
}
