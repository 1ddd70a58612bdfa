import type { Row } from './row.ts'

const decision = 'test/core/request/decision.test.ts'
const not = 'people who may decide › do not include %s'
const frozen = 'test/approvals/frozenFacts.test.ts'
const voided = 'test/core/record/voteVoid.test.ts'
const asking = 'test/approvals/ask.test.ts'
const byWord = 'an agent that keeps people from approving by its own word'
const bot = 'test/teams/bot.test.ts'
const drawn = 'test/cards/cards.test.ts'
const follow = 'test/cli/follow.test.ts'
const separation = {
  'test/approvals/separation.test.ts': [
    'no sequence of calls leads to a forbidden vote, or to an approval without distinct eligible people',
  ],
}

/** Those who may call and may not decide. */
export const approverRows: readonly Row[] = [
  {
    attack:
      'Self-approval: by the agent, its owner or sponsor, the person it acts for, a second account, or twice for two groups',
    control:
      'One check inside the one `decide`, on recorded facts; accounts joined into people; slots filled by distinct people',
    switches: [
      {
        name: 'self-approval',
        file: 'src/core/request/decision.ts',
        find: "if (verdict === 'approve' && isExcluded)",
        replace: 'if (false)',
        tests: { [decision]: ['people who may decide › may deny what they may not approve: %s'], ...separation },
      },
      {
        name: 'agents-account',
        file: 'src/core/request/decision.ts',
        find: 'if (overlap([agent.id, executor], facts.accounts))',
        replace: 'if (false)',
        tests: { [decision]: [not, 'people who may decide › do not include the executor'] },
      },
      {
        name: 'second-account',
        file: 'src/core/request/decision.ts',
        find: 'const taken = others.find((vote) => overlap(vote.facts.accounts, facts.accounts))',
        replace: 'const taken = others.find(() => false)',
        tests: {
          [decision]: [
            'people who may decide › do not vote again with a second account',
            'people who may decide › do not vote again with a second account that only the first vote names',
          ],
        },
      },
      {
        name: 'distinct-people',
        file: 'src/core/request/requirement.ts',
        find: '  for (const person of people) seat(person, new Set())\n',
        replace: '  for (const person of people) for (const _ of places) seat(person, new Set())\n',
        tests: {
          'test/core/request/requirement.test.ts': [
            'no slot is overfilled, and there are never more places filled than people',
          ],
          ...separation,
        },
      },
      {
        name: 'excluded-people',
        file: 'src/core/policy/people.ts',
        find: 'const named = agents.flatMap(({ owners, sponsors }) => [...owners, ...sponsors])',
        replace: 'const named = [...(agents[0]?.owners ?? [])]',
        tests: {
          'test/approvals/approvals.test.ts': [
            'people who may decide › include neither the principal nor the owner of the executor',
          ],
          ...separation,
        },
      },
      {
        name: 'excluded-principal',
        file: 'src/core/policy/people.ts',
        find: 'if (onBehalfOf !== undefined) named.push(onBehalfOf)',
        replace: '',
        tests: {
          'test/approvals/approvals.test.ts': [
            'people who may decide › include neither the principal nor the owner of the executor',
          ],
          ...separation,
        },
      },
      {
        name: 'joined-accounts',
        file: 'src/core/policy/people.ts',
        find: 'return (id) => sorted.get(id) ?? [id]',
        replace: 'return (id) => [id]',
        tests: { 'test/policy/approvers.test.ts': ['accounts of one person › %s'], ...separation },
      },
      {
        name: 'agent-is-nobody',
        file: 'src/approvals/eligibility.ts',
        find: '  if (!person) return null\n  const { name, member, enabled, asOf } = person\n',
        replace:
          "  const { name, member, enabled, asOf } = person ?? { name: id, member: true, enabled: true, asOf: '' }\n",
        tests: {
          'test/approvals/approvals.test.ts': [
            'people who may decide › include no agent, even if the roster lists it as a member',
          ],
        },
      },
    ],
  },
  {
    attack:
      'The agent picks its judge: it says that it acts for a person, or names an executor, so that this person neither approves nor stops it',
    control:
      'An exclusion forbids approving alone; a registration says whom the agent may act for, and by default it acts for nobody; who is excluded by the agent’s own word is shown and recorded; a rule may ask for a replacement (`@independent`)',
    switches: [
      {
        name: 'excluded-may-deny',
        file: 'src/core/request/decision.ts',
        find: "if (verdict === 'approve' && isExcluded)",
        replace: 'if (isExcluded)',
        tests: { [decision]: ['people who may decide › may deny what they may not approve: %s'], ...separation },
      },
      {
        name: 'excluded-may-revoke',
        file: 'src/core/request/withdrawal.ts',
        find: "checkMayDecide(request, facts, { verdict: 'deny' })",
        replace: "checkMayDecide(request, facts, { verdict: 'approve' })",
        tests: { 'test/core/request/withdrawal.test.ts': ['revoke › is for %s, who may not approve'] },
      },
      {
        name: 'excluded-may-look',
        file: 'src/approvals/approvals.ts',
        find: "const refusal = problemIn(() => checkMayDecide(request, facts, { verdict: 'deny' }))",
        replace:
          "const refusal = problemIn(() => checkMayDecide(request, facts, { verdict: 'approve', excluded: request.requirement?.excluded ?? [] }))",
        tests: {
          'test/approvals/approvals.test.ts': [
            'people who may decide › see the request and may deny it on their view, where they may not approve it',
          ],
          'test/teams/bot.test.ts': [
            'a person who may not approve › sees the request with what they may do, and why they may not approve: %s',
          ],
        },
      },
      {
        name: 'excluded-told-why',
        file: 'src/cards/cardData.ts',
        find: 'excludedBy !== undefined && isOpen(request) ? [bot.excluded[excludedBy]] : []',
        replace: '[]',
        tests: {
          'test/cards/cards.test.ts': [
            "the approver's view › says why there is nothing to approve for an excluded person: %s",
          ],
        },
      },
      {
        name: 'listed-for-principal',
        file: 'src/approvals/inbox.ts',
        find: ' || request.requirement.excludedByAgent?.includes(who) === true)',
        replace: ')',
        tests: {
          'test/teams/bot.test.ts': [
            'the command pending › lists what the agent asks for somebody, for them too, so that it cannot be hidden from them',
          ],
          'test/slack/door.test.ts': ['words › "pending" lists what the agent says that it asks for this person'],
        },
      },
      {
        name: 'principal-member',
        file: 'src/approvals/ask.ts',
        find: 'if (id !== undefined && !(await isMember(directory, id)))',
        replace: 'if (id !== undefined && !(await directory.person(id)))',
        tests: { [asking]: ['asking › is refused with %s, and nothing is written'] },
      },
      {
        name: 'principal-listed',
        file: 'src/approvals/ask.ts',
        find: 'if (principals && !principals.includes(id))',
        replace: 'if (false)',
        tests: { [asking]: ['asking › is refused with %s, and nothing is written'] },
      },
      {
        name: 'principal-refused',
        file: 'src/policy/approvers.ts',
        find: ".default('refused')",
        replace: ".default('optional')",
        tests: { 'test/policy/approvers.test.ts': ['omitted members have defaults'] },
      },
      {
        name: 'own-word',
        file: 'src/core/policy/people.ts',
        find: 'return excluded.filter((id) => !listed.includes(id))',
        replace: 'return []',
        tests: { [asking]: [`${byWord} › is shown to those who decide, and recorded: %s`] },
      },
      {
        name: 'own-word-warned',
        file: 'src/approvals/ask.ts',
        find: "length > 0 ? ['approver-excluded'] : []",
        replace: 'length > 0 ? [] : []',
        tests: { [asking]: [`${byWord} › is shown to those who decide, and recorded: %s`] },
      },
      {
        name: 'own-word-shown',
        file: 'src/cards/factRows.ts',
        find: "...(byAgent.length === 0 ? [] : [ids('excludedByAgent', byAgent.join(', '))]),",
        replace: '',
        tests: {
          'test/cards/cards.test.ts': ['cards name the accounts that only the agent’s own word keeps from approving'],
        },
      },
      {
        name: 'own-word-replayed',
        file: 'src/core/record/replayedRequest.ts',
        find: 'if (excludedByAgent && onBehalfOf === undefined && executor === actor.id)',
        replace: 'if (false)',
        tests: { 'test/core/record/forgery.test.ts': ['a forged history is refused › %s'] },
      },
      {
        name: 'independent',
        file: 'src/approvals/ask.ts',
        find: 'find(({ quorum, left }) => left <= quorum)',
        replace: 'find(({ quorum, left }) => left < quorum)',
        tests: { [asking]: [`${byWord} › is refused where a rule wants a replacement and there is none: %s`] },
      },
      {
        name: 'independent-merged',
        file: 'src/core/policy/annotations.ts',
        find: '...(independent.length > 0 && { independent }),',
        replace: '',
        tests: {
          'test/policy/judge.test.ts': [
            'several matches merge to the strictest › what one rule wants to be independent, with the larger quorum',
          ],
        },
      },
    ],
  },
  {
    attack: 'An empty, missing or unknown group means “anyone”',
    control: 'Deny; who could not be approved by anybody is not asked for (`no-eligible-approver`)',
    switches: [
      {
        name: 'in-no-group',
        file: 'src/core/request/decision.ts',
        find: '!request.requirement?.slots.some((slot) => overlap(slot.groups, facts.groups))',
        replace:
          '!request.requirement?.slots.every((slot) => slot.groups.every((group) => facts.groups.includes(group)))',
        tests: {
          [decision]: [
            'people who may decide › do not include anyone if no group is required',
            'people who may decide › do not include anyone if the required group is empty text or unknown',
          ],
        },
      },
      {
        name: 'nobody-eligible',
        file: 'src/approvals/ask.ts',
        find: 'if (shortage !== null)',
        replace: 'if (false)',
        tests: { 'test/approvals/ask.test.ts': ['asking › is refused if the request could not be approved: %s'] },
      },
      {
        name: 'told-nobody',
        file: 'src/delivery/delivery.ts',
        find: 'own.every(isLost)',
        replace: 'own.length > 0 && own.every(isLost)',
        tests: {
          'test/delivery/delivery.test.ts': [
            'the state of a delivery › is never ok while a group that decides has no channel',
          ],
        },
      },
      {
        name: 'told-untried',
        file: 'src/delivery/delivery.ts',
        find: "return mayCome ? 'pending' : untold",
        replace: "return mayCome ? 'ok' : untold",
        tests: {
          'test/delivery/delivery.test.ts': ['the state of a delivery › is told by the rows of another process, too'],
        },
      },
      {
        name: 'directory-down',
        file: 'src/azure/directory.ts',
        find: "      throw new Problem('unavailable', 'The directory of people cannot be asked.', { cause, retryAfter: 5 })",
        replace: '      return null as T',
        tests: {
          'test/azure/directory.test.ts': [
            'no person is found while the directory %s, and afterwards they are',
            'no person is found without a directory, or without a token for it',
          ],
        },
      },
      {
        name: 'unreadable-group',
        file: 'src/approvals/eligibility.ts',
        find: 'return group && (await isIn(directory, group, id)) ? [name] : []',
        replace: 'return group && (await isIn(directory, group, id).catch(() => false)) ? [name] : []',
        tests: {
          'test/approvals/approvals.test.ts': [
            'a group that cannot be read › blocks a request that requires it',
            'a group that cannot be read › fails a list that needs it, instead of leaving requests out',
          ],
        },
      },
      {
        name: 'directory-elsewhere',
        file: 'src/azure/directory.ts',
        find: "if (new URL(address).origin !== origin) throw new Error('The directory named a page that is not its own.')",
        replace: '',
        tests: { 'test/azure/directory.test.ts': ['a link to the next page elsewhere is not followed'] },
      },
      {
        name: 'directory-people-alone',
        file: 'src/azure/directory.ts',
        find: "if (type === '#microsoft.graph.user') ",
        replace: '',
        tests: { 'test/azure/directory.test.ts': ['only people count as members of a group'] },
      },
    ],
  },
  {
    attack: 'A guest, a disabled account, or somebody who left the group decides',
    control:
      'Asked of the directory at the time of the decision, at most a minute old; whatever it does not say counts as no',
    switches: [
      {
        name: 'guest',
        file: 'src/core/request/decision.ts',
        find: 'if (!facts.member)',
        replace: 'if (false)',
        tests: { [decision]: [not] },
      },
      {
        name: 'disabled',
        file: 'src/core/request/decision.ts',
        find: 'if (!facts.enabled) throw',
        replace: 'if (false) throw',
        tests: { [decision]: [not] },
      },
      {
        name: 'directory-guest',
        file: 'src/azure/directory.ts',
        find: "member: user.userType === 'Member'",
        replace: "member: user.userType !== 'Guest'",
        tests: { 'test/azure/directory.test.ts': ['a person who is %s'] },
      },
      {
        name: 'directory-disabled',
        file: 'src/azure/directory.ts',
        find: 'enabled: user.accountEnabled === true',
        replace: 'enabled: user.accountEnabled !== false',
        tests: { 'test/azure/directory.test.ts': ['a person who is %s'] },
      },
      {
        name: 'directory-age',
        file: 'src/azure/directory.ts',
        find: ' && near(earlier.asOf, now))',
        replace: ')',
        tests: { 'test/azure/directory.test.ts': ['after the clock was set by %i s the answer is not used'] },
      },
      {
        name: 'guests-read-nothing',
        file: 'src/approvals/involvement.ts',
        find: '=> member && enabled',
        replace: '=> true',
        tests: {
          'test/approvals/approvals.test.ts': [
            not,
            'people who may decide › get from every call the same answer as for an unknown request: %s',
            'readers of a request › are no others, and those get the answer for an unknown request',
          ],
        },
      },
    ],
  },
  {
    attack:
      'Who voted has left, is disabled, owns the agent, or turns out to have voted twice, by the time the last vote comes',
    control:
      'The vote that completes asks the directory and the policy again about everyone it would count; votes that hold no longer are recorded as void, and bundles are checked for it',
    switches: [
      {
        name: 'looked-again',
        file: 'src/core/request/voteVoid.ts',
        find: 'for (const vote of others ? votes : [])',
        replace: 'for (const vote of others ? [] : [])',
        tests: {
          [frozen]: ['the vote that completes a request voids an earlier vote › %s'],
          [voided]: [
            'the vote that completes a request checks the earlier ones again › and voids that of a person who %s',
          ],
        },
      },
      {
        name: 'looked-at-all',
        file: 'src/approvals/approvals.ts',
        find: 'if (!isChecked) return unchanged(request, at)',
        replace: '',
        tests: { [frozen]: ['a vote that was cast in the meantime is checked, too'] },
      },
      {
        name: 'left-group',
        file: 'src/core/request/voteVoid.ts',
        find: '!facts.member || vote.facts.groups.some((group) => !facts.groups.includes(group))',
        replace: '!facts.member',
        tests: { [frozen]: ['the vote that completes a request voids an earlier vote › %s'] },
      },
      {
        name: 'excluded-by-now',
        file: 'src/approvals/eligibility.ts',
        find: 'return [...(requirement?.excluded ?? []), ...excludedFrom(policy, agents, onBehalfOf)]',
        replace: 'return requirement?.excluded ?? []',
        tests: {
          [frozen]: [
            'the vote that completes a request voids an earlier vote › %s',
            'a person who became an owner of the agent after it asked cannot vote',
          ],
        },
      },
      {
        name: 'joined-accounts-count-once',
        file: 'src/core/request/voteVoid.ts',
        find: "isDuplicate(request, vote, facts) ? 'duplicate' : null",
        replace: 'null',
        tests: {
          [frozen]: [
            'two accounts that policy joins into one person after both voted › count once: the later vote is void',
          ],
          [voided]: [
            'the vote that completes a request checks the earlier ones again › and counts the earlier of two votes that are now known to be of one person',
          ],
        },
      },
      {
        name: 'void-duplicate',
        file: 'src/core/request/voteVoid.ts',
        find: "(why === 'duplicate' && isDuplicate(request, vote, facts))",
        replace: "why === 'duplicate'",
        tests: { [voided]: ['a forged history is refused › a vote is not void as a second one %s'] },
      },
      {
        name: 'void-completes',
        file: 'src/core/record/replayedRequest.ts',
        find: "&& event.data.verdict === 'approve' && completes(unvoided, event.data.facts)",
        replace: '',
        tests: { [voided]: ['a forged history is refused › a vote is not void for one that would not complete'] },
      },
      {
        name: 'void-followed',
        file: 'src/core/record/replay.ts',
        find: 'if (unvoided && newest)',
        replace: 'if (false)',
        tests: { [voided]: ['a forged history is refused › %s'] },
      },
      {
        name: 'void-reason',
        file: 'src/core/request/voteVoid.ts',
        find: 'if (!isReason(why, request, decision, facts))',
        replace: 'if (false)',
        tests: { [voided]: ['a forged history is refused › %s'] },
      },
    ],
  },
  {
    attack: 'Approving through a door in which people look less closely',
    control:
      'A rule names the doors that may approve (`@via`); they are in the event, and the core and the replay check them',
    switches: [
      {
        name: 'door-of-approval',
        file: 'src/core/request/decision.ts',
        find: 'if (doors) throw new Problem',
        replace: 'if (false) throw new Problem',
        tests: {
          [decision]: [
            'doors › an approval through a door that policy does not name is refused, with those that it names',
          ],
          'test/core/record/forgery.test.ts': ['a forged history is refused › approved %s'],
        },
      },
      {
        name: 'doors-exist',
        file: 'src/http/clients.ts',
        find: 'const name = via.find((door) => !known.includes(door))',
        replace: 'const name = via.find(() => false)',
        tests: { 'test/http/clients.test.ts': ['a rule with a door that does not exist stops the start by name'] },
      },
      {
        name: 'doors-in-common',
        file: 'src/core/policy/annotations.ts',
        find: 'first.filter((name) => doors.every((via) => via.includes(name)))',
        replace: 'doors.flat()',
        tests: {
          'test/policy/judge.test.ts': [
            'several matches merge to the strictest › the doors that every rule allows, and none if they have none in common',
          ],
        },
      },
      {
        name: 'no-door',
        file: 'src/approvals/ask.ts',
        find: 'if (via?.length === 0)',
        replace: 'if (false)',
        tests: { 'test/approvals/ask.test.ts': ['asking › is refused if the rules that match have no door in common'] },
      },
    ],
  },
  {
    attack: 'A vote on what its person was never shown',
    control:
      'A vote rests on a view that was recorded as shown; one on the digest alone is an exception in the evidence',
    switches: [
      {
        name: 'unseen',
        file: 'src/core/record/eventTable.ts',
        find: '(view === undefined ? verdict : null)',
        replace: 'null',
        tests: {
          'test/core/record/tables.test.ts': [
            'a vote without a view is unseen, even if the person was shown one, and never hasty',
          ],
        },
      },
      {
        name: 'shown-before-sent',
        file: 'src/approvals/approvals.ts',
        find: 'return show(request, { approver, template, page, pages })',
        replace: 'return unchanged(request, at)',
        tests: {
          'test/http/views.test.ts': [
            'a view over HTTP › is the card that Teams would get, with what the vote names, and recorded before the answer',
          ],
        },
      },
      {
        name: 'strangers-see-nothing',
        file: 'src/http/views.ts',
        find: 'if (stranger) throw noSuchRequest()',
        replace: '',
        tests: {
          'test/http/views.test.ts': [
            'a view over HTTP › of a stranger, an auditor or an unknown request is not found, and records nothing',
          ],
        },
      },
      {
        name: 'view-in-vote',
        file: 'src/http/requests.ts',
        find: 'if (view !== undefined) return { view }',
        replace: 'if (view !== undefined) return { digest: view }',
        tests: {
          'test/http/views.test.ts': [
            'a vote over HTTP on a view › counts, and its event has the view, the application and its door',
          ],
        },
      },
      {
        name: 'warnings-for-people',
        file: 'src/http/body.ts',
        find: "...(more.to.kind === 'person' && { warnings: warnings(request) }),",
        replace: '',
        tests: {
          'test/http/views.test.ts': [
            'what approvers are warned of › is in every answer about a request to a person, in words, and in none to an agent',
          ],
        },
      },
      {
        name: 'command-shows-all-pages',
        file: 'src/cli/decide.ts',
        find: 'page <= first.pages',
        replace: 'page <= 1',
        tests: {
          [follow]: [
            'a decision › has every page shown before',
            'a decision › is not made on pages of different requests or views',
          ],
        },
      },
      {
        name: 'command-asks',
        file: 'src/cli/decide.ts',
        find: "if (options.one('yes') !== undefined) return given",
        replace: 'return given',
        tests: { [follow]: ['a decision › is asked for on a terminal, and anything but yes makes none'] },
      },
      {
        name: 'command-needs-a-person',
        file: 'src/cli/decide.ts',
        find: "if (options.one('yes') === undefined && !hasPerson())",
        replace: 'if (false)',
        tests: {
          [follow]: ['a decision › without a terminal needs --yes, and otherwise nothing is recorded as shown'],
        },
      },
      {
        name: 'command-compares-digests',
        file: 'src/cli/decide.ts',
        find: 'if (computed !== digest)',
        replace: 'if (false)',
        tests: { [follow]: ['a decision › is not made on a request with %s'] },
      },
      {
        name: 'params-behind-bars',
        file: 'src/cli/layout.ts',
        find: "const next = `${' '.repeat(head.length)}${mark}`",
        replace: "const next = ''",
        tests: {
          'test/cli/layout.test.ts': [
            'a text in params that is padded with %s does not look like a member, at any width',
          ],
        },
      },
    ],
  },
  {
    attack:
      'A channel shows more than its members should see: by a command typed there, or by a card that lies elsewhere',
    control:
      'In a conversation of many the bot shows the requests of that channel alone; `@private` keeps params, reason and title for Review; a card is adopted only in its own channel',
    switches: [
      {
        name: 'show-in-its-channel',
        file: 'src/teams/inbound/bot.ts',
        find: 'if (!isFor(request)) throw noSuchRequest()',
        replace: '',
        tests: {
          [bot]: [
            'in a channel, where others read the answer, › show says of every other request the same, whether it exists or not',
          ],
        },
      },
      {
        name: 'pending-in-its-channel',
        file: 'src/teams/inbound/bot.ts',
        find: 'isFor(request) && (waitsFor',
        replace: '(waitsFor',
        tests: {
          [bot]: [
            'in a channel, where others read the answer, › pending lists the requests of the channel alone, and points to the personal chat',
          ],
        },
      },
      {
        name: 'personal-chat',
        file: 'src/teams/inbound/activity.ts',
        find: "if (isGroup === true || id.startsWith('19:')) return false",
        replace: '',
        tests: { 'test/teams/activity.test.ts': ['a conversation is personal › not %s'] },
      },
      {
        name: 'private-card',
        file: 'src/cards/cardData.ts',
        find: '...(isPrivate(request) ? withheldFace(request, manner) : fullFace(request, manner)),',
        replace: '...fullFace(request, manner),',
        tests: {
          [drawn]: [
            'a request that policy keeps private › has on cards in channels its verb, tier and target, a way to Review, and nothing else of the action',
          ],
        },
      },
      {
        name: 'private-head',
        file: 'src/cards/cardData.ts',
        find: 'title: isPrivate ? plainTitle(request, words) : title(request, manner),',
        replace: 'title: title(request, manner),',
        tests: {
          [drawn]: [
            'a request that policy keeps private › has on cards in channels its verb, tier and target, a way to Review, and nothing else of the action',
          ],
        },
      },
      {
        name: 'private-if-one-rule-is',
        file: 'src/core/policy/annotations.ts',
        find: '...(terms.some((term) => term.private) && { private: true }),',
        replace: '...(terms.every((term) => term.private) && { private: true }),',
        tests: { 'test/policy/judge.test.ts': ['several matches merge to the strictest › private if one rule is'] },
      },
      {
        name: 'adopted-in-its-channel',
        file: 'src/delivery/delivery.ts',
        find: 'if (this.#channelOf(card) !== channel) return',
        replace: '',
        tests: {
          'test/delivery/delivery.test.ts': [
            'an unknown card › is not adopted if it does not lie in the channel that the click names',
          ],
        },
      },
    ],
  },
]
