/** Values of the examples in the OpenAPI document: one request of the example policy, from asking to the bundle. */
export const example = {
  request: '01kjw2xm00abcdefghjkmnpqrs-07',
  hold: '01kjw2xm00abcdefghjkmnpqrt',
  agent: 'b0000000-0000-4000-8000-000000000001',
  executor: 'b0000000-0000-4000-8000-000000000002',
  approver: 'c0000000-0000-4000-8000-000000000001',
  digest: `sha256:${'9f86d081884c7d65'.repeat(4)}`,
  policy: `sha256:${'2c26b46b68ffc68f'.repeat(4)}`,
  hash: 'fcde2b2edba56bf4'.repeat(4),
  redemption: '5b3d3a0e-6f0c-4b7e-9d3a-1f2e3d4c5b6a',
  grant: 'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiIwMWtqdzJ4bTAwIn0.c2lnbmF0dXJl',
  day: '2026-03-04',
  asked: '2026-03-04T09:00:00.000Z',
  approved: '2026-03-04T09:02:41.512Z',
  later: '2026-03-04T10:00:00.000Z',
  trace: '280a9dcb1f49b1bef9bd41b22bdcb37d',
} as const
