import { readSinks } from '../src/sinksFile.ts'
import { clouds } from '../src/runtime/cloud.ts'

const webhook = {
  kind: 'webhook',
  url: 'https://hooks.contoso.example/countersign',
  secret: 'https://contoso.vault.azure.net/secrets/hook-siem',
}
const sentinel = {
  kind: 'sentinel',
  endpoint: 'https://countersign-audit-abcd.westeurope-1.ingest.monitor.azure.com',
  rule: `dcr-${'0a'.repeat(16)}`,
}
const lines = { kind: 'ocsf' }

const read = (sinks: object, more: object = {}, cloud = clouds.public) =>
  readSinks(Buffer.from(JSON.stringify({ version: 1, sinks, ...more }, null, 2)), cloud)

/** What is said of a file that is refused. */
function said(work: () => unknown): string {
  try {
    work()
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
  throw new Error('It was not refused.')
}

test('each kind of sink is read, with what is usual where nothing is said', () => {
  expect(read({ siem: webhook, sentinel, lines })).toEqual([
    { name: 'siem', ...webhook, rawData: true, deliverAnyway: false },
    { name: 'sentinel', ...sentinel, stream: 'Custom-Countersign' },
    { name: 'lines', ...lines, rawData: true },
  ])
  expect(read({})).toEqual([])
})

test('the addresses are those of the cloud', () => {
  const gov = {
    siem: { ...webhook, secret: 'https://contoso.vault.usgovcloudapi.net/secrets/hook-siem' },
    sentinel: { ...sentinel, endpoint: 'https://a.usgovvirginia-1.ingest.monitor.azure.us' },
  }
  expect(read(gov, {}, clouds['gcc-high'])).toHaveLength(2)
  expect(said(() => read(gov))).toContain('https://<name>.vault.azure.net/secrets/<name>')
})

/** The words of the line, its number, and what stands there. */
test.each<[string, object, RegExp]>([
  [
    'a kind that is none',
    { siem: { ...webhook, kind: 'splunk' } },
    /^sinks\.json:5: sinks\.siem\.kind: it is webhook, sentinel or ocsf$/,
  ],
  [
    'a missing kind',
    { siem: { url: webhook.url } },
    /^sinks\.json:4: sinks\.siem\.kind: it is webhook, sentinel or ocsf$/,
  ],
  [
    'a member with a typo',
    { siem: { ...webhook, ulr: webhook.url } },
    /^sinks\.json:8: sinks\.siem\.ulr: there is no such member here; there are kind, url, secret, rawData, deliverAnyway$/m,
  ],
  [
    'an address that is none',
    { siem: { ...webhook, url: 'http://hooks.contoso.example' } },
    /^sinks\.json:6: sinks\.siem\.url: it begins with https:\/\/$/,
  ],
  [
    'an address of a machine',
    { siem: { ...webhook, url: 'https://10.0.0.4/' } },
    /sinks\.siem\.url: it has a name and no IP address$/,
  ],
  ['an address that is no text', { siem: { ...webhook, url: 7 } }, /sinks\.siem\.url: /],
  [
    'the secret itself',
    { siem: { ...webhook, secret: 'whsec_AAAA' } },
    /^sinks\.json:7: sinks\.siem\.secret: it is the id of a Key Vault secret/,
  ],
  [
    'a secret of another host',
    { siem: { ...webhook, secret: 'https://vault.azure.net.example/secrets/a' } },
    /sinks\.siem\.secret: /,
  ],
  ['a version of a secret', { siem: { ...webhook, secret: `${webhook.secret}/0123` } }, /without a version/],
  ['raw data that is no switch', { lines: { ...lines, rawData: 'no' } }, /sinks\.lines\.rawData: it is true or false$/],
  [
    'a name that is none',
    { 'The SIEM': lines },
    /sinks\.The SIEM: a sink is named with 1 to 31 of a-z 0-9 -, a letter first$/,
  ],
  [
    'an endpoint elsewhere',
    { s: { ...sentinel, endpoint: 'https://evil.example' } },
    /sinks\.s\.endpoint: it is the logsIngestion endpoint/,
  ],
  ['an endpoint with a slash', { s: { ...sentinel, endpoint: `${sentinel.endpoint}/` } }, /without a slash at its end/],
  [
    'a host that only looks like one',
    { s: { ...sentinel, endpoint: 'https://a.ingest.monitorXazure.com' } },
    /sinks\.s\.endpoint: /,
  ],
  ['a rule by its name', { s: { ...sentinel, rule: 'countersign-audit' } }, /sinks\.s\.rule: it is the immutable id/],
  ['a stream of a table', { s: { ...sentinel, stream: 'Microsoft-ASimAuditEventLogs' } }, /sinks\.s\.stream: /],
  [
    'two hooks at one address',
    { siem: webhook, other: webhook },
    /sinks\.other\.url: "siem" has this address: leave one out$/,
  ],
  [
    'nine sinks',
    Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`s${i}`, lines])),
    /sinks: there are at most 8 sinks$/,
  ],
])('%s is refused by line, member and rule', (_what, sinks, words) => {
  expect(said(() => read(sinks))).toMatch(words)
})

test.each<[string, string, RegExp]>([
  ['is no JSON', '{ "version": 1, "sinks": { "siem": { "kind": webhook } } }', /^sinks\.json:1: .*A value is expected/],
  ['has a member twice', '{ "version": 1,\n "sinks": {},\n "sinks": {} }', /^sinks\.json:3: .*twice/],
  ['has a version that is none', '{ "version": 2, "sinks": {} }', /^sinks\.json:1: version: /],
  ['has no sinks', '{ "version": 1 }', /sinks: /],
  [
    'has another member',
    '{ "version": 1, "sinks": {}, "hooks": {} }',
    /hooks: there is no such member here; there are version, sinks$/,
  ],
  ['begins with a mark', '\ufeff{ "version": 1, "sinks": {} }', /byte order mark/],
  ['is empty', '', /^sinks\.json:1: /],
])('a file that %s is refused by line', (_how, text, words) => {
  expect(said(() => readSinks(Buffer.from(text), clouds.public))).toMatch(words)
})
