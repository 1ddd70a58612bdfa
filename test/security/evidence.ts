import type { Row } from './row.ts'

const tampered = 'test/verify/tampered.test.ts'
const command = 'test/cli/evidence.test.ts'
const unpackers = 'test/verify/unpackers.test.ts'
const zip = 'test/verify/zip.test.ts'
const saidTest = 'test/verify/said.test.ts'
const ends = 'test/verify/seriesEnds.test.ts'
const withoutKey = 'without the key: %s is %s'
const withKey = 'signed again with the key: %s is %s'

/** What is recorded, and under which rules. */
export const evidenceRows: readonly Row[] = [
  {
    attack: 'An insider changes, deletes, reorders or cuts off what is recorded',
    control:
      'Chains per shard, one Merkle log, signed days in a write-once archive, and a verifier that needs nobody’s word; the rules are replayed',
    switches: [
      {
        name: 'manifest-signature',
        file: 'src/verify/manifest.ts',
        find: 'thumbprintOf(key) === kid && verifySignature(key, statement, der)',
        replace: 'thumbprintOf(key) === kid',
        tests: { [tampered]: [withoutKey] },
      },
      {
        name: 'trusted-key',
        file: 'src/verify/manifest.ts',
        find: "if (trusted.length === 0) throw new BrokenAt(place, 'wrong-key'",
        replace: "if (false) throw new BrokenAt(place, 'wrong-key'",
        tests: { 'test/verify/bundle.test.ts': ['a bundle that no trusted key signed proves nothing'] },
      },
      {
        name: 'member-digests',
        file: 'src/verify/manifest.ts',
        find: 'if (found !== digests.get(member)) throw',
        replace: 'if (false) throw',
        tests: { [tampered]: [withoutKey] },
      },
      {
        name: 'member-list',
        file: 'src/verify/manifest.ts',
        find: '  checkListed(members, digests)\n',
        replace: '',
        tests: { [tampered]: [withoutKey] },
      },
      {
        name: 'zip-extra-fields',
        file: 'src/verify/zip/extraFields.ts',
        find: 'Number(raw.readBigUInt64LE(4 + 8 * i))) : null',
        replace: 'Number(raw.readBigUInt64LE(4 + 8 * i))) : []',
        tests: {
          [unpackers]: ['what a tool would unpack in another way is refused'],
          [zip]: ['a member that is %s is refused'],
        },
      },
      {
        name: 'zip-plain-files',
        file: 'src/verify/zip/centralDirectory.ts',
        find: 'if (!isPlain || !knownSystems',
        replace: 'if (false && !knownSystems',
        tests: {
          [unpackers]: ['what a tool would unpack in another way is refused'],
          [zip]: ['a member that is %s is refused'],
        },
      },
      {
        name: 'zip-checksum',
        file: 'src/verify/content.ts',
        find: 'if (checksum !== extent.crc32) throw',
        replace: 'if (false) throw',
        tests: { [zip]: ['a member that is %s is refused'] },
      },
      {
        name: 'chain',
        file: 'src/verify/chains.ts',
        find: 'else if (event.prev !== this.#head)',
        replace: 'else if (false)',
        tests: { [tampered]: [withKey] },
      },
      {
        name: 'numbers',
        file: 'src/verify/chains.ts',
        find: 'if (event.shard !== current.shard || event.seq !== this.#seq + 1)',
        replace: 'if (false)',
        tests: { 'test/security/chains.test.ts': ['although events follow each other by hash, it is found that %s'] },
      },
      {
        name: 'log-growth',
        file: 'src/verify/checkpoints.ts',
        find: 'const holds = from === log.from.size && checkConsistency(',
        replace: 'const holds = true || checkConsistency(',
        tests: { [tampered]: [withKey] },
      },
      {
        name: 'texts-complete',
        file: 'src/verify/series.ts',
        find: 'if (!allowUnexplained) texts.check()',
        replace: '',
        tests: { [saidTest]: ['a series without a text of %d March, “%s”, withholds it'] },
      },
      {
        name: 'texts-of-one-day',
        file: 'src/verdict/bundle.ts',
        find: 'if (unexplained && !allowUnexplained) {',
        replace: 'if (unexplained && false) {',
        tests: {
          'test/cli/completeness.test.ts': ['with an empty said file › verify cannot tell why texts are missing'],
        },
      },
      {
        name: 'texts-that-last',
        file: 'src/verify/missingTexts.ts',
        find: 'if (lasting !== undefined)',
        replace: 'if (false)',
        tests: { [saidTest]: ['a text that nobody can erase is withheld, also from one day alone'] },
      },
      {
        name: 'kept-checkpoints',
        file: 'src/verify/keptCheckpoints.ts',
        find: 'if (root !== one.root)',
        replace: 'if (false)',
        tests: {
          [ends]: ['a kept checkpoint is compared with the log at its size'],
        },
      },
      {
        name: 'series-begin',
        file: 'src/verify/series.ts',
        find: 'if (place === 0) await checkBegin(',
        replace: 'if (place < 0) await checkBegin(',
        tests: { [ends]: ['a series of bundles 2 to 4, of 5 to 7 March, is known to go %s'] },
      },
      {
        name: 'series-end',
        file: 'src/verify/seriesEnds.ts',
        find: 'last.date < through',
        replace: 'last.date < last.date',
        tests: { [ends]: ['a series of bundles 2 to 4, of 5 to 7 March, is known to go %s'] },
      },
      {
        name: 'tables',
        file: 'src/verify/examination.ts',
        find: '    await this.#rules.end()\n',
        replace: '',
        tests: { [tampered]: [withKey] },
      },
      {
        name: 'rules-replayed',
        file: 'src/core/request/decision.ts',
        find: "if (verdict === 'approve' && isExcluded)",
        replace: 'if (false)',
        tests: {
          'test/core/record/forgery.test.ts': ['a forged history is refused › approved %s'],
          [tampered]: [
            'a day that is made again with the key is replayed, so that › a self-approval is found, if nothing else is wrong',
          ],
        },
      },
      {
        name: 'rules-followed',
        file: 'src/core/record/replay.ts',
        find: '  checkGiven(draft, event)\n',
        replace: '',
        tests: { 'test/core/record/forgery.test.ts': ['a forged history is refused › approved %s'] },
      },
      {
        name: 'write-once',
        file: 'src/azure/blob.ts',
        find: "ifNoneMatch: '*'",
        replace: 'ifMatch: undefined',
        tests: { 'test/ports/archive.test.ts': ['%s › a file is never replaced by another: %s'] },
      },
      {
        name: 'one-writer',
        file: 'src/azure/transaction.ts',
        find: 'export function transaction(\n',
        replace: `export const transaction = (...given: Parameters<typeof rowsOf>): TransactionAction[] =>
  rowsOf(...given).map(([kind, row]) => (kind === 'delete' ? [kind, row] : ['upsert', row, 'Replace']))
function rowsOf(
`,
        tests: {
          'test/ports/ledger.test.ts': [
            '%s › a conflict › happens if either instance moved the head, and nothing is written',
          ],
        },
      },
      {
        name: 'no-vote-lost',
        file: 'src/azure/transaction.ts',
        find: 'putRequest(signer, after, version.request)',
        replace: "putRequest(signer, after, version.request && { ...version.request, etag: '*' })",
        tests: {
          'test/security/lostVote.test.ts': [
            'a vote on a request that was read before another vote is refused, though no deadline has moved',
          ],
        },
      },
      {
        name: 'time-runs-on',
        file: 'src/azure/transaction.ts',
        find: 'if (head.recordedAt !== null && at < head.recordedAt) throw',
        replace: 'if (false) throw',
        tests: {
          'test/ports/fences.test.ts': ['%s › a fence › lets no earlier event appear, from any clock'],
        },
      },
    ],
  },
  {
    attack: 'What is handed to a person outside, or shown to an auditor, is not what was recorded',
    control:
      'A folder of proofs is verified whole: by the rules, in order, under the right names, with its texts and its page. A view is drawn from texts and files that the log commits to',
    switches: [
      {
        name: 'proofs-follow-rules',
        file: 'src/verify/provenRequest.ts',
        find: 'exceptions.push(...rules.take(event, index, leafHash(leaf)))',
        replace: "if (event.type === 'requested') exceptions.push(...rules.take(event, index, leafHash(leaf)))",
        tests: { [command]: ['a folder for an outsider › does not hold if %s'] },
      },
      {
        name: 'proof-names',
        file: 'src/verify/provenRequest.ts',
        find: 'if (request !== undefined && name !== proofName(request, seq))',
        replace: 'if (false)',
        tests: { [command]: ['a folder for an outsider › does not hold if %s'] },
      },
      {
        name: 'proof-page',
        file: 'src/cli/proof/folder.ts',
        find: "if (page === made) return 'same'",
        replace: "if (page !== '') return 'same'",
        tests: { [command]: ['a folder for an outsider › does not hold if %s'] },
      },
      {
        name: 'view-files',
        file: 'src/verify/edition.ts',
        find: 'if (sha256(bytes) !== hash) throw wrong(name)',
        replace: '',
        tests: { 'test/verify/edition.test.ts': ['%s that is not the recorded one is refused'] },
      },
    ],
  },
  {
    attack: 'The policy is weakened, or cannot decide',
    control:
      'Deny is the default, also where a rule fails; each request names the digest of its policy and keeps what it asked for; a change is an event, and its text is in the bundle',
    switches: [
      {
        name: 'policy-version',
        file: 'src/policy/load.ts',
        find: '[name, sha256(bytes)]',
        replace: '[name, sha256(name)]',
        tests: { 'test/policy/load.test.ts': ['the version › changes with any byte of %s'] },
      },
      {
        name: 'policy-changed',
        file: 'src/approvals/commit.ts',
        find: 'from === to ? []',
        replace: 'from !== null || from === to ? []',
        tests: {
          'test/approvals/deadlines.test.ts': [
            'a change of policy › is recorded once in each shard, with the first commit under it',
          ],
        },
      },
      {
        name: 'default-no-policy',
        file: 'src/policy/cedar.ts',
        find: "if (!prepared) return { outcome: 'no-policy', rules: [] }",
        replace: "if (!prepared) return { outcome: 'allow', rules: [] }",
        tests: { 'test/policy/judge.test.ts': ['the example policy › %s'] },
      },
      {
        name: 'failing-forbid',
        file: 'src/policy/cedar.ts',
        find: 'prepared.forbid(call, { errorsMatch: true })',
        replace: 'prepared.forbid(call, { errorsMatch: false })',
        tests: { 'test/policy/judge.test.ts': ['a rule that cannot be evaluated fails closed › a forbid rule denies'] },
      },
      {
        name: 'failing-approve',
        file: 'src/policy/cedar.ts',
        find: 'prepared.approve(call, { errorsMatch: true })',
        replace: 'prepared.approve(call, { errorsMatch: false })',
        tests: {
          'test/policy/judge.test.ts': [
            'a rule that cannot be evaluated fails closed › an approve rule requires its approval, beside those that match',
          ],
        },
      },
      {
        name: 'failing-allow',
        file: 'src/policy/cedar.ts',
        find: 'prepared.allow(call, { errorsMatch: false })',
        replace: 'prepared.allow(call, { errorsMatch: true })',
        tests: {
          'test/policy/judge.test.ts': ['a rule that cannot be evaluated fails closed › an allow rule does not match'],
        },
      },
      {
        name: 'forbid-first',
        file: 'src/policy/cedar.ts',
        find: '    if (forbidden.length) return',
        replace: '    if (false) return',
        tests: { 'test/policy/judge.test.ts': ['a match in forbid.cedar overrides everything'] },
      },
      {
        name: 'metrics-compared',
        file: 'src/verify/ruleReplay.ts',
        find: "await this.#metricsTable?.expect(metricsHeader + this.#metrics.rows().map(metricLine).join(''))\n    await this.#metricsTable?.end()",
        replace: '',
        tests: {
          'test/verify/tampered.test.ts': ['signed again with the key: %s is %s'],
        },
      },
      {
        name: 'controls-of-requests',
        file: 'src/verify/ruleReplay.ts',
        find: 'return controlsOf(this.#controls.known(version) ?? (await this.#controls.of(version)), rules)',
        replace: 'return []',
        tests: { 'test/evidence/policyLies.test.ts': ['what happened holds, made and signed anew'] },
      },
      {
        name: 'table-note',
        file: 'src/evidence/read/tables.ts',
        find: '  if (!(await isCopy(macs, file, sha256(bytes))))',
        replace: '  if (false)',
        tests: {
          'test/http/evidence.test.ts': [
            'tables of sealed days › that the service did not write are evidence that is broken: one %s',
          ],
        },
      },
      {
        name: 'late-seal',
        file: 'src/verify/ruleReplay.ts',
        find: "(late ? exceptionLine(late) : '')",
        replace: "''",
        tests: {
          'test/verify/series.test.ts': ['all days hold and continue each other, whatever their files are called'],
        },
      },
      {
        name: 'policy-in-bundle',
        file: 'src/verify/policyFiles.ts',
        find: "if (!extent) throw badPolicyFile('missing-member', edition,",
        replace: "if (!extent) continue\n    if (false) throw badPolicyFile('missing-member', edition,",
        tests: {
          'test/security/policies.test.ts': [
            'a bundle without a policy that its events name is refused, even if it is signed',
          ],
        },
      },
      {
        name: 'policy-judged-anew',
        file: 'src/verify/policyCheck.ts',
        find: 'const flaw = judge.ask(',
        replace: 'const flaw = null && judge.ask(',
        tests: {
          'test/evidence/policyLies.test.ts': ['a history made anew with %s is against policy'],
        },
      },
      {
        name: 'votes-judged-anew',
        file: 'src/verify/policyCheck.ts',
        find: 'const flaw = judge && life ?',
        replace: 'const flaw = false && judge && life ?',
        tests: {
          'test/evidence/policyLies.test.ts': ['a history made anew with %s is against policy'],
        },
      },
      {
        name: 'conditions-judged-anew',
        file: 'src/verify/policyCheck.ts',
        find: 'return answer === recorded ? null :',
        replace: 'return answer !== null ? null :',
        tests: {
          'test/evidence/policyLies.test.ts': [
            'with Cedar and what was written › an outcome that the structure allows, and the conditions do not, is against policy',
          ],
        },
      },
      {
        name: 'rules-listed-by-cedar',
        file: 'src/verify/policyCheck.ts',
        find: 'if (cedar && (!listed ||',
        replace: 'if (false && cedar && (!listed ||',
        tests: {
          'test/evidence/policyLies.test.ts': [
            'with Cedar and what was written › a list of rules that the Cedar files do not make is against policy',
          ],
        },
      },
      {
        name: 'policy-text',
        file: 'src/verify/policyFiles.ts',
        find: 'if (digests.get(member) !== hash) throw',
        replace: 'if (false) throw',
        tests: {
          'test/security/policies.test.ts': [
            'a bundle with another text of a policy that its events name is refused, even if it is signed',
          ],
        },
      },
    ],
  },
]
