/** A public key of ours: P-256, as a JWK (RFC 7517) with its thumbprint (RFC 7638) as `kid`. */
export interface PublicKey {
  readonly kid: string
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** Signs with one key: ECDSA P-256 over SHA-256. Another instance of it signs the log; the keys never mix. */
export interface Signer {
  /** Newest first; the newest signs. Older ones are there to verify with, and to sign while a rotation lasts. */
  keys(): Promise<readonly PublicKey[]>
  /**
   * @param digest SHA-256, 32 bytes
   * @param kid which of its keys; the newest if none is named
   * @returns the signature as r‖s, 64 bytes, and which key made it
   * @throws {Problem} `unavailable`
   */
  sign(digest: Uint8Array, kid?: string): Promise<{ readonly kid: string; readonly signature: Uint8Array }>
}
