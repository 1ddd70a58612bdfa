import { createHash, generateKeyPairSync, sign } from 'node:crypto'

/** Makes the key of a witness, from the pages of C2SP and without any code of `src/`. */
export function makeWitness(name = 'witness.example/w1') {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  // tlog-cosignature: the key id covers name, type 0x04 and key.
  const typed = Buffer.concat([Buffer.of(4), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)])
  const id = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4)
  return {
    name,
    /** signed-note: a verifier key is name, id and key. */
    key: `${name}+${id.toString('hex')}+${typed.toString('base64')}`,
    /** Cosigns the text of a checkpoint at this time, in seconds since 1970. */
    line: (text: string, time: number | bigint): string => {
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(BigInt(time))
      const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), privateKey)
      return `— ${name} ${Buffer.concat([id, stamp, signature]).toString('base64')}\n`
    },
  }
}
