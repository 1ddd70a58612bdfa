import { sha256 } from '../../../src/core/data/id.ts'
import { memberList, membersIn } from '../../../src/core/request/memberList.ts'
import { oid } from '../../support/build.ts'

const two = `${oid(1)}\n${oid(2)}\n`

test('members are listed sorted, each once, with the digest of the list', () => {
  expect(memberList([oid(2), oid(1), oid(2)])).toEqual({ text: two, digest: `sha256:${sha256(two)}`, count: 2 })
  expect(memberList([])).toEqual({ text: '', digest: `sha256:${sha256('')}`, count: 0 })
})

test('a list is read back', () => {
  expect(membersIn(two)).toEqual([oid(1), oid(2)])
  expect(membersIn('')).toEqual([])
})

test.each([
  ['not sorted', `${oid(2)}\n${oid(1)}\n`],
  ['with a member twice', `${oid(1)}\n${oid(1)}\n`],
  ['cut off', two.slice(0, -1)],
  ['with an empty line', `\n${two}`],
  ['in upper case', `${'A'.repeat(8)}-0000-4000-8000-000000000000\n`],
  ['of something else', 'nobody\n'],
])('a list that is %s is none', (_what, text) => {
  expect(membersIn(text)).toBeNull()
})
