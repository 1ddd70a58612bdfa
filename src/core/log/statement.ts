import { decode64, encode64 } from '../data/base64.ts'
import { Broken } from '../data/broken.ts'
import { badField, hex, list, members, same, string } from './field.ts'
import type { Hex } from '../data/id.ts'
import { canonical, isObject, type Json, type JsonLimits, readJson } from '../data/json.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { evidenceBundle, isLaterBundle } from '../data/namespace.ts'
import { rawOf } from './signature.ts'

export type { Manifest } from './manifest.ts'

/** A member of a bundle, as the signed statement lists it. */
export interface Subject {
  readonly name: string
  readonly sha256: Hex
}

export interface ManifestSignature {
  /** The key's RFC 7638 thumbprint. Only a hint for finding the key: nothing is trusted because of it. */
  readonly kid: string
  readonly der: Uint8Array
}

const payloadType = 'application/vnd.in-toto+json'
const statementType = 'https://in-toto.io/Statement/v1'
const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/** More than the policy files of thousands of versions need. Base64 adds a third. */
const payloadLimits = { bytes: 2_097_152, depth: 8, nodes: 100_000 }
const bundleLimits = { bytes: 3_145_728, depth: 8, nodes: 100 }

/** On the day of a key rotation the old key and the new key sign. */
const maxSignatures = 2

/** Writes an in-toto Statement v1, which is the signed payload. */
export const statementOf = (subjects: readonly Subject[], manifest: Manifest): string =>
  canonical({
    _type: statementType,
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: evidenceBundle,
    predicate: { ...manifest },
  })

/** Writes the bytes to sign for a payload (DSSE v1, pre-authentication encoding), which cover its type, too. */
export function pae(payload: string | Uint8Array, type: string = payloadType): Uint8Array {
  const bytes = Buffer.from(payload)
  const head = Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${bytes.length} `)
  return new Uint8Array(Buffer.concat([head, bytes]))
}

/** Writes a Sigstore bundle v0.3 around the payload. The hint names the key of the first signature. */
export const formatBundle = (payload: string, signatures: readonly ManifestSignature[]): string =>
  canonical({
    mediaType,
    verificationMaterial: { publicKey: { hint: signatures[0]?.kid ?? '' } },
    dsseEnvelope: {
      payload: encode64(Buffer.from(payload)),
      payloadType,
      signatures: signatures.map(({ kid, der }) => ({ keyid: kid, sig: encode64(der) })),
    },
  })

/**
 * Reads a Sigstore bundle exactly as {@link formatBundle} writes it. Verifies no signature.
 *
 * @throws {Broken} `bad-manifest`
 */
export function parseBundle(text: string): {
  readonly payload: Uint8Array
  readonly signatures: readonly ManifestSignature[]
} {
  const bundle = members(readCanonical(Buffer.from(text), bundleLimits), 'the bundle', [
    'mediaType',
    'verificationMaterial',
    'dsseEnvelope',
  ])
  same(bundle['mediaType'], mediaType, 'mediaType')
  const material = members(bundle['verificationMaterial'], 'verificationMaterial', ['publicKey'])
  const { hint } = members(material['publicKey'], 'publicKey', ['hint'])
  const envelope = members(bundle['dsseEnvelope'], 'dsseEnvelope', ['payload', 'payloadType', 'signatures'])
  same(envelope['payloadType'], payloadType, 'payloadType')
  const signatures = list(envelope['signatures'], 'signatures').map(readSignature)
  if (signatures.length === 0 || signatures.length > maxSignatures) throw badField('signatures')
  if (new Set(signatures.map(({ kid }) => kid)).size < signatures.length) throw badField('signatures')
  same(hint, signatures[0]?.kid ?? '', 'hint')
  const payload = decode64(string(envelope['payload'], 'payload'))
  if (payload === null) throw badField('payload')
  return { payload, signatures }
}

/**
 * Reads a statement strictly. Call it only after a signature was verified.
 *
 * Checks the form of each field, but not whether the fields are true of the bundle's other members.
 *
 * @throws {Broken} `newer-format` for a later version of our `predicateType`, otherwise `bad-manifest`
 */
export function parseStatement(payload: Uint8Array): {
  readonly subjects: readonly Subject[]
  readonly manifest: Manifest
} {
  const value = readCanonical(payload, payloadLimits)
  refuseLater(value)
  const statement = members(value, 'the statement', ['_type', 'subject', 'predicateType', 'predicate'])
  same(statement['_type'], statementType, '_type')
  same(statement['predicateType'], evidenceBundle, 'predicateType')
  const subjects = list(statement['subject'], 'subject').map(readSubject)
  if (new Set(subjects.map(({ name }) => name)).size < subjects.length) throw badField('subject')
  return { subjects, manifest: readManifest(statement['predicate']) }
}

/**
 * Tells a later form of the manifest from a wrong one. Comes before every other check: what else the later form has is
 * not known here.
 *
 * @throws {Broken} `newer-format`
 */
function refuseLater(statement: Json): void {
  if (!isObject(statement) || statement['_type'] !== statementType) return
  const type = statement['predicateType']
  if (typeof type !== 'string' || !isLaterBundle(type)) return
  const what = `The manifest is of type ${type}, which this program does not know`
  throw new Broken('newer-format', `${what}. Use a newer countersign to verify it.`)
}

function readSignature(value: Json): ManifestSignature {
  const { keyid, sig } = members(value, 'signatures', ['keyid', 'sig'])
  const der = decode64(string(sig, 'sig'))
  if (der === null || rawOf(der) === null) throw badField('sig')
  return { kid: string(keyid, 'keyid', /^[A-Za-z0-9_-]{43}$/), der }
}

function readSubject(value: Json): Subject {
  const subject = members(value, 'subject', ['name', 'digest'])
  const digest = members(subject['digest'], 'subject.digest', ['sha256'])
  return {
    name: string(subject['name'], 'subject.name', /^[^\p{Cc}]{1,255}$/u),
    sha256: hex(digest['sha256'], 'subject.digest.sha256'),
  }
}

/** Reads canonical JSON only: any other way to write the same value would be a change that no reader notices. */
function readCanonical(bytes: Uint8Array, limits: JsonLimits): Json {
  let value: Json
  try {
    value = readJson(bytes, limits)
  } catch (cause) {
    throw new Broken('bad-manifest', 'The manifest is not JSON, or too large.', { cause })
  }
  if (Buffer.compare(bytes, Buffer.from(canonical(value))) !== 0)
    throw new Broken('bad-manifest', 'The manifest is not written in the canonical form.')
  return value
}
