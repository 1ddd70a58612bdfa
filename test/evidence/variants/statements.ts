import { predicate, signing, text, wrong } from './forging.ts'
import { type Answers, many, on } from './variant.ts'

export const inManifest: Answers = ['manifest', 'members', 'members']

/** Statements that the key's holder signed. */
export const statements = on(many, [
  ['a statement with a blank', inManifest, text((one) => `${one} `)],
  ['a statement with a name twice', inManifest, text((one) => one.replace('"number":3', '"number":3,"number":3'))],
  [
    'a statement that is not UTF-8',
    ['manifest', 'members', 'manifest'],
    text((one) => Buffer.concat([Buffer.from(one.slice(0, -1)), Buffer.of(0xc3, 125)])),
  ],
  ['a statement that is a list', inManifest, text(() => '[]')],
  [
    'a statement of another type',
    inManifest,
    signing((one) => void (one.predicateType = 'https://slsa.dev/provenance/v1')),
  ],
  ['one more field in the statement', inManifest, signing((one) => void Object.assign(one, { zone: 1 }))],
  ['one more field in the predicate', inManifest, predicate((one) => void (one['zone'] = 1))],
  [
    'a member with two digests',
    inManifest,
    signing(({ subject }) => void Object.assign(subject[0]?.digest ?? {}, { sha512: 'x' })),
  ],
  ['a member listed twice', inManifest, signing(({ subject }) => void subject.push(...subject.slice(0, 1)))],
  [
    'a member listed without a digest',
    inManifest,
    signing(({ subject }) => void (subject[0] = { name: 'README.txt' } as never)),
  ],
  ['a number that is true', inManifest, predicate((one) => void (one['number'] = true))],
  ['a number with a fraction', inManifest, text((one) => one.replace('"number":3', '"number":3.0'))],
  [
    'a number beyond what programs hold',
    inManifest,
    text((one) => one.replace('"number":3', '"number":9007199254740993')),
  ],
  ['a size that is a text', inManifest, predicate(({ log }) => void (log.from.size = '13' as never))],
  ['a size without its value', inManifest, predicate(({ log }) => void Reflect.deleteProperty(log.from, 'size'))],
  ['no log', inManifest, predicate((one) => void Reflect.deleteProperty(one, 'log'))],
  ['a log that is a list', inManifest, predicate((one) => void (one.log = [] as never))],
  ['a day that no calendar has', inManifest, predicate((one) => void (one.date = '2026-02-30'))],
  ['a day that was not over', inManifest, predicate((one) => void (one['sealedAt'] = '2026-02-03T23:59:59.999Z'))],
  ['an origin with a blank', inManifest, predicate(({ log }) => void (log.origin = 'contoso evidence'))],
  ['a root that is no hash', inManifest, predicate(({ log }) => void (log.to.root = log.to.root.slice(4)))],
  ['a frontier with a root too many', inManifest, predicate(({ log }) => void log.from.frontier.push(wrong))],
  ['a shard too few', inManifest, predicate(({ shards }) => void Reflect.deleteProperty(shards, '0f'))],
  [
    'a policy that no event brought',
    inManifest,
    predicate(({ shards }) => {
      const still = Object.values(shards).find(({ from, to }) => to === from)
      Object.assign(still ?? {}, { policyTo: `sha256:${'a'.repeat(64)}` })
    }),
  ],
  ['sizes that its shards do not give', inManifest, predicate(({ log }) => void (log.to.size += 1))],
  ['records that its types do not give', inManifest, predicate(({ counts }) => void (counts.records += 1))],
  ['no manifest before', inManifest, predicate((one) => void Reflect.deleteProperty(one, 'previousManifest'))],
  ['a tool without a name', inManifest, predicate((one) => void (one['tool'] = ''))],
])
