import type { Row } from './row.ts'

const useCase = 'test/approvals/deputies.test.ts'
const core = 'test/core/request/deputy.test.ts'
const known = 'test/core/record/knownDeputies.test.ts'
const series = 'test/verify/continuity.test.ts'
const roster = 'test/policy/approvers.test.ts'
const bundled = 'test/core/policy/standIn.test.ts'
const forged = 'a row that is put back, moved or made up gives no right'
const byItself = 'an absence that ended by itself is not recalled, neither by the member nor by their next one'
const lost = 'whose row somebody has deleted › an absence'
const note =
  'whose row somebody has deleted › a note that the service did not write, or that lies elsewhere, is passed over'
const overTime = 'the time is over at the commit, too, however long the vote took'
const ofNow =
  'facts of the vote are of now: a member who left, or whom policy gives no deputy any more, passes nothing on'
const acts = 'a deputy acts %s'

/** Who votes for somebody else. */
export const deputyRows: readonly Row[] = [
  {
    attack: 'Somebody votes for a member who did not say so, is back, or is one whom policy names no deputy of',
    control:
      'Policy names deputies, and members say when. A row gives no right: the event that it names is read, with its MAC, and a file in the write-once archive, which is made before a recall is recorded, ends it. Another file there notes each absence, so that the member ends it although somebody has deleted its row. Membership, policy and time are looked at with each act',
    switches: [
      {
        name: 'deputy-recall-read',
        file: 'src/approvals/delegations.ts',
        find: 'if (!known || known.until <= now || (await this.#isRecalled(shardOfDeputy(row.deputy), row.event))) return []',
        replace: 'if (!known || known.until <= now) return []',
        tests: { [useCase]: [forged] },
      },
      {
        name: 'deputy-recall-file-first',
        file: 'src/approvals/delegations.ts',
        find: 'const file = await this.#leaveFile(shard, { event, by, at })',
        replace: 'const file = { event, by, at }',
        tests: {
          [useCase]: [
            'a recall is the member’s own, is answered again as it was, and goes on after the archive or the ledger failed',
          ],
        },
      },
      {
        name: 'deputy-lost-row-recalled',
        file: 'src/approvals/delegations.ts',
        find: '    if (own) return own\n',
        replace: '',
        tests: { [useCase]: [`${lost} is still the member’s to see and to end, and does not come back with its row`] },
      },
      {
        name: 'deputy-lost-row-listed',
        file: 'src/approvals/delegations.ts',
        find: 'const lost = own.filter(({ event }) => rows.every((row) => row.event !== event))',
        replace: 'const lost: typeof own = []',
        tests: { [useCase]: [`${lost} is still the member’s to see and to end, and does not come back with its row`] },
      },
      {
        name: 'deputy-lost-row-replaced',
        file: 'src/approvals/delegations.ts',
        find: 'const over = [...(known ? [row] : []), ...others]',
        replace: 'const over = known ? [row] : []',
        tests: { [useCase]: [`${lost} is replaced by the next word for the same deputy`] },
      },
      {
        name: 'deputy-note-mac',
        file: 'src/approvals/notedAbsences.ts',
        find: 'return (await macs.isAuthentic(authenticatedAbsence(macs.origin, read.file), read.mac)) ? [read.file] : []',
        replace: 'return [read.file]',
        tests: { [useCase]: [note] },
      },
      {
        name: 'deputy-note-place',
        file: 'src/approvals/notedAbsences.ts',
        find: ' || absencePath(read.file) !== name',
        replace: '',
        tests: { [useCase]: [note] },
      },
      {
        name: 'deputy-row-hash',
        file: 'src/approvals/delegations.ts',
        find: 'kept.hash === hash ? readRecord(kept.text) : null',
        replace: 'readRecord(kept.text)',
        tests: { [useCase]: [forged] },
      },
      {
        name: 'deputy-row-people',
        file: 'src/approvals/delegations.ts',
        find: "if (event?.type === 'delegated' && isOf(event, row))",
        replace: "if (event?.type === 'delegated')",
        tests: { [useCase]: [forged] },
      },
      {
        name: 'deputy-own-recall',
        file: 'src/approvals/delegations.ts',
        find: 'if (!accounts.includes(member)) throw noSuchDelegation()',
        replace: '',
        tests: {
          [useCase]: [
            'a recall is the member’s own, is answered again as it was, and goes on after the archive or the ledger failed',
          ],
        },
      },
      {
        name: 'deputy-recall-in-time',
        file: 'src/approvals/delegations.ts',
        find: 'return row && known && known.until > at ?',
        replace: 'return row && known ?',
        tests: { [useCase]: [byItself] },
      },
      {
        name: 'deputy-reason',
        file: 'src/approvals/delegations.ts',
        find: "return reason && saidDigest(reason) === said['reason'] ? { reason: reason.text } : {}",
        replace: 'return reason ? { reason: reason.text } : {}',
        tests: { [useCase]: ['a reason that is not the one which the event commits to is left out'] },
      },
      {
        name: 'deputy-named-to-begin',
        file: 'src/approvals/delegations.ts',
        find: 'const foreign = wanted.find((group) => !mine.includes(group))',
        replace: 'const foreign = undefined',
        tests: { [useCase]: ['who may not name a deputy, whom, for what, and for how long'] },
      },
      {
        name: 'deputy-named-to-vote',
        file: 'src/approvals/eligibility.ts',
        find: 'required.filter((name) => overlap(policy.group(name)?.deputies ?? [], accounts))',
        replace: 'required',
        tests: { [useCase]: [ofNow] },
      },
      {
        name: 'deputy-of-member',
        file: 'src/approvals/eligibility.ts',
        find: 'if (!person?.member || !person.enabled || overlap(theirs, accounts)) return []',
        replace: 'if (!person || overlap(theirs, accounts)) return []',
        tests: { [useCase]: [ofNow] },
      },
      {
        name: 'deputy-until',
        file: 'src/core/request/deputy.ts',
        find: 'if (at >= standIn.until)',
        replace: 'if (at > standIn.until)',
        tests: { [core]: ['every act of a deputy ends with the time of the member'], [useCase]: [overTime] },
      },
      {
        name: 'deputy-narrows-until',
        file: 'src/core/request/narrowing.ts',
        find: '  checkStandIn(facts, at)\n',
        replace: '',
        tests: {
          'test/core/request/narrowing.test.ts': [
            'a deputy makes a request smaller until the member is back, and no longer',
          ],
        },
      },
      {
        name: 'deputy-most',
        file: 'src/core/request/deputy.ts',
        find: 'if (until > plusSeconds(at, bounds.away))',
        replace: 'if (until > plusSeconds(at, 2 * bounds.away))',
        tests: { [core]: ['what a member may say: %j'] },
      },
      {
        name: 'deputy-no-agent',
        file: 'src/policy/approvers.ts',
        find: "noAgents(['groups', key, 'deputies'], deputies, 'an agent is never a deputy')",
        replace: '',
        tests: { [roster]: ['deputies of a group › are refused: %s'] },
      },
    ],
  },
  {
    attack:
      'A deputy and the member both vote; who may not approve lets a deputy approve; a deputy has deputies, or breaks a glass',
    control:
      'The facts of a deputy’s act join the accounts of both, so that they are one person wherever people are counted or excluded. Only what a member is in themself is passed on. Who breaks a glass or answers does so for themselves',
    switches: [
      {
        name: 'deputy-joined',
        file: 'src/core/request/deputy.ts',
        find: 'accounts: [...own.accounts, ...accounts].sort(),',
        replace: 'accounts: [...own.accounts, own.accounts[0] as ObjectId, accounts[0] as ObjectId].slice(0, 2),',
        tests: {
          [useCase]: [
            'a deputy and the member who is away have one vote, whoever gives it first',
            'who is excluded passes nothing on: their deputy can only deny',
          ],
        },
      },
      {
        name: 'deputy-joined-later',
        file: 'src/core/request/voteVoid.ts',
        find: 'overlap(one.facts.accounts, facts.accounts)',
        replace: 'facts.accounts.includes(one.approver)',
        tests: {
          [useCase]: [
            'a deputy’s vote, and one of an account that policy joins with the member’s afterwards, count once',
          ],
        },
      },
      {
        name: 'deputy-no-glass',
        file: 'src/core/request/glass.ts',
        find: '  checkNoDeputy(facts)\n',
        replace: '',
        tests: { [core]: ['no deputy breaks a glass'] },
      },
      {
        name: 'deputy-reviews',
        file: 'src/approvals/involvement.ts',
        find: ', ...(found.glass?.accounts ?? [])]',
        replace: ']',
        tests: {
          [useCase]: ['who broke the glass silences no reviewer by naming them, and their deputy does not review it'],
        },
      },
      {
        name: 'deputy-not-of-side',
        file: 'src/core/record/eventTable.ts',
        find: "if (data.facts?.for !== undefined) return 'nobody answers as a deputy'",
        replace: '',
        tests: {
          [core]: [
            'the record tells for whom a deputy acted, and a verifier refuses the member in the place of the deputy',
          ],
        },
      },
      {
        name: 'deputy-looked-at-again',
        file: 'src/approvals/eligibility.ts',
        find: 'return away ? actingFor(own, away) : own',
        replace: 'return actingFor(own, away ?? voted.for)',
        tests: {
          [useCase]: ['the vote that completes looks again: who was voted for is back, so that the vote is void'],
        },
      },
    ],
  },
  {
    attack: 'The record says that a deputy acted, and the member never said so, was back, or named somebody else',
    control:
      'Events of deputies and acts that rest on them are compared, in a day and over a series, whichever shard comes first; `exceptions.csv` has a row of each such act',
    switches: [
      {
        name: 'deputy-act-known',
        file: 'src/core/record/knownDeputies.ts',
        find: 'if (!away) return this.#isAllKnown(event.at) ? unsaid : null',
        replace: 'if (!away) return null',
        tests: { [known]: [acts] },
      },
      {
        name: 'deputy-act-after-recall',
        file: 'src/core/record/knownDeputies.ts',
        find: "if (back !== undefined && plusSeconds(back, underway) < event.at) return 'the member was back'",
        replace: '',
        tests: { [known]: [acts], [series]: ['a series %s'] },
      },
      {
        name: 'deputy-act-before',
        file: 'src/core/record/knownDeputies.ts',
        find: "if (plusSeconds(event.at, clocks) < away.at) return 'the member was not away yet'",
        replace: '',
        tests: { [known]: [acts] },
      },
      {
        name: 'deputy-act-of-another',
        file: 'src/core/record/knownDeputies.ts',
        find: "if (standIn.accounts.includes(to) || !accounts.includes(to)) return 'the member named another deputy'",
        replace: '',
        tests: { [known]: [acts] },
      },
      {
        name: 'deputy-named-in-bundle',
        file: 'src/core/policy/standing.ts',
        find: 'if (!overlap(group?.deputies ?? [], deputy.accounts))',
        replace: 'if (false)',
        tests: { [bundled]: ['the facts of %s'] },
      },
      {
        name: 'deputy-of-excluded-in-bundle',
        file: 'src/core/policy/standing.ts',
        find: 'const accounts = [person, ...(standIn?.accounts.slice(0, 1) ?? [])].flatMap((id) => roster.accounts(id))',
        replace: 'const accounts = roster.accounts(person)',
        tests: { [bundled]: ['the deputy of somebody who may not approve may not, either'] },
      },
      {
        name: 'deputy-counts-in-time',
        file: 'src/core/policy/standing.ts',
        find: 'if (facts.for && isOver(request, facts.for))',
        replace: 'if (facts.for && !facts.for)',
        tests: {
          'test/core/policy/standing.test.ts': [
            'the vote of a deputy counts only if the member is still away when the approval is complete',
          ],
        },
      },
      {
        name: 'deputy-act-in-series',
        file: 'src/verify/continuity.ts',
        find: '      known.judge()\n',
        replace: '',
        tests: { [series]: ['a series %s'] },
      },
      {
        name: 'deputy-facts-own',
        file: 'src/core/record/eventTable.ts',
        find: 'accounts.includes(account) && standIn?.accounts.includes(account) !== true',
        replace: 'accounts.includes(account)',
        tests: {
          [core]: [
            'the record tells for whom a deputy acted, and a verifier refuses the member in the place of the deputy',
          ],
        },
      },
    ],
  },
]
