import * as fc from 'fast-check'
import { NewestRows } from '../../src/evidence/seal/newestRows.ts'
import type { RequestId } from '../../src/core/data/id.ts'

const listed = (rows: NewestRows) => [...rows.all()].map(([id, row]) => [id, row.toString('utf8')])

test('rows come back as a map has them, also after others were there', () => {
  const rows = new NewestRows()
  const put = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd') as fc.Arbitrary<RequestId>, fc.string())
  fc.assert(
    fc.property(fc.array(put), (all) => {
      rows.clear()
      for (const [id, row] of all) rows.put(id, Buffer.from(row))
      expect(listed(rows)).toEqual([...new Map(all)])
    }),
  )
})

test('rows of any size are kept', () => {
  const rows = new NewestRows()
  const all = Array.from({ length: 5 }, (_, i) => [String(i) as RequestId, String(i).repeat(700_000)] as const)
  for (const [id, row] of all) rows.put(id, Buffer.from(row))
  expect(listed(rows)).toEqual(all)
})
