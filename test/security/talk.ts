import type { Row } from './row.ts'

const conversation = 'test/core/request/conversation.test.ts'
const prompt = 'test/core/request/prompt.test.ts'
const glass = 'test/core/request/glass.test.ts'

/** Questions and answers, prompts, and one person who approves alone. */
export const talkRows: readonly Row[] = [
  {
    attack: 'An agent gets an approval first, and then says what it is really for',
    control:
      'An answer is content: votes from before it fill no slot, and a vote rests on a view, or a digest and content, as they are now',
    switches: [
      {
        name: 'answer-ends-votes',
        file: 'src/core/request/request.ts',
        find: "=> type === 'answered' || type === 'narrowed'",
        replace: "=> type === 'narrowed'",
        tests: {
          [conversation]: [
            'an answer › makes approvals from before it count no more, and their givers may vote again',
            'an answer › is content: the digest alone, and a view from before it, are no longer enough to vote',
          ],
        },
      },
      {
        name: 'content-beside-digest',
        file: 'src/core/request/decision.ts',
        find: 'if (seen.content === undefined && hasLaterContent(request))',
        replace: 'if (false)',
        tests: {
          [conversation]: [
            'an answer › is content: the digest alone, and a view from before it, are no longer enough to vote',
          ],
        },
      },
      {
        name: 'answer-warned-of',
        file: 'src/core/request/conversation.ts',
        find: 'warnings: [...new Set([...request.warnings, ...warnings])],',
        replace: '',
        tests: { [conversation]: ['an answer › adds its warnings to those of the request, and so to the view'] },
      },
    ],
  },
  {
    attack: 'Somebody answers for the agent who is not of its side; an approver answers their own question',
    control:
      'The agent that asked answers, or a person whom the request excludes from approving, as approvers.json says',
    switches: [
      {
        name: 'answer-of-side',
        file: 'src/core/request/conversation.ts',
        find: '  checkOfSide(request, input)\n',
        replace: '',
        tests: { [conversation]: ['an answer › %s is refused'] },
      },
      {
        name: 'answer-as-registered',
        file: 'src/approvals/talk.ts',
        find: 'if (step.events.length > 0) checkMayAnswer(parts.policy, request, by.kind)',
        replace: '',
        tests: { 'test/approvals/talk.test.ts': ['who answers is said in approvers.json: %s'] },
      },
      {
        name: 'answer-judged',
        file: 'src/verify/policyCheck.ts',
        find: "const flaw = flawInAnswer(roster, request, facts ? 'person' : 'agent')",
        replace: 'const flaw = null',
        tests: { 'test/evidence/policyLies.test.ts': ['a history made anew with %s is against policy'] },
      },
    ],
  },
  {
    attack: 'A question poses as an instruction to the model, as output of the terminal, or hides what it says',
    control:
      'Models get a question quoted, with hidden characters named, and are told that it is data; a terminal gets it behind bars',
    switches: [
      {
        name: 'question-quoted',
        file: 'src/client/question.ts',
        find: 'JSON.stringify(visible(text))',
        replace: 'text',
        tests: {
          'test/client/question.test.ts': [
            'a question that the agent answers › comes to a model as quoted data, with nothing hidden in it',
          ],
          'test/mcp/question.test.ts': [
            'a question about a call that waits › comes to the model at once, as quoted data, and the call goes on after its answer',
          ],
        },
      },
      {
        name: 'vote-sees-answers',
        file: 'src/cli/print.ts',
        find: '[...describeAction(answer), ...describeTalk(answer)]',
        replace: '[...describeAction(answer)]',
        tests: { 'test/cli/talk.test.ts': ['what is shown of a talk › has the answer before a vote on it'] },
      },
    ],
  },
  {
    attack: 'Questions keep a request open for ever, hold back its reminders, or flood the side that asks',
    control:
      'Policy says how far a question moves the deadline; nothing is asked where nobody answers; one open question for each approver, with whatever account, and five in all',
    switches: [
      {
        name: 'question-limit',
        file: 'src/core/request/conversation.ts',
        find: 'if (questions.length >= bounds.questions)',
        replace: 'if (false)',
        tests: { [conversation]: ['a question › is one for each approver until it is answered, and five in all'] },
      },
      {
        name: 'question-of-a-person',
        file: 'src/core/request/conversation.ts',
        find: 'accounts.includes(by))',
        replace: 'accounts.length === 1 && accounts.includes(by))',
        tests: { 'test/approvals/talk.test.ts': ['a question is offered while it would be taken'] },
      },
      {
        name: 'question-answerable',
        file: 'src/approvals/talk.ts',
        find: 'if (step.events.length > 0 && !isAnswerable(parts.policy, request))',
        replace: 'if (false)',
        tests: {
          'test/approvals/talk.test.ts': ['where nobody answers, nothing is asked, since people would wait in vain'],
        },
      },
      {
        name: 'question-deadline',
        file: 'src/core/request/conversation.ts',
        find: 'earlier(answer.latest, plusSeconds(at, answer.within))',
        replace: 'plusSeconds(at, answer.within)',
        tests: { [conversation]: ['a question › moves the deadline as far as policy lets it, and never back'] },
      },
    ],
  },
  {
    attack: 'An escalation counts votes of people who have left since, or lets in whom policy did not name',
    control:
      'What an escalation completes is looked at again, as a vote that completes is; the groups are those of the ask',
    switches: [
      {
        name: 'escalation-looks-again',
        file: 'src/core/request/prompt.ts',
        find: 'const votes = escalationCompletes(request, at) ? countedVotes(request) : []',
        replace: 'const votes: ReturnType<typeof countedVotes> = []',
        tests: {
          [prompt]: ['an escalation › approves if the votes suffice by then, and looks at all of them again'],
        },
      },
      {
        name: 'prompt-in-time',
        file: 'src/core/request/prompt.ts',
        find: "return next !== null && request.status === 'pending' && at >= next.at &&",
        replace: "return next !== null && request.status === 'pending' &&",
        tests: { [prompt]: ['a reminder › is due after the ask and before the deadline, each once'] },
      },
    ],
  },
  {
    attack: 'Somebody approves alone who may not, or reviews that themselves',
    control:
      'Policy names the groups; who may not approve may not break the glass; another person reviews it, or its absence is in the log',
    switches: [
      {
        name: 'glass-group',
        file: 'src/core/request/glass.ts',
        find: '  if (!overlap(groups, facts.groups))\n',
        replace: '  if (false)\n',
        tests: { [glass]: ['a broken glass › %s is refused'] },
      },
      {
        name: 'glass-excluded',
        file: 'src/core/request/glass.ts',
        find: "  checkPerson(request, facts, { verdict: 'approve', excluded })\n",
        replace: '',
        tests: { [glass]: ['a broken glass › %s is refused'] },
      },
      {
        name: 'glass-door',
        file: 'src/core/request/glass.ts',
        find: '  checkDoor(request, seen.via)\n',
        replace: '',
        tests: {
          [glass]: ['a broken glass › is refused where policy names nobody, and through a door that may not approve'],
        },
      },
      {
        name: 'glass-typed',
        file: 'src/core/request/glass.ts',
        find: '  checkConfirmed(request, input.confirm)\n',
        replace: '',
        tests: { [glass]: ['a broken glass › %s is refused'] },
      },
      {
        name: 'glass-reviewed-by-another',
        file: 'src/core/request/glass.ts',
        find: '  if (overlap(glass.accounts, facts.accounts))\n',
        replace: '  if (false)\n',
        tests: { [glass]: ['the review of a broken glass › %s is refused'] },
      },
      {
        name: 'glass-unreviewed',
        file: 'src/core/request/request.ts',
        find: 'glass && !glass.review && !glass.unreviewed ? glass.reviewBy : null',
        replace: 'null',
        tests: {
          [glass]: ['the review of a broken glass › that nobody gives in time is an event, once, and may still follow'],
        },
      },
      {
        name: 'glass-limit',
        file: 'src/approvals/emergency.ts',
        find: 'if (requests.length >= bounds.unreviewed)',
        replace: 'if (false)',
        tests: {
          'test/approvals/emergency.test.ts': ['who broke five glasses that nobody reviewed breaks no more'],
        },
      },
      {
        name: 'glass-before-erasure',
        file: 'src/core/request/erasure.ts',
        find: "  if (awaitsReview(request)) throw new Problem('still-open', 'The glass was broken for it: have that reviewed first.')\n",
        replace: '',
        tests: { [glass]: ['the review of a broken glass › comes before texts of the request are erased'] },
      },
    ],
  },
]
