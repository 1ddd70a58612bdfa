import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { pemOf } from '../../../src/core/log/signature.ts'
import { nothing, publicPem, stranger, strangerPem } from './forging.ts'
import { type Answers, many, type Secrets, type Variant } from './variant.ts'

/** Files in the place of `LOG.pem`. */
export const keyFiles: readonly Variant[] = [
  ...(
    [
      ['twice', ['unreadable', 'unreadable', 'unreadable'], (pem) => pem + pem],
      ['with a text around it', ['holds', 'holds', 'holds'], (pem) => `log key\n${pem}\nof 2026\n`],
      ['with line ends of Windows', ['holds', 'holds', 'holds'], (pem) => pem.replaceAll('\n', '\r\n')],
      ['that is another one', ['manifest', 'manifest', 'manifest'], () => publicPem(stranger)],
      ['and a stranger', ['unreadable', 'unreadable', 'unreadable'], (pem) => pem + publicPem(stranger)],
      ['as an empty file', ['unreadable', 'unreadable', 'unreadable'], () => ''],
      ['in DER', ['unreadable', 'unreadable', 'unreadable'], (pem) => Buffer.from(bodyOf(pem), 'base64')],
      ['whose last bits are not zero', ['unreadable', 'unreadable', 'unreadable'], (pem) => loose(pem)],
      ['that is no point of the curve', ['unreadable', 'unreadable', 'unreadable'], (pem) => offCurve(pem)],
      ['as a compressed point', ['unreadable', 'unreadable', 'unreadable'], (pem) => compressed(pem)],
      ['as a secret key', ['unreadable', 'unreadable', 'unreadable'], () => strangerPem],
      ['of P-384', ['unreadable', 'unreadable', 'unreadable'], () => publicPem(generate('P-384'))],
      ['of RSA', ['unreadable', 'unreadable', 'unreadable'], () => publicPem(generate('rsa'))],
    ] satisfies [string, Answers, (pem: string) => string | Uint8Array][]
  ).map(([what, answers, key]) => ({
    ...{ what: `the log's key ${what}`, answers, day: many, change: nothing },
    key: ({ log }: Secrets) => key(publicPem(log)),
  })),
]

const bodyOf = (pem: string): string => pem.replace(/-----.*-----|\s/g, '')
const pemWith = (der: Uint8Array): string => pemOf(der)
const loose = (pem: string): string => pem.replace(/(.)==/, (_, last: string) => `${next[last] ?? '?'}==`)
/** The letters after those that end the base64 of one byte too many. */
const next: Readonly<Record<string, string>> = { A: 'B', Q: 'R', g: 'h', w: 'x' }

function offCurve(pem: string): string {
  const der = Buffer.from(bodyOf(pem), 'base64')
  der[90] = (der[90] ?? 0) ^ 1
  return pemWith(der)
}

export function compressed(pem: string): string {
  const der = Buffer.from(bodyOf(pem), 'base64')
  const head = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex')
  return pemWith(Buffer.concat([head, Buffer.of(2 + ((der[90] ?? 0) & 1)), der.subarray(27, 59)]))
}

const generate = (kind: 'P-384' | 'rsa'): KeyObject =>
  kind === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: kind }).privateKey
