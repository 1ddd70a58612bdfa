/** A public key of the service: P-256, as a JWK (RFC 7517) with its thumbprint (RFC 7638) as `kid`. */
export interface PublicKey {
  readonly kid: string
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** Signs with one key: ECDSA P-256 over SHA-256. Grants and the log have separate instances with separate keys. */
export interface Signer {
  /** Lists the key's versions, newest first. The newest signs; older ones verify, and sign during a rotation, too. */
  keys(): Promise<readonly PublicKey[]>
  /**
   * @param digest SHA-256, 32 bytes
   * @param kid the version to sign with; the newest if absent
   * @returns the signature as r‖s, 64 bytes, and the version that made it
   * @throws {Problem} `unavailable`
   */
  sign(digest: Uint8Array, kid?: string): Promise<{ readonly kid: string; readonly signature: Uint8Array }>
}

/** An RSA key that signs for this service and that nobody can read: RSASSA-PKCS1-v1_5 over SHA-256 (RFC 7518 section 3.3). */
export interface RsaKey {
  /** Signs the bytes as they are. @throws {Problem} `unavailable` */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}
