import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventLies } from '../evidence/eventLies.ts'
import { policyLies } from '../evidence/policyLies.ts'
import { root } from '../support/root.ts'

/** By lie, the cells of its row. */
const rows: ReadonlyMap<string, { readonly by: string; readonly what: string }> = new Map(
  readFileSync(join(root, 'docs/evidence/lies.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!lie \|)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, lie = '', by = '', what = '']) => [lie, { by, what }]),
)

/** Lies that other tests tell: the test's file, and a part of its name. */
const elsewhere: Readonly<Record<string, readonly [file: string, name: string]>> = {
  'a text is left out of the said file': ['verify/said', 'a series without a text of %d March'],
  'the same, with one day alone': ['verify/said', 'an empty said file explains nothing'],
  'the said file is empty': ['verify/said', 'an empty said file explains nothing'],
  'the said file of one day is left out': ['verify/said', 'a said file that one day lacks'],
  'all said files are left out': ['verify/said', 'a said file that one day lacks'],
  'the reason of an erasure or a repair is left out': ['verify/said', 'a text that nobody can erase is withheld'],
  'a text is another than the one that was written': ['verify/tampered', 'is refused with %s'],
  'the first days are taken away': ['verify/seriesEnds', 'is known to go %s'],
  'the last days are taken away': ['verify/seriesEnds', 'is known to go %s'],
  'the log begins anew, with number 1, on a later day': ['verify/seriesEnds', 'the first bundle is known by its'],
  'a day, or the whole log, is written and signed anew by the key’s holder': ['verify/seriesEnds', 'holder wrote anew'],
  'the cosignature of a day is left out': ['cli/cosigned', 'of which one day has no cosignature is refused'],
  'a cosignature is forged, of another checkpoint, key or time': ['cli/cosigned', 'with %s beside it is refused'],
  'empty days are added or taken away at the end': ['verify/seriesEnds', 'is known to go %s'],
  'the zip has a member that only some tools see: a second name, an unlisted entry, bytes between members': [
    ...(['verify/unpackers', 'what a tool would unpack in another way is refused'] as const),
  ],
  'a member is a link, a device or a folder for some tools': ['verify/zip', 'a member that is %s is refused'],
  'a member has another checksum, so that tools stop at it': ['verify/zip', 'a member that is %s is refused'],
  'a member occurs twice, also in another case, or lies in a folder that is a file': [
    ...(['verify/zip', 'a member is refused that is there twice'] as const),
  ],
  'a member’s name leads out of the folder': ['verify/zip', 'a member is refused %s'],
  'a use of a standing approval is not counted, is counted otherwise, comes after its end, or is one too many': [
    ...(['evidence/uses', '%s is found'] as const),
  ],
  'a use is by another agent or executor, for somebody else, under another policy, or of people who do not suffice': [
    ...(['core/record/uses', 'a forged use is refused'] as const),
  ],
  'a use lies outside of what people saw': ['evidence/uses', 'a use for %s is found outside its scope'],
  'a standing approval has more uses than its rules give': ['evidence/uses', '%s is found'],
  'a policy version whose files are missing': ['evidence/policyLies', 'a version whose files are not there is missing'],
  '`rules.json` lists other rules than the Cedar files have': ['evidence/policyLies', 'a list of rules that the Cedar'],
  'rules matched whose conditions were not met, or rules that matched are left out without a trace': [
    ...(['evidence/policyLies', 'an outcome that the structure allows, and the conditions do not'] as const),
  ],
  'another list of a group than `approvers.json` has, as the `roster` of a day': [
    ...(['evidence/rosterLies', 'a roster with %s is against policy'] as const),
  ],
  'a `roster` of a group that no rule names, or with another Entra group': [
    ...(['evidence/rosterLies', 'a roster with %s is against policy'] as const),
  ],
  'a second `roster` of a group and day, or one of another day': [
    ...(['evidence/rosterLies', 'a second roster of a group breaks the rules'] as const),
  ],
  'a list of members that is not the one of which the `roster` has digest and count': [
    ...(['evidence/rosterLies', 'a list of members that is not the one'] as const),
  ],
  'other members of an Entra group in its `roster`': [
    ...(['evidence/rosterLies', 'the members of lists and of Entra groups hold'] as const),
  ],
  'the `roster` of a group and day is left out': [
    ...(['evidence/rosterLies', 'the members of lists and of Entra groups hold'] as const),
  ],
  'other controls of a request than its rules name, in `requests.csv`': [
    ...(['verify/tampered', 'controls that no rule names'] as const),
  ],
  'metrics that do not follow from the records': ['verify/tampered', "edited(all, 'metrics.csv'"],
  '`metrics.csv` and the column `controls` are left out, as by an earlier version': [
    ...(['verify/tampered', 'a day of an earlier program holds'] as const),
  ],
  'the answers of `GET /api/evidence/metrics` and `/exceptions`': [
    ...(['http/evidence', 'that the service did not write are evidence that is broken'] as const),
  ],
  'a whole policy version that was never in force, and all that follows from it': [
    ...(['evidence/policyLies', 'a policy that was never in force holds'] as const),
  ],
}

test('each row has a lie that a test tells, and each lie that a test tells has its row', () => {
  const told = [...eventLies.map(({ row }) => row), ...policyLies.map(([, , , row]) => row), ...Object.keys(elsewhere)]
  expect([...new Set(told)].sort()).toEqual([...rows.keys()].sort())
})

test('each row names what shows its lies', () => {
  const by = (row: string) => rows.get(row)?.by ?? ''
  for (const { row, lie, shown } of eventLies) {
    const named =
      typeof shown === 'object'
        ? [`\`${shown.check}\``, `\`${shown.code}\``]
        : [shown === 'nothing' ? 'nothing' : 'only a kept checkpoint']
    expect({ lie, missing: named.filter((one) => !by(row).includes(one)) }).toEqual({ lie, missing: [] })
  }
  for (const [, , , row] of policyLies) expect(by(row)).toContain('`policy`')
})

test('the tests that tell the other lies are there', () => {
  for (const [file, name] of Object.values(elsewhere))
    expect(readFileSync(join(root, `test/${file}.test.ts`), 'utf8')).toContain(name)
})

test('there are enough lies about events', () => {
  expect(eventLies.length).toBeGreaterThanOrEqual(50)
})
