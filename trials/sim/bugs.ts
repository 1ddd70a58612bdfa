/** A bug as somebody might make it: words of ours, and what stands there instead. */
export interface Bug {
  readonly name: string
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
}

const bug = (name: string, file: string, find: string, replace: string): Bug => ({
  name,
  edits: [{ file, find, replace }],
})

/** Mistakes that crashes, races and lost answers bring to light. */
const ordinaryBugs: readonly Bug[] = [
  {
    name: 'a commit that checks no ETag',
    edits: [
      ...[
        ["['update', entity, 'Merge', { etag }]", "['update', entity, 'Merge', { etag: '*' }]"],
        ["'Replace', { etag: read.etag }]", "'Replace', { etag: '*' }]"],
        [
          "['create', eventRow(signer, shard, change, leaf)]",
          "['upsert', eventRow(signer, shard, change, leaf), 'Replace']",
        ],
      ].map(([find = '', replace = '']) => ({ file: 'src/azure/transaction.ts', find, replace })),
    ],
  },
  {
    name: 'a commit in two steps: events, then the request',
    edits: [
      {
        file: 'trials/sim/ledger.ts',
        find: "await call('ledger.commit', () => write(loaded, change))",
        replace: `await call('ledger.commit', () => write(loaded, { ...change, request: undefined }))
          await call('ledger.second', async () => {
            const rows = transaction(await stores.macs.rows(), loaded, change, loaded.version as Version)
            const second = rows.filter(([, { rowKey }]) => !/^(head|event|key)/.test(rowKey))
            if (second.length > 0) await stores.rows.ledger.submitTransaction(second)
          })`,
      },
      {
        file: 'trials/sim/ledger.ts',
        find: "import type { TableLimits } from '../../src/azure/limits.ts'",
        replace: `import type { TableLimits } from '../../src/azure/limits.ts'
          import { transaction, type Version } from '../../src/azure/transaction.ts'`,
      },
    ],
  },
  bug(
    'an answer before it is written',
    'src/approvals/commit.ts',
    'await parts.ledger.commit(loaded, change)',
    'void parts.ledger.commit(loaded, change).catch(() => {})',
  ),
  bug(
    'a time that is not that of the shard',
    'src/approvals/commit.ts',
    'return head.recordedAt === null ? now : later(now, head.recordedAt)',
    'return now',
  ),
  bug(
    'an idempotency key that is not written down',
    'src/approvals/ask.ts',
    'const more = key ? { key: { ...key, request: submission.id } } : {}',
    'const more = {}',
  ),
  bug(
    'self-approval',
    'src/core/request/decision.ts',
    'const isExcluded = overlap(requirement?.excluded ?? [], facts.accounts) || overlap(excluded, facts.accounts)',
    'const isExcluded = false',
  ),
  bug(
    'a second vote of one person, with another account, that counts',
    'src/core/request/decision.ts',
    'const taken = others.find((vote) => overlap(vote.facts.accounts, facts.accounts))',
    'const taken = others.find(() => false)',
  ),
  bug(
    'a vote after the deadline',
    'src/approvals/commit.ts',
    'const late = overdue(request, at)',
    'const late = overdue(request, at) && rule === unchanged ? overdue(request, at) : null',
  ),
  bug(
    'a redemption that looks at no status',
    'src/core/request/redemption.ts',
    `if (request.status === 'redeemed') throw new Problem('already-redeemed', 'This approval was already redeemed.')
  if (request.status !== 'approved') throw new Problem('not-redeemable', \`This request is \${request.status}.\`)`,
    '',
  ),
  bug(
    'an approval that expires',
    'src/core/request/request.ts',
    ": ended(request, 'lapsed', at)",
    ": ended(request, 'expired', at)",
  ),
  bug(
    'a use that is written without its standing approval',
    'src/azure/transaction.ts',
    '...requestRows(signer, loaded, change, beside, version),',
    '',
  ),
  bug(
    'a use more than was approved',
    'src/core/request/standing.ts',
    'if (number < uses) return',
    'if (number <= uses) return',
  ),
  bug(
    'a use of what was taken back',
    'src/core/request/standing.ts',
    "if (standing.status !== 'approved') throw over(standing.status === 'pending' ? 'not approved yet' : standing.status)",
    "if (standing.status !== 'approved' && standing.status !== 'revoked') throw over('not approved')",
  ),
  bug(
    'a larger action that is redeemed after an approver made it smaller',
    'src/core/request/narrowing.ts',
    '...{ action, digest: step.digest, askedDigest, askedAction },',
    '...{ action: request.action, askedDigest, askedAction },',
  ),
  bug(
    'approvals from before a request was made smaller',
    'src/core/request/request.ts',
    "=> type === 'answered' || type === 'narrowed'",
    "=> type === 'answered'",
  ),
  bug(
    'a use that is redeemed although its standing approval was taken back',
    'src/core/request/standing.ts',
    "status === 'approved' || status === 'ended'",
    "status !== 'pending'",
  ),
  bug(
    'a delivery that forgets what was not sent',
    'src/delivery/delivery.ts',
    'if (next === null) return outbox.finish(claim)',
    'return outbox.finish(claim)',
  ),
  bug(
    'a delivery that ends what changed meanwhile',
    'src/azure/outbox.ts',
    'const settings = { etag: etagOf(version), ...within() }',
    "const settings = { etag: '*', ...within() }",
  ),
  bug(
    'a seal that fences nothing',
    'src/evidence/seal/plan.ts',
    'await Promise.all(shards.map((shard) => ledger.fence(shard, end)))',
    '',
  ),
  bug(
    'a plan that is made anew',
    'src/evidence/seal/plan.ts',
    '(await parts.seals.plan(date)) ?? (await parts.seals.propose(await drawn(parts, date, head)))',
    'await drawn(parts, date, head)',
  ),
]

const loads = {
  file: 'src/approvals/commit.ts',
  find: 'const late = overdue(request, at)',
  replace: 'const late = overdue(request, at) ?? prompted(request, at)',
}
const knowsPrompts = {
  file: 'src/approvals/commit.ts',
  find: "import { areOutdated, type Facts } from '../core/request/requirement.ts'",
  replace: `import { areOutdated, type Facts } from '../core/request/requirement.ts'
    import { prompted } from '../core/request/prompt.ts'`,
}
const prompts = 'src/core/request/prompt.ts'

/** Mistakes about questions, prompts, notices and broken glasses. */
const talkBugs: readonly Bug[] = [
  bug(
    'a vote from before an answer that counts',
    'src/core/request/request.ts',
    'return decisions.slice(before).filter((decision) => !decision.void)',
    'return decisions.filter((decision) => !decision.void)',
  ),
  bug(
    'a broken glass that is forgotten when its request ends',
    'src/core/request/request.ts',
    'filter(([name]) => !isStatusMember(name))',
    "filter(([name]) => !isStatusMember(name) && name !== 'glass')",
  ),
  bug(
    'who broke the glass reviews that',
    'src/core/request/glass.ts',
    'if (overlap(glass.accounts, facts.accounts))',
    'if (false)',
  ),
  { name: 'prompts that fire when a request is loaded', edits: [loads, knowsPrompts] },
  {
    name: 'prompts that fire when a request is loaded, before their time',
    edits: [
      loads,
      knowsPrompts,
      {
        file: prompts,
        find: "request.status === 'pending' && at >= next.at &&",
        replace: "request.status === 'pending' &&",
      },
    ],
  },
  bug(
    'prompts that do not wait for an answer',
    prompts,
    "request.status !== 'pending' || openQuestions(request).length > 0",
    "request.status !== 'pending'",
  ),
  bug(
    'a timer that overlooks prompts',
    'src/approvals/sweeping.ts',
    '{ pageOf: ({ ledger }, ...where) => ledger.promptsIn(...where), apply: applyPrompt },',
    '',
  ),
  bug(
    'a reminder that is given again with every sweep',
    prompts,
    'const since = reminded?.at ?? createdAt',
    'const since = createdAt',
  ),
  bug(
    'an escalation after which fewer people are enough',
    prompts,
    'return { groups: [...groups, ...later.groups].sort(), quorum }',
    'return { groups: [...groups, ...later.groups].sort(), quorum: 1 }',
  ),
  bug(
    'a question that moves no deadline',
    'src/core/request/conversation.ts',
    'return moved === expiresAt ? null : moved',
    'return null',
  ),
  bug('an answer by another side', 'src/core/request/conversation.ts', '  checkOfSide(request, input)\n', ''),
  bug(
    'a glass that is broken by anybody who knows of the request',
    'src/core/request/glass.ts',
    'if (!overlap(groups, facts.groups))',
    'if (false)',
  ),
  bug(
    'a missing review of which no event tells',
    'src/core/request/request.ts',
    'glass && !glass.review && !glass.unreviewed ? glass.reviewBy : null',
    'null',
  ),
  bug('notices that are sent again with every delivery', 'src/delivery/telling.ts', 'known.at !== undefined || ', ''),
]

const knowsOwnPart = {
  file: 'src/core/request/decision.ts',
  find: "import { checkStandIn } from './deputy.ts'",
  replace: "import { checkStandIn, ownPart } from './deputy.ts'",
}

/** Mistakes about members who are away. */
const deputyBugs: readonly Bug[] = [
  bug(
    'a deputy who votes for a member who is back',
    'src/approvals/delegations.ts',
    '|| (await this.#isRecalled(shardOfDeputy(row.deputy), row.event))',
    '',
  ),
  {
    name: 'a deputy whose time does not end',
    edits: [
      { file: 'src/core/request/deputy.ts', find: 'if (at >= standIn.until)', replace: 'if (false)' },
      { file: 'src/approvals/delegations.ts', find: 'known.until <= now || ', replace: '' },
    ],
  },
  {
    name: 'a deputy and the member who both vote',
    edits: [
      knowsOwnPart,
      {
        file: 'src/core/request/decision.ts',
        find: 'overlap(vote.facts.accounts, facts.accounts))',
        replace: 'overlap(ownPart(vote.facts).accounts, ownPart(facts).accounts))',
      },
    ],
  },
  {
    name: 'a deputy whose member is excluded',
    edits: [
      knowsOwnPart,
      {
        file: 'src/core/request/decision.ts',
        find: 'const isExcluded = overlap(requirement?.excluded ?? [], facts.accounts) || overlap(excluded, facts.accounts)',
        replace: 'const isExcluded = overlap(requirement?.excluded ?? [], ownPart(facts).accounts)',
      },
    ],
  },
]

/** Controls against the insider, each left out. */
const insiderBugs: readonly Bug[] = [
  bug(
    'a mac that is not checked',
    'src/runtime/macs.ts',
    "if (!(await this.isAuthentic(text, claimed))) throw evidenceBroken({ ...place, check: 'mac' })",
    '',
  ),
  {
    name: 'a row that is believed where a request changes',
    edits: [
      ['if (request !== given) await recollection.check(request)', ''],
      ['given && recollection.check(given),', 'undefined,'],
    ].map(([find = '', replace = '']) => ({ file: 'src/approvals/commit.ts', find, replace })),
  },
  {
    name: 'a row that is believed where a request is read',
    edits: [
      ['return believed(parts, await upToDate(parts, request))', 'return upToDate(parts, request)'],
      ['const request = await believed(parts, read)', 'const request = read'],
    ].map(([find = '', replace = '']) => ({ file: 'src/approvals/approvals.ts', find, replace })),
  },
  bug(
    'facts of a row that are not compared with its events',
    'src/core/record/retelling.ts',
    'if (!isSame(value, expected)) throw',
    'if (false) throw',
  ),
  bug(
    'an action that is not compared with its digest',
    'src/core/record/retelling.ts',
    'if (action !== null && actionDigest(action) !== told.digest) throw',
    'if (false) throw',
  ),
  bug(
    'words of a row that are not compared with its events',
    'src/core/record/retelling.ts',
    'if (said.get(`${seq} ${name}`) !== sha256(text)) throw',
    'if (false) throw',
  ),
  bug(
    'an older row that is believed by a process that knows more',
    'src/approvals/recollection.ts',
    'if (known && isBefore(request, known)) await this.#refuseOlder(request)',
    'if (known && isBefore(request, known)) return',
  ),
  bug(
    'a redemption that leaves no file',
    'src/approvals/approvals.ts',
    'next: await parts.ends.next(used)',
    "next: 'execute' as const",
  ),
  bug(
    'a file of another end that is not looked at',
    'src/approvals/ends.ts',
    "if (!isSameEnd(ended.end, ending)) throw this.#broken(ending, 'end')",
    '',
  ),
  bug(
    'a file of an end that anybody may have made',
    'src/approvals/ends.ts',
    '!(await macs.isAuthentic(authenticatedEnd(macs.origin, read.end), read.mac))',
    'false',
  ),
  bug(
    'a file of an end that a row asks for',
    'src/delivery/delivery.ts',
    'ends.leave(await believed(this.#parts, request))',
    'ends.leave(request)',
  ),
  bug(
    'a chain that may be shorter than it was seen',
    'src/evidence/witness.ts',
    "throw evidenceBroken({ shard, row: `head ${seq}, was ${seen.seq}`, check: 'head' })",
    'return',
  ),
  {
    name: 'a seal without the events that files name',
    edits: [
      { file: 'src/evidence/seal/witnesses.ts', find: 'await witnesses.#checkLater()', replace: '' },
      { file: 'src/evidence/chunk/collect.ts', find: 'await checkEnd(ledger, state, to)', replace: '' },
    ],
  },
]

/** A sample of both kinds, each of which a few runs find. */
export const quickBugs: readonly string[] = [
  'a commit that checks no ETag',
  'an answer before it is written',
  'self-approval',
  'a delivery that ends what changed meanwhile',
  'a mac that is not checked',
  'a row that is believed where a request is read',
  'facts of a row that are not compared with its events',
]

/** Each must be found within the default runs; else the simulation proves less than it says. */
export const bugs: readonly Bug[] = [...ordinaryBugs, ...talkBugs, ...deputyBugs, ...insiderBugs]
