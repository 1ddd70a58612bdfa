import type { Row } from './row.ts'

const warning = 'test/core/action/warning.test.ts'

/** Texts that look like other texts. */
export const lookAlikeRows: readonly Row[] = [
  {
    attack: 'A text looks like another text: by hidden characters, other scripts, or two spellings of one letter',
    control:
      'Such characters are written out or named in a warning, by the data of Unicode; ordinary texts of twelve languages cause no warning, so that a warning is read',
    switches: [
      {
        name: 'hidden-characters',
        file: 'src/core/action/warning.ts',
        find: "finding('hidden-characters', namesOf(hiddenIn))",
        replace: "finding('hidden-characters', () => [])",
        tests: { [warning]: ['hidden characters are warned of: %s'] },
      },
      {
        name: 'mixed-scripts',
        file: 'src/core/action/warning.ts',
        find: "finding('mixed-scripts', namesOf(mixedIn))",
        replace: "finding('mixed-scripts', () => [])",
        tests: { [warning]: ['mixed scripts are warned of: %s'] },
      },
      {
        name: 'look-alikes',
        file: 'src/core/action/lookAlike.ts',
        find: 'if (!isWhole || more.length > 0 || script === undefined || !alike.has(script) || native.has(script)) return []',
        replace: 'if (script !== undefined || isWhole || more.length > 0) return []',
        tests: { [warning]: ['look-alikes are warned of by name: %s'] },
      },
      {
        name: 'not-normalized',
        file: 'src/core/data/text.ts',
        find: '  if (isComposed(text)) return found\n',
        replace: '  if (text.length >= 0) return found\n',
        tests: {
          [warning]: ['texts that NFC writes otherwise are warned of by name: %s'],
          'test/core/data/text.test.ts': ['%s is written out'],
        },
      },
      {
        name: 'no-false-alarms',
        file: 'src/core/data/text.ts',
        find: 'new RegExp(`(?:${ordinary})|${hidden}`',
        replace: 'new RegExp(`\\n|${hidden}`',
        tests: {
          [warning]: [
            'of 1,000 ordinary texts in 12 languages fewer than 3 are warned of',
            'no warning is given for %s',
          ],
        },
      },
    ],
  },
]
