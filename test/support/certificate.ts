import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A key and a certificate that signs itself, as PEM. */
export interface TestCertificate {
  readonly key: string
  readonly cert: string
}

/** Makes a certificate for a name (X.509 v3, P-256), which is valid from yesterday for ten days. */
export function certificateFor(name: string, now = Date.now()): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const day = 24 * 3600 * 1000
  const called = seq(set(seq(oid('550403'), der(0x0c, Buffer.from(name)))))
  const signed = seq(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    called,
    seq(...[now - day, now + 10 * day].map(time)),
    called,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, seq(seq(oid('551d11'), der(0x04, seq(der(0x82, Buffer.from(name))))))),
  )
  const signature = sign('sha256', signed, privateKey)
  const whole = seq(signed, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`,
  }
}

/** An element of ASN.1 in DER: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const bytes = content.length < 256 ? [content.length] : [content.length >> 8, content.length & 255]
  const length = content.length < 128 ? bytes : [0x80 + bytes.length, ...bytes]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const seq = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts)
const set = (...parts: readonly Buffer[]): Buffer => der(0x31, ...parts)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const integer = (bytes: Buffer): Buffer => der(0x02, bytes)
const time = (ms: number): Buffer =>
  der(
    0x17,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replaceAll(/[-:T]|\..*/g, '')
        .slice(2)}Z`,
    ),
  )
const ecdsaWithSha256 = seq(oid('2a8648ce3d040302'))
