/** A bug as somebody might make it: words of ours, and what stands there instead. */
export interface Bug {
  readonly name: string
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
}

const bug = (name: string, file: string, find: string, replace: string): Bug => ({
  name,
  edits: [{ file, find, replace }],
})

/** Each must be found within the default runs; else the simulation proves less than it says. */
export const bugs: readonly Bug[] = [
  {
    name: 'a commit that checks no ETag',
    edits: [
      {
        file: 'test/support/fakes/ledger.ts',
        find: 'if (read.head !== partition.head || (key && keys.has(key.hash))) throw new Conflict()',
        replace: '',
      },
      {
        file: 'test/support/fakes/ledger.ts',
        find: 'if (request && (requests.get(request.id)?.version ?? null) !== read.request) throw new Conflict()',
        replace: '',
      },
    ],
  },
  bug(
    'a commit in two steps: events, then the request',
    'trials/sim/ledger.ts',
    "call('ledger.commit', () => write(loaded, change), commits.again(parts, change))",
    `call('ledger.commit', () => write(loaded, { ...change, request: undefined }), commits.again(parts, change)).then(() =>
       call('ledger.second', async () => change.request && void (ledger.forge(change.request.id, change.request),
         change.request.policy.outcome === 'approve' && ledger.posts.set(change.request.id, change.request.events.length))))`,
  ),
  bug(
    'an answer before it is written',
    'src/approvals/commit.ts',
    'await parts.ledger.commit(loaded, { ...chained, request, ...more })',
    'void parts.ledger.commit(loaded, { ...chained, request, ...more }).catch(() => {})',
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
    'if (overlap([...requirement.excluded, ...excluded, agent.id, executor], facts.accounts))',
    'if (false)',
  ),
  bug(
    'a second vote of one person, with another account, that counts',
    'src/core/request/decision.ts',
    'standing.some((d) => d.approver !== input.approver && overlap(d.facts.accounts, input.facts.accounts))',
    'false',
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
    "pass: (request, at) => ended(request, 'lapsed', at)",
    "pass: (request, at) => ended(request, 'expired', at)",
  ),
  bug(
    'a delivery that forgets what was not sent',
    'src/delivery/delivery.ts',
    'if (next === null) return outbox.finish(claim)',
    'return outbox.finish(claim)',
  ),
  bug(
    'a delivery that ends what changed meanwhile',
    'test/support/fakes/outbox.ts',
    `if (!this.posts.has(request) || !this.isAt(request, version)) return false
    this.posts.delete(request)`,
    'this.posts.delete(request)',
  ),
  bug('a seal that fences nothing', 'src/evidence/seal/plan.ts', 'await ledger.fence(shard, end)', ''),
  bug(
    'a plan that is made anew',
    'src/evidence/seal/plan.ts',
    '(await parts.seals.plan(date)) ?? (await parts.seals.propose(await drawn(parts, date, head)))',
    'await drawn(parts, date, head)',
  ),
]
