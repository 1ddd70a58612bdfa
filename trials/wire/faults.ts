import type { Fault } from '../../test/support/faultProxy.ts'

const status = (code: number, more: Partial<Extract<Fault, { kind: 'status' }>> = {}): Fault => ({
  ...{ kind: 'status', status: code, ...more },
})

/** Faults of a call by name. A connection may break before the call arrives, or after. */
export const faults: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ['reset before', { kind: 'lost' }],
  ['reset after', { kind: 'unanswered' }],
  ['delay', { kind: 'delayed', ms: 2_800 }],
  ['duplicate', { kind: 'doubled' }],
  ...[408, 412, 429, 500, 502, 503, 504].map((code): [string, Fault] => [String(code), status(code)]),
  ['429 in 1 s', status(429, { headers: { 'retry-after': '1' } })],
  ['429 in 30 s', status(429, { headers: { 'retry-after': '30' } })],
  ...[408, 412, 500, 502, 503, 504].map((code): [string, Fault] => [`${code} after`, status(code, { after: true })]),
  ['truncated', { kind: 'truncated' }],
  ['no JSON', { kind: 'garbled', body: '<html>Welcome</html>' }],
  ['half JSON', { kind: 'garbled', body: '{"value":[{"PartitionKey":"0' }],
  ['other JSON', { kind: 'garbled', body: '{}' }],
  ['null', { kind: 'garbled', body: 'null' }],
])

/** Never ends by itself, so it is used from one call on. */
export const hanging: Fault = { kind: 'hanging' }
