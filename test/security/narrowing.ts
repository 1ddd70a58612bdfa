import type { Row } from './row.ts'

const edits = 'test/core/action/edits.test.ts'
const core = 'test/core/request/narrowing.test.ts'
const uses = 'test/approvals/narrowing.test.ts'
const verified = 'test/verify/narrowing.test.ts'
const client = 'test/client/less.test.ts'
const gateway = 'test/mcp/less.test.ts'

const refused = 'an edit is refused › %s'

/** Narrowing: what approvers leave is less of what was asked for, and nothing else is decided, granted or run. */
export const narrowingRows: readonly Row[] = [
  {
    attack: 'An approver makes an action larger, or another one, and calls that smaller',
    control:
      'One pure function lets through a lower number and a shorter list alone; the verifier calls it, too, where the texts are given',
    switches: [
      {
        name: 'edit-lower',
        file: 'src/core/action/edits.ts',
        find: '  return after < before ? null : ',
        replace: '  return after !== before ? null : ',
        tests: { [edits]: [refused], [uses]: ['nothing is made of %s'] },
      },
      {
        name: 'edit-plain',
        file: 'src/core/action/edits.ts',
        find: "typeof after === 'number' && !Object.is(after, -0) && plainNumber.test(String(after))",
        replace: "typeof after === 'number'",
        tests: { [edits]: [refused], [uses]: ['nothing is made of %s'] },
      },
      {
        name: 'edit-all',
        file: 'src/core/action/edits.ts',
        find: '  if (after.length === 0)\n',
        replace: '  if (false)\n',
        tests: { [edits]: [refused], [uses]: ['nothing is made of %s'] },
      },
      {
        name: 'edit-gained',
        file: 'src/core/action/edits.ts',
        find: '  if (gained >= 0) return',
        replace: '  if (false) return',
        tests: { [edits]: [refused] },
      },
      {
        name: 'edit-named',
        file: 'src/core/action/edits.ts',
        find: '    if (!narrowable.includes(name)) return',
        replace: '    if (false) return',
        tests: { [edits]: [refused] },
      },
      {
        name: 'edit-recorded',
        file: 'src/core/request/narrowing.ts',
        find: '!isSorted || !params.every((name) => narrowable.includes(name))',
        replace: '!isSorted',
        tests: { [core]: ['a request is made smaller › in no event %s'] },
      },
      {
        name: 'edit-terms',
        file: 'src/core/request/narrowing.ts',
        find: '  if (!isLess) throw',
        replace: '  if (false) throw',
        tests: { [core]: ['a request is made smaller › in no event of a standing approval with %s'] },
      },
      {
        name: 'edit-verified',
        file: 'src/verify/narrowingCheck.ts',
        find: '  if (flaw) return',
        replace: '  if (false) return',
        tests: { [verified]: ['a narrowing to %s is found with the texts'] },
      },
    ],
  },
  {
    attack: 'An edit reaches the action of another rule, of a higher tier, or one that is forbidden',
    control: 'The policy in force judges what is left: people decide it, by slots, tier and doors that the request has',
    switches: [
      {
        name: 'left-judged',
        file: 'src/approvals/narrowing.ts',
        find: '  if (more !== null)\n',
        replace: '  if (false)\n',
        tests: { [uses]: ['nothing is made of %s'] },
      },
      {
        name: 'left-slots',
        file: 'src/core/request/narrowing.ts',
        find: '  if (other)\n',
        replace: '  if (false)\n',
        tests: { [core]: ['what is left is judged › where policy wants %s, it is refused: %s'] },
      },
      {
        name: 'left-tier',
        file: 'src/core/request/narrowing.ts',
        find: '  if (tiers.indexOf(tier) > tiers.indexOf(asked.tier))',
        replace: '  if (false)',
        tests: { [core]: ['what is left is judged › where policy wants %s, it is refused: %s'] },
      },
    ],
  },
  {
    attack: 'The larger action is redeemed after a narrowing, or granted by votes from before it',
    control:
      'The digest is that of what is left, a narrowing ends the votes before it, and an executor that knows no less runs nothing',
    switches: [
      {
        name: 'narrowed-digest',
        file: 'src/core/request/narrowing.ts',
        find: '...{ action, digest: step.digest, askedDigest, askedAction },',
        replace: '...{ action, askedDigest, askedAction },',
        tests: {
          [core]: ['what is left › is what an executor redeems, and not what was asked for'],
          [uses]: ['what is left is decided anew, granted and redeemed, and what was asked for is not'],
        },
      },
      {
        name: 'narrowed-ends-votes',
        file: 'src/core/request/request.ts',
        find: "=> type === 'answered' || type === 'narrowed'",
        replace: "=> type === 'answered'",
        tests: { [core]: ['votes › from before count no more, also that of the person who made it smaller'] },
      },
      {
        name: 'narrowed-whole-view',
        file: 'src/core/request/narrowing.ts',
        find: '  checkSeen(request, input, { whole: true })\n',
        replace: '',
        tests: { [core]: ['a request is made smaller › not %s'] },
      },
      {
        name: 'narrowed-gate',
        file: 'src/approvals/gateUse.ts',
        find: '    if (request.narrowed)\n',
        replace: '    if (false)\n',
        tests: { [uses]: ['of what a pipeline would run nothing less is used up'] },
      },
      {
        name: 'narrowed-agreed',
        file: 'src/core/request/submission.ts',
        find: 'narrow && narrowing && ',
        replace: 'narrow && ',
        tests: { [uses]: ['an agent that does not go along gets what it asked for, or nothing'] },
      },
      {
        name: 'gateway-left-agreed',
        file: 'src/mcp/left.ts',
        find: 'asked !== undefined && asked.digest !== digest',
        replace: 'false',
        tests: {
          [gateway]: ['another process, which knows what is left alone, carries nothing out before the model agrees'],
        },
      },
      {
        name: 'gateway-left-digest',
        file: 'src/mcp/gateway.ts',
        find: '  if (isNarrowed(request) && left !== request.digest) throw',
        replace: '  if (isNarrowed(request) && left === undefined) throw',
        tests: { [gateway]: ['nothing is carried out for a model that does not agree, or agrees to something else'] },
      },
      {
        name: 'narrowed-compared',
        file: 'src/client/leftAction.ts',
        find: 'return flawInEdits(asked, changed, edits) === null ? left : null',
        replace: 'return left',
        tests: { [client]: ['what is %s is not taken, although the service says that it is less'] },
      },
    ],
  },
]
