import type { Row } from './row.ts'

const scope = 'test/core/action/scope.test.ts'
const core = 'test/core/request/standing.test.ts'
const replayed = 'test/core/record/uses.test.ts'
const sealed = 'test/evidence/uses.test.ts'
const uses = 'test/approvals/standing.test.ts'
const keys = 'test/approvals/askKey.test.ts'
const ledgers = 'test/ports/uses.test.ts'

const named = 'of a scope and %s, it names what lies outside'
const notCovered = 'a use › for %s is not covered'

/** Standing approvals: what is done under them is what was approved, by whom and for whom, and no more of it. */
export const standingRows: readonly Row[] = [
  {
    attack: 'An agent leaves the scope of a standing approval',
    control: 'One pure function compares every member; the verifier calls it, too, where the texts are given',
    switches: [
      {
        name: 'scope-target',
        file: 'src/core/action/scope.ts',
        find: "  return target.slice(prefix.length).split('/').every(isPart)\n",
        replace: '  return true\n',
        tests: { [scope]: [named], [uses]: ['a use for %s is not covered, nobody is asked, and no use is counted'] },
      },
      {
        name: 'scope-prefix',
        file: 'src/core/action/scope.ts',
        find: "prefix === undefined || !prefix.endsWith('/') || ",
        replace: 'prefix === undefined || ',
        tests: { [scope]: ['a prefix that ends within a part lets nothing in'] },
      },
      {
        name: 'scope-params',
        file: 'src/core/action/scope.ts',
        find: '  if (shown === undefined || wanted === undefined) return false\n',
        replace: '  if (shown === undefined || wanted === undefined) return true\n',
        tests: { [scope]: [named] },
      },
      {
        name: 'scope-number',
        file: 'src/core/action/scope.ts',
        find: 'wanted >= 0 && wanted <= bound',
        replace: 'wanted <= bound',
        tests: { [scope]: [named] },
      },
      {
        name: 'scope-list',
        file: 'src/core/action/scope.ts',
        find: 'wanted.length > 0 && ',
        replace: '',
        tests: { [scope]: [named] },
      },
      {
        name: 'scope-asked',
        file: 'src/approvals/use.ts',
        find: '  checkScope(standing, action)\n',
        replace: '',
        tests: { [uses]: ['a use for %s is not covered, nobody is asked, and no use is counted'] },
      },
      {
        name: 'scope-verified',
        file: 'src/verify/scopeCheck.ts',
        find: '    if (outside !== null) throw',
        replace: '    if (false) throw',
        tests: { [sealed]: ['with the said files, a use for %s is found outside its scope, of a day before'] },
      },
    ],
  },
  {
    attack: 'A call runs twice, under a standing approval and without it, or under two',
    control:
      'A use claims the key of its call before; who asks without it closes the key first, where the use would be; a restore keeps both',
    switches: [
      {
        name: 'key-claimed',
        file: 'src/approvals/ask.ts',
        find: '  const used = await claimForUse(parts, { agent, key }, { under: submission.under, request: submission.id })\n',
        replace: '  const used = null\n',
        tests: { [keys]: ['one key makes one request: first %s, then %s'] },
      },
      {
        name: 'key-closed',
        file: 'src/approvals/askKey.ts',
        find: '  return unlessClaim(await ledger.claimKey(shard, hash, claim))\n',
        replace: '  return unlessClaim(await ledger.findKey(shard, hash))\n',
        tests: {
          [keys]: [
            'an ask that comes between the claim of a use and its commit closes the key: the use is refused',
            'asks that race make one request, in whatever order their calls of the ledger come',
          ],
        },
      },
      {
        name: 'key-restored',
        file: 'src/evidence/backup/restoredRequests.ts',
        find: '  await rows.putClaims(kept.flat().flatMap(({ claim }) => (claim ? [claim] : [])))\n',
        replace: '',
        tests: {
          'test/backup/restore.test.ts': [
            'an idempotency key › makes no second request after a restore, also one whose shard has no events',
          ],
        },
      },
      {
        name: 'key-body-under',
        file: 'src/contract/requestOperations.ts',
        find: "    perAttempt: ['redemption', 'under'],\n",
        replace: "    perAttempt: ['redemption'],\n",
        tests: {
          'test/doors/life.test.ts': ['an allowed action is asked for and redeemed in one call, which may be repeated'],
        },
      },
    ],
  },
  {
    attack: 'A standing approval outlives its policy, agent, executor, principal or approvers',
    control:
      'Each use is judged again, by policy and by what was recorded of those who approved, and so does the verifier',
    switches: [
      {
        name: 'use-policy',
        file: 'src/core/request/standing.ts',
        find: "  if (policy.version !== standing.policy.version) throw uncovered('', 'the policy has changed since it was asked for')\n",
        replace: '',
        tests: {
          [core]: [notCovered],
          [replayed]: ['a forged use is refused › under another policy than that of the standing approval'],
        },
      },
      {
        name: 'use-agent',
        file: 'src/core/request/standing.ts',
        find: "  if (standing.agent.id !== agent) throw uncovered('', 'it is another agent’s')\n",
        replace: '',
        tests: {
          [core]: ['a use › by another agent is not covered, and of an action that policy allows is none'],
          [replayed]: ['a forged use is refused › %s'],
        },
      },
      {
        name: 'use-executor',
        file: 'src/core/request/standing.ts',
        find: "  if (standing.executor !== executor) throw uncovered('/executor', 'it is for another executor')\n",
        replace: '',
        tests: { [core]: [notCovered], [replayed]: ['a forged use is refused › %s'] },
      },
      {
        name: 'use-principal',
        file: 'src/core/request/standing.ts',
        find: "  if (standing.onBehalfOf !== onBehalfOf) throw uncovered('/onBehalfOf', 'it is on behalf of somebody else')\n",
        replace: '',
        tests: { [core]: [notCovered], [replayed]: ['a forged use is refused › %s'] },
      },
      {
        name: 'use-excluded',
        file: 'src/core/request/standing.ts',
        find: '  if (people.some(({ accounts }) => overlap(accounts, excluded)))\n',
        replace: '  if (false)\n',
        tests: {
          [core]: [notCovered],
          [uses]: ['a use whose approver became the agent’s owner under the same version is not covered'],
        },
      },
      {
        name: 'use-slots',
        file: 'src/core/request/standing.ts',
        find: '  if (!fills(requirement, people)) throw',
        replace: '  if (false) throw',
        tests: { [core]: [notCovered] },
      },
      {
        name: 'use-tier',
        file: 'src/core/request/standing.ts',
        find: "  if (tier === 'high') throw uncovered('', 'each action of tier high is asked for')\n",
        replace: '',
        tests: { [core]: [notCovered] },
      },
      {
        name: 'use-door',
        file: 'src/core/request/standing.ts',
        find: '.filter((vote) => !via || via.includes(vote.via))',
        replace: '',
        tests: { [core]: [notCovered] },
      },
    ],
  },
  {
    attack: 'More is done under a standing approval than was approved, or after it was taken back',
    control:
      'A use replaces the row of the standing approval with If-Match, in one transaction; its redemption reads it again; the verifier counts',
    switches: [
      {
        name: 'use-if-match',
        file: 'src/azure/transaction.ts',
        find: '          ...requestRows(signer, loaded, change, beside, version),\n',
        replace: '',
        tests: { [ledgers]: ['%s › writes a use and its standing approval as one unit'] },
      },
      {
        name: 'use-over',
        file: 'src/core/request/standing.ts',
        find: "  if (standing.status !== 'approved') throw over(",
        replace: '  if (false) throw over(',
        tests: { [core]: ['a use › is refused %s'] },
      },
      {
        name: 'use-late',
        file: 'src/core/request/standing.ts',
        find: "  if (overdue(standing, at)) throw over('ended')\n",
        replace: '',
        tests: { [core]: ['a use › is refused %s'] },
      },
      {
        name: 'use-taken-back',
        file: 'src/approvals/approvals.ts',
        find: '    if (standing) checkStands(standing)\n',
        replace: '',
        tests: {
          [uses]: [
            'a revocation takes back at once, also what was granted and not redeemed',
            'whatever races a revocation, no use is granted or redeemed after it',
          ],
        },
      },
      {
        name: 'use-redeemed-late',
        file: 'src/core/record/replay.ts',
        find: '  legal(event, () => checkStands(standing.request))\n',
        replace: '',
        tests: {
          [replayed]: [
            'a forged use is refused › after the standing approval was taken back, and so is the redemption of an earlier one',
          ],
        },
      },
      {
        name: 'use-counted',
        file: 'src/core/record/replay.ts',
        find: '  if (!isNext || id === undefined',
        replace: '  if (id === undefined',
        tests: { [replayed]: ['a forged use is refused › %s'] },
      },
      {
        name: 'use-lapse',
        file: 'src/core/request/standing.ts',
        find: 'const lapsesAt = earlier(plusSeconds(at, data.lapse ?? 0), standing.lapsesAt)',
        replace: 'const lapsesAt = plusSeconds(at, data.lapse ?? 0)',
        tests: { [core]: ['a use › never lapses after the end of the standing approval'] },
      },
      {
        name: 'standing-redeemed',
        file: 'src/core/request/redemption.ts',
        find: '  if (isStanding(request))\n',
        replace: '  if (false)\n',
        tests: {
          [core]: [
            'a standing approval › is asked for and approved as a request is, and then may be used and not redeemed',
          ],
        },
      },
      {
        name: 'standing-open',
        file: 'src/core/request/limit.ts',
        find: '  if (others.length >= open)\n',
        replace: '  if (false)\n',
        tests: { [uses]: ['an agent has five standing approvals at most, and those that are over make room'] },
      },
      {
        name: 'standing-bounds',
        file: 'src/approvals/ask.ts',
        find: '  checkSession(action, judgement)\n',
        replace: '',
        tests: { [uses]: ['a standing approval for %s is not asked for'] },
      },
      {
        name: 'standing-cool-down',
        file: 'src/approvals/use.ts',
        find: "  if (isCooling) throw uncovered('', 'this action was denied a moment ago')\n",
        replace: '',
        tests: { [uses]: ['an action that was denied a moment ago is not covered'] },
      },
    ],
  },
]
