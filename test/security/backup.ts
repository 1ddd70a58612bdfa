import type { Row } from './row.ts'

const snapshot = 'test/backup/snapshot.test.ts'
const restore = 'test/backup/restore.test.ts'
const refusal = 'test/backup/refusal.test.ts'
const lost = 'test/backup/lost.test.ts'
const interrupted = 'test/backup/interrupted.test.ts'
const whole = 'a snapshot that is not whole is refused before anything is written, and the file is named'
const rows = 'rows that the service did not write, in files that it did'
const gone = 'a ledger that lacks events which the archive names'

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
            'who can write both containers cannot make the service believe a row › with %s in its note the segment is none, and the archive names what is missing',
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
        tests: { [refusal]: [`${rows} › a text that is another is named, by event`] },
      },
      {
        name: 'restored-text-is-there',
        file: 'src/evidence/backup/restoredEvents.ts',
        find: 'if (salted === undefined && !gone.has(name))',
        replace: 'if (false)',
        tests: { [refusal]: [`${rows} › a text that is gone and was not erased is named, by event`] },
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
        find: '    checkRow(request, retelling)\n',
        replace: '',
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
        tests: { [refusal]: ['the log decides › a key that did not sign it proves nothing'] },
      },
      {
        name: 'restored-root',
        file: 'src/evidence/backup/logProof.ts',
        find: '|| encode64(rootOf(found)) !== root)',
        replace: ')',
        tests: {
          [refusal]: ['the log decides › events that give another root are refused, and the tables stay closed'],
        },
      },
      {
        name: 'restored-heads',
        file: 'src/evidence/backup/testimony.ts',
        find: '  await found.check(parts.ledger)\n',
        replace: '',
        tests: { [refusal]: ['the log decides › a head of which the archive has another at that number is refused'] },
      },
      {
        name: 'restore-into-empty',
        file: 'src/azure/ledgerMark.ts',
        find: "if (!(await isEmpty(ledger)) || !(await isEmpty(limits))) return 'occupied'",
        replace: '',
        tests: { [refusal]: ['tables that are not empty › are left alone if they hold other rows'] },
      },
      {
        name: 'restore-is-closed',
        file: 'src/azure/meta.ts',
        find: "  if (mark?.state === 'running')\n",
        replace: '  if (false)\n',
        tests: {
          [interrupted]: [
            'a restore that ends anywhere › leaves tables that the service does not use, and is run again',
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
        tests: { [lost]: [`${gone} › asks, decides, grants, redeems and erases nothing, says so, and changes no row`] },
      },
      {
        name: 'read-only-grants',
        file: 'src/runtime/readOnly.ts',
        find: 'sign: refuse }',
        replace: 'sign: (...args) => signer.sign(...args) }',
        tests: { [lost]: [`${gone} › asks, decides, grants, redeems and erases nothing, says so, and changes no row`] },
      },
      {
        name: 'read-only-timers',
        file: 'src/app.ts',
        find: 'const timers = isReadOnly ? resting :',
        replace: 'const timers = false ? resting :',
        tests: { [lost]: [`${gone} › is left alone by the timers, and health says what is missing`] },
      },
      {
        name: 'lost-ends',
        file: 'src/evidence/backup/testimony.ts',
        find: '    this.take({ shard, seq, hash: leaf })\n',
        replace: '',
        tests: {
          [restore]: [
            'a request that changes while its shard is kept › is restored as it was when the head was read: it %s',
          ],
        },
      },
    ],
  },
  {
    attack: 'A restore brings back what was erased',
    control:
      'Texts lie in a container where they can be deleted; an erasure is kept in the same hour, and is applied again by every restore',
    switches: [
      {
        name: 'texts-apart',
        file: 'src/azure/storedRow.ts',
        find: "'request', 'mac', 'macKey'])",
        replace: "'request', 'mac', 'macKey', 'said'])",
        tests: { [snapshot]: ['what people wrote lies in the container for backups alone'] },
      },
      {
        name: 'erased-again',
        file: 'src/evidence/backup/restoredEvents.ts',
        find: '.filter(([name]) => !gone.has(name))',
        replace: '',
        tests: { [restore]: ['what was erased › is erased again, although an older part of the snapshot has it'] },
      },
      {
        name: 'erased-in-rows',
        file: 'src/evidence/backup/restoredRequests.ts',
        find: 'if (gone.size === 0) return request',
        replace: 'return request',
        tests: { [restore]: ['what was erased › is erased again, although an older part of the snapshot has it'] },
      },
      {
        name: 'erasure-within-the-hour',
        file: 'src/evidence/backup/snapshot.ts',
        find: '|| rows.hasErased(last.shard, last.to.seq)',
        replace: '',
        tests: { [snapshot]: ['an erasure is kept in the same hour, although the day was kept already'] },
      },
    ],
  },
]
