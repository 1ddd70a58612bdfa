import type { ObjectId } from '../../src/core/data/id.ts'
import { toBody } from '../../src/http/body.ts'
import { bot, dba, redeemed, redemption, runner } from '../support/build.ts'

test('the redemption is in the answer to the executor alone', () => {
  const request = redeemed({ executor: runner })
  const told = (kind: 'agent' | 'person', id: ObjectId) => toBody(request, { to: { kind, id }, delivery: 'ok' })
  expect(told('agent', runner).redemption).toBe(redemption)
  expect(told('agent', bot)).not.toHaveProperty('redemption')
  expect(told('person', dba)).not.toHaveProperty('redemption')
})
