import { Problem } from '../../src/core/data/problem.ts'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseAdd, parseCheckpoint } from '../../src/core/log/checkpoint.ts'
import {
  cosignaturesIn,
  readCosignatureLines,
  readWitnessKey,
  type WitnessKey,
} from '../../src/core/log/cosignature.ts'
import { parseNote } from '../../src/core/log/note.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { parseBundle, parseStatement } from '../../src/core/log/statement.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { verifyEd25519 } from '../../src/verify/ed25519.ts'
import { checkProof, proofsIn } from '../../src/verify/proof.ts'
import { day } from '../../test/evidence/days.ts'
import { makeWitness } from '../../test/support/cosigning.ts'
import { sealedDays } from '../../test/verify/days.ts'
import { coded, type Parser, type Parsers } from './parser.ts'

export async function ofEvidence(folder: string): Promise<Parsers> {
  const days = await sealedDays()
  const zip = await days.zip(day(4))
  const members = await days.members(day(4))
  const member = (name: string): Buffer => members.get(name) ?? Buffer.alloc(0)
  const file = join(folder, 'bundle.zip')
  const said = join(folder, 'said.jsonl')
  const keys = [days.key.spki]
  const record =
    member('records.jsonl')
      .toString()
      .split('\n')
      .find((line) => line.includes('"requested"')) ?? ''
  const request = (JSON.parse(record) as { request: Parameters<typeof proofsIn>[1] }).request
  const [proof] = await proofsIn(await days.file(day(4)), request)
  if (!proof) throw new Error('There is no proof as a sample.')
  const manifest = member('manifest.sigstore.json')
  const witness = makeWitness()
  const signed = parseNote(member('checkpoint').toString()).text
  const line = witness.line(signed, 1_772_700_000)
  const rule = { keys: [readWitnessKey(witness.key) as WitnessKey], verify: verifyEd25519, from: 0, until: 2 ** 33 }
  const text = (name: string, sample: Buffer, read: (text: string) => unknown, json = false): Parser => ({
    ...{ name, json, samples: [sample] },
    read: async (bytes) => coded(async () => void read(bytes.toString('utf8'))),
  })
  const verified = async (path: string, saidPath?: string): Promise<string> => {
    const verdict = await verifyBundle(path, { keys, ...(saidPath !== undefined && { said: saidPath }) })
    return verdict.problem?.code ?? 'taken'
  }
  await writeFile(said, await days.said(day(4)))
  const good = await days.file(day(4))
  return {
    all: [
      text('signed note', member('checkpoint'), parseCheckpointIn),
      text('checkpoint.add', member('checkpoint.add'), parseAdd),
      text('lines of cosignatures', Buffer.from(line), (given) =>
        cosignaturesIn(signed, readCosignatureLines(signed, given), rule),
      ),
      text('key of a witness', Buffer.from(witness.key), (given) => {
        const read = readWitnessKey(given)
        if (typeof read === 'string') throw new Problem('invalid-input', `This is no key of a witness: ${read}.`)
      }),
      text('proof', Buffer.from(proof.text), (given) => checkProof(given, keys)),
      text('record', Buffer.from(record), readRecord, true),
      text('Sigstore bundle', manifest, parseBundle, true),
      text(
        'statement',
        Buffer.from(parseBundle(manifest.toString()).payload),
        (given) => parseStatement(Buffer.from(given)),
        true,
      ),
      {
        ...{ name: 'zip of a day', samples: [zip], share: 0.3 },
        async read(bytes) {
          await writeFile(file, bytes)
          return coded(() => verified(file))
        },
      },
      {
        ...{ name: 'what people wrote', samples: [await readFile(said)], share: 0.3 },
        async read(bytes) {
          await writeFile(said, bytes)
          return coded(() => verified(good, said))
        },
      },
    ],
    close: async () => days.place.clean(),
  }
}

/** Reads the checkpoint from the text of a note. */
function parseCheckpointIn(note: string): void {
  parseCheckpoint(parseNote(note).text)
}
