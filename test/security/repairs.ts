import type { Row } from './row.ts'

const repairs = 'test/trust/repair.test.ts'
const crashes = 'test/trust/repairCrashes.test.ts'
const chains = 'test/evidence/repairedChain.test.ts'
const broken = 'test/evidence/sealBroken.test.ts'
const http = 'test/http/evidence.test.ts'
const held = 'what is known from elsewhere than the rows is never left out'
const stops = 'broken evidence › stops sealing, is reported once, and nothing is published: %s'

/** What a repair may do, and what it may not hide. */
export const repairRows: readonly Row[] = [
  {
    attack: 'A repair is used to leave out what was recorded, or to bring an approval back',
    control:
      'Only a person with its role repairs, and it is recorded. Nothing goes that a sealed or planned day, or a file of the archive, names; what was open ends; the verifiers say that there was a tampering',
    switches: [
      {
        name: 'repair-role',
        file: 'src/contract/evidenceOperations.ts',
        find: "record that',\n    caller: { kind: 'person', role: 'Evidence.Erase' },",
        replace: "record that',\n    caller: { kind: 'person' },",
        tests: { [http]: ['a repair › is not for %s'] },
      },
      {
        name: 'repair-known-events',
        file: 'src/evidence/repair/chain.ts',
        find: 'if (newest.seq < least.seq) throw',
        replace: 'if (false) throw',
        tests: {
          [repairs]: [
            `${held} › the newest witnessed head`,
            `${held} › an end of a request that has a file`,
            `${held} › a day that is planned`,
          ],
        },
      },
      {
        name: 'repair-snapshots',
        file: 'src/evidence/repair/known.ts',
        find: '    ...(kept === null ? [] : [{ ...kept.to, by: `is in the snapshot ${kept.name}` }]),\n',
        replace: '',
        tests: { [repairs]: [`${held} › an event that a snapshot has, and its row from there holds again`] },
      },
      {
        name: 'repair-form',
        file: 'src/azure/repairs.ts',
        find: 'isAuthentic ? formCheck(request) : ',
        replace: 'isAuthentic ? null : ',
        tests: { [repairs]: ['a request › holds again after %s, and nothing of it is granted'] },
      },
      {
        name: 'repair-lost-leaf',
        file: 'src/evidence/repair/chain.ts',
        find: "  if (lost) throw lostEvent(shard, lost, 'later events hold')\n",
        replace: '',
        tests: {
          [repairs]: [
            'a leaf in the middle whose bytes are lost › is refused by its number and hash, and nothing is changed',
          ],
        },
      },
      {
        name: 'repair-right-leaf',
        file: 'src/core/record/chainSurvey.ts',
        find: 'row.hash !== unmet.hash || ',
        replace: '',
        tests: { 'test/core/record/chainSurvey.test.ts': ['what holds of a chain: %s'] },
      },
      {
        name: 'repair-whole-commits',
        file: 'src/evidence/repair/chain.ts',
        find: 'isConfirmed(found) ? found.newest : await wholeEnd(parts, shard, found.newest)',
        replace: 'found.newest',
        tests: { [repairs]: ['a chain › loses both halves of a commit of which one is lost'] },
      },
      {
        name: 'repair-ends-open',
        file: 'src/core/request/tampering.ts',
        find: "request: isOpen(request) ? closed(request, 'revoked', event.actor, at) : request,",
        replace: 'request,',
        tests: {
          [repairs]: ['a request › holds again after %s, and nothing of it is granted'],
          'test/core/record/tampered.test.ts': [
            'a request whose stored record was changed › ends if it is %s: it stops its agent, leaves a file in the archive, and replays',
          ],
        },
      },
      {
        name: 'repair-ends-named',
        file: 'src/evidence/repair/requests.ts',
        find: "return isOpen(request) && sight.moved.has(id) && !isTampered(request) ? 'mac' : null",
        replace: 'return null',
        tests: { [repairs]: ['a request › ends whose row holds, if a forged event names it'] },
      },
      {
        name: 'repair-older-row',
        file: 'src/evidence/repair/requests.ts',
        find: 'return mine.length > 0 || !isOpen(request) || open === null || open.has(id)',
        replace: 'return true',
        tests: {
          [repairs]: [
            'a closed request of a sealed day › that is open again by an older row is found without being named',
          ],
        },
      },
      {
        name: 'repair-goes-on',
        file: 'src/evidence/repair/chain.ts',
        find: '  const begun = joined(found.begun, faultOf(found))\n',
        replace: '  const begun = faultOf(found) ?? joined(found.begun, null)\n',
        tests: {
          [crashes]: ['a crash after any write, answered or not, leaves what the next call goes on with'],
        },
      },
      {
        name: 'repair-is-believed-once',
        file: 'src/evidence/repair/repairedSince.ts',
        find: '      if (event.at < seen.at) return lowest\n',
        replace: '',
        tests: {
          [chains]: [
            'a file that names an event which a repair took out › stops the seal otherwise: %s',
            'a process that saw the chain before › does not take a chain for repaired that was cut off after the repair',
          ],
        },
      },
      {
        name: 'repair-from-its-events',
        file: 'src/approvals/recollection.ts',
        find: 'const known = remembered && isRepaired(request, remembered) ? undefined : remembered',
        replace:
          'if (remembered && isRepaired(request, remembered)) this.#known.delete(request.id)\n    const known = this.#known.get(request.id)',
        tests: {
          'test/approvals/recollection.test.ts': [
            'what is remembered stays when a row names a repair that no event records',
          ],
        },
      },
      {
        name: 'tampering-is-told',
        file: 'src/verdict/finding.ts',
        find: 'const exit = tamperings > 0 ?',
        replace: 'const exit = tamperings < 0 ?',
        build: true,
        tests: {
          'test/doors/repair.test.ts': [
            'an edited row is found, repaired by whoever may, sealed, and told by all three verifiers',
          ],
        },
      },
    ],
  },
  {
    attack: 'A person who can write the tables changes what the seal or an export takes from rows beside the log',
    control:
      'Each text has to be the one that its event commits to; a request that is carried is replayed; the head of the log is compared with the newest signed manifest of the archive',
    switches: [
      {
        name: 'said-as-committed',
        file: 'src/evidence/read/saidExport.ts',
        find: "if (event.said?.[name] !== saidDigest({ salt, text })) throw evidenceBroken({ ...row, check: 'events' })",
        replace: '',
        tests: { [http]: ['the said file › is not what somebody else wrote: the file breaks off there'] },
      },
      {
        name: 'said-action',
        file: 'src/evidence/read/saidExport.ts',
        find: 'if (actionDigest(action) !== event.data.digest) throw',
        replace: 'if (false) throw',
        tests: { [http]: ['the said file › is not what somebody else wrote: the file breaks off there'] },
      },
      {
        name: 'carried-as-told',
        file: 'src/evidence/seal/carriedEvents.ts',
        find: '    checkTold(request, events)\n',
        replace: '',
        tests: { [broken]: [stops] },
      },
      {
        name: 'seal-newest-manifest',
        file: 'src/evidence/seal/seal.ts',
        find: '  await checkNewest(parts, date, parts.failed)\n',
        replace: '',
        tests: {
          [broken]: [
            'a head of the log of an earlier time › stops the seal, since the archive has a later manifest: %s',
          ],
        },
      },
    ],
  },
]
