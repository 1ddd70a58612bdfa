import { editEnvelope, signPayload } from '../forgery.ts'
import { envelope, manifest, manifestName, strangerPem } from './forging.ts'
import { all, many, on } from './variant.ts'

/** Around the statement: anybody can try this. */
export const envelopes = on(many, [
  ['one more field around the statement', all('manifest'), envelope((one) => void Object.assign(one, { zone: 1 }))],
  ['no manifest', ['zip', 'manifest', 'manifest'], (members) => void members.delete(manifestName)],
  ['an empty manifest', all('manifest'), manifest(() => '')],
  ['a second value behind the manifest', all('manifest'), manifest((text) => text + text)],
  ['a newline behind the manifest', all('manifest'), manifest((text) => `${text}\n`)],
  ['blanks in the manifest', all('manifest'), manifest((text) => text.replace(':', ': '))],
  ['a name twice in the manifest', all('manifest'), manifest((text) => text.replace('{', '{"mediaType":"x",'))],
  ['a manifest nested until readers give up', all('manifest'), manifest(() => '['.repeat(100_000))],
  ['a manifest that is a list', all('manifest'), manifest(() => '[]')],
  [
    'a manifest that is not UTF-8',
    all('manifest'),
    manifest((text) => Buffer.concat([Buffer.from(text), Buffer.of(255)])),
  ],
  ['a manifest of more than 3 MiB', ['manifest', 'manifest', 'manifest'], manifest((text) => text.padEnd(3_200_000))],
  ['no signature', all('manifest'), envelope((one) => void (one.dsseEnvelope.signatures = []))],
  [
    'the same signature twice',
    all('manifest'),
    envelope(({ dsseEnvelope: one }) => void (one.signatures = [...one.signatures, ...one.signatures])),
  ],
  ['another payload type', all('manifest'), envelope((one) => void (one.dsseEnvelope.payloadType = 'text/plain'))],
  ['another hint', all('manifest'), envelope((one) => void (one.verificationMaterial.publicKey.hint = 'x'))],
  [
    'a signature with a byte behind it',
    all('manifest'),
    envelope(({ dsseEnvelope: { signatures } }) => {
      for (const one of signatures)
        one.sig = Buffer.concat([Buffer.from(one.sig, 'base64'), Buffer.of(0)]).toString('base64')
    }),
  ],
  [
    "a stranger's signature under the key's name",
    all('manifest'),
    (members) =>
      editEnvelope(members, ({ dsseEnvelope: one }) => {
        signPayload(one, Buffer.from(one.payload, 'base64').toString(), strangerPem)
      }),
  ],
  [
    'a payload with a newline',
    all('manifest'),
    envelope(({ dsseEnvelope: one }) => void (one.payload = `${one.payload.slice(0, 64)}\n${one.payload.slice(64)}`)),
  ],
  [
    'another statement under the signature',
    all('manifest'),
    envelope(({ dsseEnvelope: one }) => {
      one.payload = Buffer.from(
        Buffer.from(one.payload, 'base64').toString().replace('"number":3', '"number":4'),
      ).toString('base64')
    }),
  ],
])
