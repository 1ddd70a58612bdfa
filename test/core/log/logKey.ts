import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { Broken } from '../../../src/core/data/broken.ts'
import type { VerifySignature } from '../../../src/core/log/checkpoint.ts'
import type { NoteSignature } from '../../../src/core/log/note.ts'
import { derOf, keyIdOf, thumbprintOf } from '../../../src/core/log/signature.ts'

/** A key that signs as the signer port does: r‖s. */
export function logKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  const der = (bytes: string | Uint8Array) =>
    derOf(sign('sha256', Buffer.from(bytes), { key: privateKey, dsaEncoding: 'ieee-p1363' }))
  return {
    spki,
    kid: thumbprintOf(spki),
    publicKey,
    der,
    noteSignature: (name: string, text: string): NoteSignature => ({
      name,
      keyId: keyIdOf(spki),
      signature: der(text),
    }),
  }
}

export const verifySignature: VerifySignature = (spki, bytes, der) =>
  verify('sha256', bytes, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), der)

/** The code of the Broken that is thrown. Anything else that is thrown flies on. */
export function brokenCode(work: () => unknown): string {
  try {
    work()
  } catch (cause) {
    if (cause instanceof Broken) return cause.code
    throw cause
  }
  return 'nothing is broken'
}

/** Made by openssl and Python alone. The key's x begins with a zero byte. */
export const golden = {
  pem: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAFU/II1N08nOMZ7lecrewVenF4rm
PyxrFQ2VrAvrDtTXMDm4HdypPEdLTh92bIvFsDvkoUPa26i9bap06CEUwg==
-----END PUBLIC KEY-----
`,
  x: 'AFU_II1N08nOMZ7lecrewVenF4rmPyxrFQ2VrAvrDtQ',
  y: '1zA5uB3cqTxHS04fdmyLxbA75KFD2tuovW2qdOghFMI',
  kid: 'f_hKBFulnreSwXzSh4e3vLpbNwkyYzc0ZNdmcbMO2yI',
  keyId: '0836e74b',
  note: `approvals.example/evidence
1
KKOhj2zWQGsIbp/9ofm4oT289EsPPzLLkDGhH9BTrPk=

— approvals.example/evidence CDbnSzBEAiBOig6Txyp7tZ4DZIWw7Mnqg577LpB01ukmVZFKyFOzXwIgUiUeIc2nHy6pfS+X3gpnzAYN1XLpva0hRiMv9Uy8KiU=
`,
} as const
