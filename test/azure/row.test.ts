import { requestFrom, requestRow } from '../../src/azure/row.ts'
import type { Presentation } from '../../src/core/action/presentation.ts'
import { pending } from '../support/build.ts'
import { rowSigner } from '../support/fakes/ledgerKey.ts'

const presentation: Presentation = {
  title: [{ text: 'Export ' }, { path: ['rows'], format: 'number' }],
  params: [{ key: 'rows', label: 'Zeilen', format: 'number', critical: true }],
}

const signer = rowSigner('countersign.example/evidence')

test('a request survives being written to a row and read back, with its presentation', () => {
  for (const request of [pending(), pending({ presentation })])
    expect(requestFrom(requestRow(signer, request))).toEqual(request)
})

test('a row from before presentations is read as one without', () => {
  const row = requestRow(signer, pending({ presentation }))
  const { policy, ...state } = JSON.parse(String(row['state'])) as { policy: { presentation?: unknown } }
  delete policy.presentation
  expect(requestFrom({ ...row, state: JSON.stringify({ ...state, policy }) })).toEqual(pending())
})
