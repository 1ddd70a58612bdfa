import type { Row } from './row.ts'

const ends = 'test/approvals/ends.test.ts'
const witness = 'test/evidence/witness.test.ts'
const seal = 'test/evidence/sealWitnesses.test.ts'
const kept = 'test/verify/grants.test.ts'
const chunks = 'test/evidence/chunk/chunkFiles.test.ts'
const collect = 'test/evidence/chunk/collect.test.ts'
const older = 'an older row › does not let an approval be used again: from %s'

/** What files of the write-once archive hold against tables that were put back. */
export const witnessRows: readonly Row[] = [
  {
    attack: 'Someone who can write the tables puts an older row back, from before the approval was used or taken away',
    control: 'Each use, denial, revocation and cancellation leaves a file of one name in the write-once archive',
    switches: [
      {
        name: 'end-before-answer',
        file: 'src/approvals/approvals.ts',
        find: 'next: await parts.ends.next(used)',
        replace: "next: 'execute'",
        tests: { [ends]: [older] },
      },
      {
        name: 'end-of-withdrawal',
        file: 'src/approvals/approvals.ts',
        find: '  await ends.leaveSoon(request)\n',
        replace: '',
        tests: { [ends]: ['the file of an end › exists when the caller gets the answer: %s'] },
      },
      {
        name: 'end-is-the-same',
        file: 'src/approvals/ends.ts',
        find: "if (!isSameEnd(ended.end, ending)) throw this.#broken(ending, 'end')",
        replace: '',
        tests: { [ends]: [older] },
      },
      {
        name: 'end-is-authentic',
        file: 'src/approvals/ends.ts',
        find: '!(await macs.isAuthentic(authenticatedEnd(macs.origin, read.end), read.mac))',
        replace: 'false',
        tests: { [ends]: ['a file that the service did not write › is refused even if it agrees with the ledger'] },
      },
      {
        name: 'end-after-crash',
        file: 'src/delivery/delivery.ts',
        find: 'await ends.leave(await believed(this.#parts, request))',
        replace: '',
        tests: { 'test/delivery/ends.test.ts': ['a delivery writes the file that a crash prevented: %s'] },
      },
      {
        name: 'end-of-a-row',
        file: 'src/delivery/delivery.ts',
        find: 'ends.leave(await believed(this.#parts, request))',
        replace: 'ends.leave(request)',
        tests: { 'test/delivery/ends.test.ts': ['a row that was edited makes no file: %s'] },
      },
      {
        name: 'repeated-redemption',
        file: 'src/approvals/ends.ts',
        find: 'this.#parts.clock.now() < plusSeconds(ended.end.at, repeatWithin)',
        replace: 'true',
        tests: {
          [ends]: ['a repeated redemption › %s seconds after the file was written has to %s, in every process'],
        },
      },
    ],
  },
  {
    attack: 'Someone who can write the tables cuts off the newest events, with rows and head',
    control:
      'Heads are written to the write-once archive every five minutes; processes and seals compare what they find with them and with the ends; kept grants name their approvals',
    switches: [
      {
        name: 'head-was-seen',
        file: 'src/evidence/witness.ts',
        find: "throw evidenceBroken({ shard, row: `head ${seq}, was ${seen.seq}`, check: 'head' })",
        replace: '',
        tests: {
          [witness]: [
            'a chain that was cut back › is not continued by a process that reads the newest file, while other chains are',
          ],
        },
      },
      {
        name: 'heads-by-name',
        file: 'src/evidence/witnessFiles.ts',
        find: 'isHeadsName(name, read.heads) &&',
        replace: '',
        tests: { [witness]: ['the newest file › is not a copy of an older one under a newer name'] },
      },
      {
        name: 'witness-is-authentic',
        file: 'src/evidence/witnessFiles.ts',
        find: '(await macs.isAuthentic(read.text, read.mac))',
        replace: 'true',
        tests: { [seal]: ['a file that the service did not write is reported and does not stop a seal › %s'] },
      },
      {
        name: 'sealed-whole',
        file: 'src/evidence/seal/witnesses.ts',
        find: '    await witnesses.#checkLater()\n',
        replace: '',
        tests: { [seal]: ['a seal names an event that was cut off: %s'] },
      },
      {
        name: 'sealed-as-witnessed',
        file: 'src/evidence/seal/witnesses.ts',
        find: 'if (!(await this.#isRepaired(testimony))) throw replaced(testimony.seq, testimony.shard)',
        replace: '',
        tests: { [seal]: ['a seal names an event that was cut off even if the chain grew again'] },
      },
      {
        name: 'sealed-with-open-requests',
        file: 'src/evidence/seal/witnesses.ts',
        find: 'if (file) await takeEnds([file])',
        replace: '',
        tests: { [seal]: ["a seal finds the end of an older request by its file's name"] },
      },
      {
        name: 'grant-in-the-log',
        file: 'src/verify/grants.ts',
        find: '  if (missing)\n    throw',
        replace: '  if (false)\n    throw',
        tests: { [kept]: ['the log must contain › the event that a grant names'] },
      },
      {
        name: 'grant-of-its-request',
        file: 'src/verify/grants.ts',
        find: 'for (const grant of found) checkApproves(event, grant)',
        replace: '',
        tests: { [kept]: ['the log must contain › an approval of this very request'] },
      },
    ],
  },
  {
    attack:
      'Someone who can write the tables, or create files in the archive, has a day sealed with other events than were collected while it lasted',
    control:
      'New events are checked and kept every five minutes as chunks in the write-once archive. Each chunk has a MAC, also over the digests of its parts and of the chunk before. Ledger, seals, repairs and restores are compared with them',
    switches: [
      {
        name: 'chunk-is-authentic',
        file: 'src/evidence/witnessFiles.ts',
        find: '(await macs.isAuthentic(read.text, read.mac))',
        replace: 'true',
        tests: { [chunks]: ['chunks %s › ignore and report a file that %s'] },
      },
      {
        name: 'chunk-by-name',
        file: 'src/evidence/witnessFiles.ts',
        find: 'isName: isChunkName,',
        replace: 'isName: () => true,',
        tests: { [chunks]: ['chunks %s › ignore and report a file that %s'] },
      },
      {
        name: 'chunk-as-noted',
        file: 'src/evidence/chunk/chunkFiles.ts',
        find: 'if (found.every(([part, some]) => sha256(some) === chunk.parts[part].sha256))',
        replace: 'if (found.length > 0)',
        tests: { [chunks]: ['chunks %s › are read past a file with a true note and another content'] },
      },
      {
        name: 'chunk-before-is-there',
        file: 'src/evidence/chunk/chunkFiles.ts',
        find: '  if (lone) throw',
        replace: '  if (false) throw',
        tests: { [chunks]: ['chunks %s › that name one before them that is gone are refused'] },
      },
      {
        name: 'chunk-continues',
        file: 'src/evidence/chunk/chunkFiles.ts',
        find: '    if (other) throw saysOtherwise(end.seq, other.shard)\n',
        replace: '',
        tests: { [chunks]: ['chunks %s › follow each other, and of two that begin alike the longer counts'] },
      },
      {
        name: 'chunk-in-the-ledger',
        file: 'src/evidence/chunk/collect.ts',
        find: '    await checkEnd(ledger, state, to)\n',
        replace: '',
        tests: { [collect]: ['a ledger that %s the last event of a chunk is broken with the next run'] },
      },
      {
        name: 'chunk-outlives-repair',
        file: 'src/evidence/repair/known.ts',
        find: "    { ...collected, by: 'is in a chunk of the archive' },\n",
        replace: '',
        tests: { [collect]: ['no repair removes an event that a chunk has'] },
      },
      {
        name: 'chunk-outlives-restore',
        file: 'src/evidence/backup/chunkedEvents.ts',
        find: '    chain.push(next)\n',
        replace: '    return chain\n',
        tests: {
          'test/backup/lost.test.ts': [
            'a chunk that begins before the end of the snapshot is used from there on, and a forged one is not',
          ],
        },
      },
      {
        name: 'chunk-testifies-at-the-seal',
        file: 'src/evidence/seal/witnesses.ts',
        find: 'for (const { shard, to, at } of chunks) witnesses.#take({ shard, ...to, at })\n',
        replace: 'void chunks\n',
        tests: { [collect]: ['chunks of another version of the program are made anew, and what they say stays true'] },
      },
      {
        name: 'collected-row-is-authentic',
        file: 'src/azure/seals.ts',
        find: 'await this.#rows.believed<Collected>(row)',
        replace: "JSON.parse(textIn(row, 'value')) as Collected",
        tests: { 'test/ports/seals.test.ts': ['a row that the service did not write tells nothing, and is reported'] },
      },
      {
        name: 'holds-at-midnight',
        file: 'src/evidence/seal/gather.ts',
        find: '    for (const fact of facts.holds) judgeHolds(fact, this.#holds)\n',
        replace: '',
        tests: {
          [collect]: [
            'a request that was closed in an earlier chunk › is not erased while a hold covers it, which is judged once the day is over',
          ],
        },
      },
    ],
  },
]
