import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { witnessesIn } from '../../src/cosigner/settings.ts'
import { formatWitnessKey } from '../../src/core/log/cosignature.ts'
import { makeWitness } from '../support/cosigning.ts'

const [one, two, three] = ['w1', 'w2', 'w3'].map((name) => makeWitness(`witness.example/${name}`).key) as [
  string,
  string,
  string,
]
const named = (value: string | undefined, allowsLoopback = false) =>
  witnessesIn(value, { allowsLoopback }).map(({ url, keys }) => [url, ...keys.map(formatWitnessKey)])

test('without the setting there is no witness', () => {
  for (const value of [undefined, '', '  ']) expect(named(value)).toEqual([])
})

test('a witness is an address and its keys; further witnesses follow', () => {
  expect(named(`https://witness.example ${one}`)).toEqual([['https://witness.example', one]])
  expect(named(` https://a.example/log/  ${one}\n${two}\thttps://b.example:8443 ${three} `)).toEqual([
    ['https://a.example/log', one, two],
    ['https://b.example:8443', three],
  ])
})

test('the key is taken in the form in which another program prints it', () => {
  const key = readFileSync(join(__dirname, '../golden/witness/witness.vkey'), 'utf8')
  expect(named(`https://witness.example ${key}`)).toEqual([['https://witness.example', key.trim()]])
})

const log = readFileSync(join(__dirname, '../golden/witness/vkey'), 'utf8').trim()

test.each([
  ['words', 'enabled', /begins with the address of a witness.*Write https:/],
  ['a key alone', one, /begins with the address/],
  ['an address alone', 'https://witness.example', /each address is followed by a key.*Write https:/],
  ['two addresses', `https://a.example https://b.example ${one}`, /each address is followed by a key/],
  ['plain http', `http://witness.example ${one}`, /address in place 1 is no https address/],
  ['this machine', `http://127.0.0.1:8080 ${one}`, /no https address/],
  ['another protocol', `file:///etc/passwd ${one}`, /no https address/],
  ['a user', `https://u:p@witness.example ${one}`, /without user, query and fragment/],
  ['a query', `https://witness.example/?a=b ${one}`, /without user, query and fragment/],
  ['a fragment', `https://witness.example/#a ${one}`, /without user, query and fragment/],
  ['no host', `https:// ${one}`, /no https address/],
  ['a malformed key', `https://witness.example witness.example+x`, /key in place 2 is no verifier key.*Write https:/],
  ['a key that was cut', `https://witness.example ${one.slice(0, -8)}`, /key in place 2 is no verifier key/],
  [
    'a key that was changed',
    `https://witness.example ${one.replace('w1', 'w9')}`,
    /does not fit its own key id.*Copy it/,
  ],
  ['a key of a log', `https://witness.example ${log}`, /is of another type than 4.*Ask the operator/],
  ['a key twice', `https://a.example ${one} https://b.example ${one}`, /two keys with the same id. Leave one out/],
  ['an address twice', `https://a.example ${one} https://a.example/ ${two}`, /an address twice. Leave one out/],
  ['nine keys', `https://a.example ${Array.from({ length: 9 }, () => makeWitness().key).join(' ')}`, /at most 8 keys/],
  [
    'five witnesses',
    Array.from({ length: 5 }, (_, i) => `https://w${i}.example ${makeWitness().key}`).join(' '),
    /at most 4 witnesses/,
  ],
])('the setting is refused by name, with what to do and without its value: %s', (_what, value, rule) => {
  const refused = () => named(value)
  expect(refused).toThrow('The setting COUNTERSIGN_WITNESS is malformed: ')
  expect(refused).toThrow(rule)
  for (const word of value.split(/\s+/)) expect(refused).not.toThrow(word)
})

test('only a local stack may call a witness without TLS, and only on this machine', () => {
  for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:1'])
    expect(named(`http://${host} ${one}`, true)).toEqual([[`http://${host}`, one]])
  for (const host of ['witness.example', '10.0.0.1', '127.0.0.1.example', '169.254.169.254'])
    expect(() => named(`http://${host} ${one}`, true)).toThrow('no https address')
})
