import type { Row } from './row.ts'

const core = 'test/core/log/cosignature.test.ts'
const cosign = 'test/evidence/cosign.test.ts'
const command = 'test/cli/cosigned.test.ts'
const settings = 'test/cosigner/settings.test.ts'
const beside = 'a bundle › with %s beside it is refused'
const forked = 'a witness that has another size › of a log that forked is named, also if it has as many events'

/** Witnesses outside, who cosign the log. */
export const cosignatureRows: readonly Row[] = [
  {
    attack: 'The holder of the log’s key writes a second history, or takes days back',
    control:
      'Witnesses outside cosign each day’s checkpoint once the log has only grown; only what holds is kept and answered, a refusal raises an alarm by name, and the verifier demands the cosignatures',
    switches: [
      {
        name: 'cosignature-verified',
        file: 'src/core/log/cosignature.ts',
        find: 'if (!verify(key.key, Buffer.from(cosignedText(time, text)), line.signature.subarray(timeBytes)))',
        replace: 'if (false)',
        tests: {
          [core]: ['a cosignature › of a known key is refused %s'],
          [cosign]: [
            'a witness that does not cosign holds up its days and nothing else, and is asked again › after %s',
          ],
        },
      },
      {
        name: 'cosignature-time',
        file: 'src/core/log/cosignature.ts',
        find: 'if (time < from || time > until) throw',
        replace: 'if (false) throw',
        tests: {
          [core]: ['a cosignature › of a known key is refused %s'],
          [command]: [beside],
        },
      },
      {
        name: 'cosignature-of-this-checkpoint',
        file: 'src/verify/cosigned.ts',
        find: 'if (text !== checkpoint)',
        replace: 'if (false)',
        tests: {
          [command]: [
            beside,
            'a bundle › that the key’s holder wrote anew holds, and not with the cosignature of the one before',
          ],
        },
      },
      {
        name: 'witness-key-whole',
        file: 'src/core/log/cosignature.ts',
        find: "hexOf(keyId) === id ? { name, keyId, key: bytes.subarray(1) } : 'id'",
        replace: '{ name, keyId, key: bytes.subarray(1) }',
        tests: { [core]: ['the key of a witness › is refused with %s'] },
      },
      {
        name: 'witness-demanded',
        file: 'src/cli/verify.ts',
        find: 'withCosigned(kept, file, witnesses)',
        replace: 'withCosigned(kept, file, witnesses && null)',
        tests: { [command]: [beside] },
      },
      {
        name: 'witness-demanded-each-day',
        file: 'src/cli/verify.ts',
        find: 'withAllCosigned(verified, folder, witnesses)',
        replace: 'withAllCosigned(verified, folder, witnesses && null)',
        tests: { [command]: ['a series › of which one day has no cosignature is refused at that day'] },
      },
      {
        name: 'each-witness-demanded',
        file: 'src/verify/cosigned.ts',
        find: '[...new Set(keys.map(({ name }) => name))]',
        replace: '[...new Set(keys.slice(0, 1).map(({ name }) => name))]',
        tests: { [command]: ['a series › needs each of the witnesses, and any key of one that changed it'] },
      },
      {
        name: 'cosignature-in-a-browser',
        file: 'src/console/verify/node/crypto.ts',
        find: 'return ed25519.verify(signature, bytes, spki.subarray(12), { zip215: false })',
        replace: 'return ed25519 !== undefined',
        tests: {
          'test/console/standIns.test.ts': ['the same signatures of Ed25519 hold, and none with another bit'],
        },
      },
      {
        name: 'fork-by-proof',
        file: 'src/cosigner/client.ts',
        find: "422: 'fork',",
        replace: "422: 'malformed',",
        tests: { [cosign]: [forked] },
      },
      {
        name: 'fork-of-one-size',
        file: 'src/evidence/seal/cosign.ts',
        find: "fault: from === day.to ? 'fork' : 'unexpected'",
        replace: "fault: 'unexpected'",
        tests: { [cosign]: [forked] },
      },
      {
        name: 'longer-log-elsewhere',
        file: 'src/evidence/seal/cosign.ts',
        find: 'if (ahead > head.size) return',
        replace: 'if (false) return',
        tests: {
          [cosign]: [
            'a witness that does not cosign holds up its days and nothing else, and is asked again › after %s',
          ],
        },
      },
      {
        name: 'cosignature-kept-beside',
        file: 'src/evidence/seal/cosign.ts',
        find: "if (standing === lines || 'lines' in this.#read(day, standing)) return path",
        replace: 'if (standing) return path',
        tests: {
          [cosign]: ['a file of that name that no witness signed is reported, and the cosignature is kept beside it'],
        },
      },
      {
        name: 'cosignature-not-planted',
        file: 'src/evidence/read/cosignatures.ts',
        find: 'unlessBroken(() => cosignaturesIn(text, [one], rule)) !== null',
        replace: 'one !== null || cosignaturesIn(text, [one], rule)',
        tests: {
          'test/http/evidence.test.ts': [
            'the cosigned checkpoint of a day › has no line of a known witness that does not hold, whoever left it there',
          ],
        },
      },
    ],
  },
  {
    attack: 'A witness, or whoever answers in its place, holds the seal up or has other addresses called',
    control:
      'It is asked after the seal, within a time, at the named https address alone; what it answers is bounded and parsed strictly, and its faults hold up its own days only',
    switches: [
      {
        name: 'witness-stops-nothing',
        file: 'src/evidence/seal/cosign.ts',
        find: '      parts.failed(cause)\n    }\n    return files',
        replace: '      throw cause\n    }\n    return files',
        tests: { [cosign]: ['an archive that is away is reported, and a row that was changed tells nothing'] },
      },
      {
        name: 'witness-over-tls',
        file: 'src/cosigner/settings.ts',
        find: "!(url.protocol === 'https:' || isHere)",
        replace: 'isHere',
        tests: { [settings]: ['the setting is refused by name, with what to do and without its value: %s'] },
      },
      {
        name: 'witness-redirect',
        file: 'src/cosigner/client.ts',
        find: "redirect: 'manual'",
        replace: "redirect: 'follow'",
        tests: {
          'test/cosigner/client.test.ts': [
            'an answer that is none of the protocol is told apart › another address is not followed, also to this machine',
          ],
        },
      },
      {
        name: 'witness-answer-bounded',
        file: 'src/cosigner/client.ts',
        find: 'if (size > most) return null',
        replace: 'if (size > most ** 2) return null',
        tests: { 'test/cosigner/client.test.ts': ['an answer that is none of the protocol is told apart › %s'] },
      },
    ],
  },
]
