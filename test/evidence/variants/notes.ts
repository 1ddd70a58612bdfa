import { keyIdOf } from '../../../src/core/log/signature.ts'
import { resign as resignAs } from '../bundle.ts'
import { noteOf } from '../forgery.ts'
import {
  envelope,
  predicate,
  keyOf,
  note,
  originIn,
  ownLine,
  publicPem,
  signatureLine,
  sizeAndRoot,
  stranger,
  strangeLine,
  strangerPem,
  wrong,
} from './forging.ts'
import { compressed } from './keyFiles.ts'
import { all, many, on, rotation } from './variant.ts'

/** Checkpoints that the key's holder signed into the manifest: the grammar of c2sp.org/signed-note. */
export const notes = on(many, [
  ['a line that is no signature', all('checkpoints'), signatureLine('hello\n', 'first')],
  ['its own signature twice', all('holds'), signatureLine(ownLine)],
  ["a stranger's signature before its own", all('holds'), signatureLine(strangeLine('witness.example'), 'first')],
  ["a stranger's signature under the log's name", all('holds'), signatureLine((old) => strangeLine(originIn(old)))],
  [
    "a signature in vain under the log's name and key",
    all('checkpoints'),
    signatureLine((old, { log }) => {
      const bytes = Buffer.concat([keyIdOf(keyOf(log).spki), Buffer.from('3006020101020101', 'hex')])
      return `— ${originIn(old)} ${bytes.toString('base64')}\n`
    }),
  ],
  ['a checkpoint without a signature', all('checkpoints'), note((old) => old.slice(0, old.indexOf('\n\n') + 2))],
  ['no empty line', all('checkpoints'), note((old) => old.replace('\n\n', '\n'))],
  ['no last newline', all('checkpoints'), note((old) => old.slice(0, -1))],
  ['an empty line between signatures', all('checkpoints'), signatureLine(`\n${strangeLine('witness.example')}`)],
  ['a dash of ASCII', all('checkpoints'), signatureLine(strangeLine('witness.example').replace('—', '-'))],
  ["a stranger's name with a plus", all('checkpoints'), signatureLine(strangeLine('a+b'))],
  ["a stranger's name with a blank of Unicode", all('checkpoints'), signatureLine(strangeLine('a\u00a0b'))],
  ['a signature of four bytes', all('checkpoints'), signatureLine(strangeLine('witness.example', 4))],
  ['a signature in another base64', all('checkpoints'), signatureLine('— witness.example AAAAAAB=\n')],
  ['a tab', all('checkpoints'), signatureLine(`${strangeLine('witness.example').slice(0, -1)}\t\n`)],
  ['line ends of Windows', all('checkpoints'), note((old) => old.replaceAll('\n', '\r\n'))],
  ['more signatures than 32', all('checkpoints'), signatureLine(strangeLine('witness.example').repeat(32))],
  ['32 signatures', all('holds'), signatureLine(strangeLine('witness.example').repeat(31), 'first')],
  ['a line of an extension', all('checkpoints'), note((old) => old.replace('\n\n', '\nmore\n\n'))],
  [
    'a name that is not UTF-8',
    all('checkpoints'),
    note((old) => Buffer.concat([Buffer.from(old), Buffer.from('— '), Buffer.of(255), Buffer.from(' AAAAAAAA\n')])),
  ],
  [
    'a manifest of another log than its checkpoints',
    all('checkpoints'),
    predicate(({ log }) => void (log.origin = 'other.example/evidence')),
  ],
  [
    'the checkpoint of another log',
    all('checkpoints'),
    note((old, { log }) => noteOf({ origin: 'other.example/evidence', ...sizeAndRoot(old) }, log)),
  ],
  [
    'another root in a signed note',
    all('checkpoints'),
    note((old, { log }) => noteOf({ origin: originIn(old), ...sizeAndRoot(old), root: wrong }, log)),
  ],
  [
    'the signature of the day before',
    all('checkpoints'),
    (members, secrets) =>
      note((old) => old.slice(0, old.indexOf('\n\n') + 2) + ownLine(members.get('checkpoint.prev')?.toString() ?? ''))(
        members,
        secrets,
      ),
  ],
  [
    'no signature on the day before',
    all('checkpoints'),
    note((old) => old.slice(0, old.indexOf('\n\n') + 2), 'checkpoint.prev'),
  ],
  [
    'a key in the bundle that signed nothing',
    all('checkpoints'),
    (members, { log }) => {
      members.set(`keys/${keyOf(strangerPem).kid}.pem`, Buffer.from(publicPem(stranger)))
      return resignAs(members, keyOf(log))
    },
  ],
  [
    "a stranger's key under the name of the log's",
    all('checkpoints'),
    (members, { log }) => {
      members.set(`keys/${keyOf(log).kid}.pem`, Buffer.from(publicPem(stranger)))
      return resignAs(members, keyOf(log))
    },
  ],
  [
    'a compressed key in the bundle',
    all('checkpoints'),
    (members, { log }) => {
      members.set(`keys/${keyOf(log).kid}.pem`, Buffer.from(compressed(publicPem(log))))
      return resignAs(members, keyOf(log))
    },
  ],
  [
    'no key in the bundle',
    all('checkpoints'),
    (members, { log }) => {
      members.delete(`keys/${keyOf(log).kid}.pem`)
      return resignAs(members, keyOf(log))
    },
  ],
  [
    'two keys that signed, without a rotation',
    ['rules', 'records', '-'],
    (members, { log, next }) => {
      members.set(`keys/${keyOf(next).kid}.pem`, Buffer.from(publicPem(next)))
      return note(
        (old) => `${old}${ownLine(noteOf({ origin: originIn(old), ...sizeAndRoot(old) }, next))}`,
        'checkpoint',
        [0, 1],
      )(members, { log, next })
    },
  ],
])

export const rotations = on(rotation, [
  [
    'a rotation whose new key did not sign the checkpoint',
    all('checkpoints'),
    note((old) => old.replace(/\n[^\n]*\n$/, '\n'), 'checkpoint', [0, 1]),
  ],
  [
    'a rotation whose new key did not sign the manifest',
    ['checkpoints', 'checkpoints', 'checkpoints'],
    (members, { log }) => resignAs(members, keyOf(log)),
  ],
  [
    'a rotation whose second signature is wrong',
    all('checkpoints'),
    envelope(
      ({ dsseEnvelope: { signatures } }) => void ((signatures[1] ?? { sig: '' }).sig = signatures[0]?.sig ?? ''),
    ),
  ],
])
