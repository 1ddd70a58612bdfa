import type { Row } from './row.ts'

const snapshot = 'test/backup/snapshot.test.ts'
const restore = 'test/backup/restore.test.ts'
const refusal = 'test/backup/refusal.test.ts'
const lost = 'test/backup/lost.test.ts'
const interrupted = 'test/backup/interrupted.test.ts'
const whole = 'an incomplete snapshot is refused before anything is written, and its file is named,'
const rows = 'altered rows in genuine files are refused'
const gone = 'a restored ledger that lacks events which the archive names'

/** What holds when a ledger is kept and restored. */
export const backupRows: readonly Row[] = [
  {
    attack: 'Someone who can write the containers of a snapshot changes what is restored from it',
    control: 'A note with a MAC names every file with its digest, and each restored row is checked by itself',
    switches: [
      {
        name: 'snapshot-note',
        file: 'src/evidence/witnessFiles.ts',
        find: 'if (read && (await macs.isAuthentic(read.text, read.mac))) found',
        replace: 'if (read) found',
        tests: {
          [refusal]: [
            'a person who can write both containers cannot forge a row › a segment with %s in its note does not count, and its events come from chunks without their texts',
          ],
        },
      },
      {
        name: 'snapshot-files',
        file: 'src/evidence/backup/restore.ts',
        find: '    await checkFile(from, file)\n',
        replace: '',
        tests: { [refusal]: [`${whole} › in %s: %s`] },
      },
      {
        name: 'restored-text',
        file: 'src/evidence/backup/restoredEvents.ts',
        find: 'if (salted !== undefined && saidDigest(salted) !== digest)',
        replace: 'if (false)',
        tests: { [refusal]: [`${rows} › another text is named by its event`] },
      },
      {
        name: 'restored-text-is-there',
        file: 'src/evidence/backup/restoredEvents.ts',
        find: 'if (salted === undefined && !gone.has(name))',
        replace: 'if (false)',
        tests: { [refusal]: [`${rows} › a missing text that was not erased is named by its event`] },
      },
      {
        name: 'restored-request-is-there',
        file: 'src/evidence/backup/restoredRequests.ts',
        find: 'if (lost === undefined) return',
        replace: 'return',
        tests: { [refusal]: [`${rows} › a request without its row is named, with the event that opens it`] },
      },
      {
        name: 'restored-request-events',
        file: 'src/evidence/backup/restoredRequests.ts',
        find: 'if (events.length !== count) throw',
        replace: 'if (false) throw',
        tests: { [refusal]: [`${rows} › a request whose row names too few events is named`] },
      },
      {
        name: 'restored-open-request',
        file: 'src/evidence/backup/restoredRequests.ts',
        find: 'rewound(read, retelling)\n    checkRow(request, retelling)\n',
        replace: 'rewound(read, retelling)\n',
        tests: { [refusal]: [`${rows} › an open request that its events contradict is named`] },
      },
    ],
  },
  {
    attack: 'A restore is passed for the ledger that it is not',
    control:
      'The restored events have to give the root that the log’s key signed, and to be those that the write-once archive names',
    switches: [
      {
        name: 'restored-log-key',
        file: 'src/evidence/backup/sealedDays.ts',
        find: 'if (known.length === 0)',
        replace: 'if (false)',
        tests: {
          [refusal]: ['the restored ledger is proved by the log › a key that did not sign the log proves nothing'],
        },
      },
      {
        name: 'restored-root',
        file: 'src/evidence/backup/logProof.ts',
        find: '|| encode64(rootOf(found)) !== root)',
        replace: ')',
        tests: {
          [refusal]: [
            'the restored ledger is proved by the log › events that give another root are refused, and the tables stay closed',
          ],
        },
      },
      {
        name: 'restored-heads',
        file: 'src/evidence/backup/testimony.ts',
        find: '  await found.check(parts.ledger)\n',
        replace: '',
        tests: {
          [refusal]: ["the restored ledger is proved by the log › a head that differs from the archive's is refused"],
        },
      },
      {
        name: 'restore-into-empty',
        file: 'src/azure/ledgerMark.ts',
        find: "if (!(await isEmpty(ledger)) || !(await isEmpty(limits))) return 'occupied'",
        replace: '',
        tests: { [refusal]: ['tables with rows › are not changed if they hold other rows'] },
      },
      {
        name: 'restore-is-closed',
        file: 'src/azure/meta.ts',
        find: "  if (mark?.state === 'running')\n",
        replace: '  if (false)\n',
        tests: {
          [interrupted]: [
            'a restore that is interrupted anywhere › leaves tables that the service refuses, and can be repeated',
          ],
        },
      },
    ],
  },
  {
    attack: 'An approval that was used after the snapshot is used again in the restored ledger',
    control: 'A ledger that lacks events which the archive names is open for reading only, and is never sealed',
    switches: [
      {
        name: 'read-only-ports',
        file: 'src/app.ts',
        find: ' ...(isReadOnly && readOnly(given)),',
        replace: '',
        tests: { [lost]: [`${gone} › refuses to ask, decide, grant, redeem, erase and repair, and no row changes`] },
      },
      {
        name: 'read-only-grants',
        file: 'src/runtime/readOnly.ts',
        find: 'sign: refuse }',
        replace: 'sign: (...args) => signer.sign(...args) }',
        tests: { [lost]: [`${gone} › refuses to ask, decide, grant, redeem, erase and repair, and no row changes`] },
      },
      {
        name: 'read-only-timers',
        file: 'src/app.ts',
        find: 'const timers = isReadOnly ? resting :',
        replace: 'const timers = false ? resting :',
        tests: { [lost]: [`${gone} › is not changed by timers, and health names the missing events`] },
      },
      {
        name: 'lost-ends',
        file: 'src/evidence/backup/testimony.ts',
        find: '    this.take({ shard, seq, hash: leaf })\n',
        replace: '',
        tests: {
          [restore]: [
            'a request that changes while its shard is copied › is restored as of the head that was read, if it %s',
          ],
        },
      },
    ],
  },
  {
    attack: 'A restore brings back an erased text',
    control:
      'Texts lie in a container where they can be deleted; an erasure is kept in the same hour, and is applied again by every restore',
    switches: [
      {
        name: 'texts-apart',
        file: 'src/azure/storedRow.ts',
        find: "'request', 'mac', 'macKey'])",
        replace: "'request', 'mac', 'macKey', 'said'])",
        tests: { [snapshot]: ['texts that people wrote are only in the container for backups'] },
      },
      {
        name: 'erased-again',
        file: 'src/evidence/backup/restoredEvents.ts',
        find: '.filter(([name]) => !gone.has(name))',
        replace: '',
        tests: { [restore]: ['an erased text › is erased again, even if an older part of the snapshot has it'] },
      },
      {
        name: 'erasure-within-the-hour',
        file: 'src/evidence/backup/snapshot.ts',
        find: '|| rows.hasErased(last.shard, last.to.seq)',
        replace: '',
        tests: { [snapshot]: ['an erasure is copied in the same hour, even if the day was copied already'] },
      },
    ],
  },
]
