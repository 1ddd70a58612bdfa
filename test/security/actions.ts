import type { Row } from './row.ts'

const shown = 'test/core/action/shown.test.ts'
const activity = 'test/teams/activity.test.ts'
const grant = 'test/core/request/grant.test.ts'
const redemption = 'test/core/request/redemption.test.ts'
const run = 'test/cli/run.test.ts'
const binding = 'test/cli/binding.test.ts'
const bot = 'test/teams/bot.test.ts'

/** What is approved, and how it is shown. */
export const actionRows: readonly Row[] = [
  {
    attack: 'The action is changed after its approval, or gets defaults later',
    control:
      'One canonical form and its digest everywhere: in the vote, the grant and the redemption; the command computes it anew',
    switches: [
      {
        name: 'digest-of-all',
        file: 'src/core/action/canonicalAction.ts',
        find: 'canonical({ action, environment, params, target,',
        replace: 'canonical({ action, environment, params: Object.keys(params), target,',
        tests: { 'test/core/action/action.test.ts': ['whatever is changed in an action changes its digest'] },
      },
      {
        name: 'digest-in-vote',
        file: 'src/core/request/decision.ts',
        find: '    if (seen.digest !== request.digest) throw',
        replace: '    if (false) throw',
        tests: { 'test/core/request/decision.test.ts': ['the subject of a vote › over the API is the digest'] },
      },
      {
        name: 'digest-in-grant',
        file: 'src/core/request/grant.ts',
        find: "if (digest !== request.digest || !isObject(first) || first['digest'] !== digest)",
        replace: 'if (!isObject(first))',
        tests: { [grant]: ['a grant is checked › and refused for %s'] },
      },
      {
        name: 'digest-in-redemption',
        file: 'src/core/request/redemption.ts',
        find: 'if (digest !== request.digest) throw',
        replace: 'if (false) throw',
        tests: { [redemption]: ['redeem › refuses %s'] },
      },
    ],
  },
  {
    attack: 'The program, its script or an argument is another one when it runs than when it was approved',
    control:
      '`countersign run` binds contents by SHA-256, compares them before the redeem and before the start, and lists what is not bound; arguments that cannot be shown as they are given are refused',
    switches: [
      {
        name: 'run-compared-before-redeem',
        file: 'src/cli/run.ts',
        find: 'const change = changeOf(command)\n    if (change !== null) throw',
        replace: 'const change = changeOf(command)\n    if (change !== null && Number.isNaN(0)) throw',
        tests: {
          [run]: ['what runs is what was approved › %s is compared before the redeem, and the request withdrawn'],
        },
      },
      {
        name: 'run-compared-before-start',
        file: 'src/cli/run.ts',
        find: 'change === null\n      ? await execute',
        replace: 'true\n      ? await execute',
        tests: {
          [run]: ['what runs is what was approved › a change during the redeem stops the start, and is reported'],
        },
      },
      {
        name: 'run-compared-by-digest',
        file: 'src/cli/binding.ts',
        find: 'if (now?.sha256 !== sha256 || now.size !== size)',
        replace: 'if (now?.size !== size)',
        tests: { [binding]: ['a change of contents, of kind and of place is found'] },
      },
      {
        name: 'run-binds-scripts',
        file: 'src/cli/binding.ts',
        find: 'else if (this.#bind(found, file))',
        replace: 'else',
        tests: { [binding]: ['of `%s` the script is bound'] },
      },
      {
        name: 'run-binds-interpreters',
        file: 'src/cli/binding.ts',
        find: 'if (first !== null) {',
        replace: 'if (first?.name === null) {',
        tests: { [binding]: ['the interpreter in the first line of an executable is bound: %s'] },
      },
      {
        name: 'run-binds-named-files',
        file: 'src/cli/binding.ts',
        find: 'for (const file of named) bound.require',
        replace: 'for (const file of named.slice(0, 0)) bound.require',
        tests: {
          [binding]: ['files that the agent names are bound, and then are not listed'],
          [run]: ['what runs is what was approved › %s is compared before the redeem, and the request withdrawn'],
        },
      },
      {
        name: 'run-lists-the-rest',
        file: 'src/cli/binding.ts',
        find: 'for (const words of unbound) this.unbound.add(words)',
        replace: '',
        tests: { [binding]: ['of `%s` the request says what is not bound'] },
      },
      {
        name: 'arguments-utf-8',
        file: 'src/cli/main.ts',
        find: '    checkText(args)\n',
        replace: '',
        tests: { [run]: ['what runs is what was approved › arguments that are no UTF-8 are refused before the ask'] },
      },
      {
        name: 'params-as-typed',
        file: 'src/cli/params.ts',
        find: 'String(value) === text && isValid',
        replace: 'isValid',
        tests: { 'test/cli/request.test.ts': ['%j is not changed in silence: the refusal names --text'] },
      },
    ],
  },
  {
    attack: 'A name in the params hides a character, passes for another name, or for what `countersign run` will run',
    control:
      'Keys have only characters that a reader sees, and none looks like its neighbour; what a run binds has one form, under a key that nothing else may have',
    switches: [
      {
        name: 'keys-hidden',
        file: 'src/core/action/key.ts',
        find: 'if (shown !== key)',
        replace: 'if (false)',
        tests: { 'test/core/action/action.test.ts': ['params may not have %s'] },
      },
      {
        name: 'keys-scripts',
        file: 'src/core/action/key.ts',
        find: 'latin.test(one) && lookalike.test(one)',
        replace: 'false',
        tests: { 'test/core/action/action.test.ts': ['params may not have %s'] },
      },
      {
        name: 'keys-twins',
        file: 'src/core/action/action.ts',
        find: 'if (twin !== undefined)',
        replace: 'if (false)',
        tests: { 'test/core/action/action.test.ts': ['params may not have %s'] },
      },
      {
        name: 'keys-kept',
        file: 'src/core/action/action.ts',
        find: 'if (key !== runKey)',
        replace: 'if (false)',
        tests: { 'test/core/action/action.test.ts': ['params may not have %s'] },
      },
      {
        name: 'run-form',
        file: 'src/core/action/action.ts',
        find: 'if (flaw !== null)\n      refuse(\n        [here',
        replace: 'if (false)\n      refuse(\n        [here',
        tests: { 'test/core/action/action.test.ts': ['params may not have %s'] },
      },
      {
        name: 'digest-form',
        file: 'src/core/action/digestForm.ts',
        find: 'Object.keys(value).some((key) => !members.includes(key))',
        replace: 'false',
        tests: { 'test/core/action/presentation.test.ts': ['nothing else is shown as if it were a digest: %s'] },
      },
    ],
  },
  {
    attack: 'The card hides something, or says something else than what will be done',
    control:
      'Strangers’ text is plain and made visible, every param is shown in full, on pages that must all be shown before an approval; the agent’s reason is marked as its own',
    switches: [
      {
        name: 'visible',
        file: 'src/core/data/text.ts',
        find: 'const named = (character: string): string => `⟦${codePointName(character)}⟧`',
        replace: 'const named = (character: string): string => character',
        tests: {
          'test/core/data/text.test.ts': [
            '%s is written out',
            'in a %s › nothing that is hidden, turns the text or moves the cursor is left',
          ],
          'test/teams/hostile.test.ts': ['%j is shown, and as text alone'],
        },
      },
      {
        name: 'nothing-filled-in',
        file: 'src/cards/textRun.ts',
        find: ".replace(/\\{(?=\\{)/g, '{\\u200b')",
        replace: '',
        tests: {
          'test/cards/textRun.test.ts': ['no client fills in markup in an untrusted text: %s'],
          'test/teams/hostile.test.ts': ['%j is shown, and as text alone'],
        },
      },
      {
        name: 'told-apart',
        file: 'src/core/action/value.ts',
        find: "typeof value === 'string' && !isMistakable(value) ? value",
        replace: "typeof value === 'string' ? value",
        tests: {
          'test/core/action/page.test.ts': ['no two params have the same pages: they can be read back from them'],
        },
      },
      {
        name: 'plain-text',
        file: 'cards/channel.json',
        find: '{ "type": "RichTextBlock", "spacing": "Small", "inlines": [{ "type": "TextRun", "text": "${reason}" }] }',
        replace: '{ "type": "TextBlock", "spacing": "Small", "text": "${reason}" }',
        tests: { 'test/teams/hostile.test.ts': ['%j is shown, and as text alone'] },
      },
      {
        name: 'every-page',
        file: 'src/core/request/decision.ts',
        find: 'if (pages < (whole ? (shown[0]?.pages ?? 1) : 1))',
        replace: 'if (pages < 1)',
        tests: { [shown]: ['approving needs every page, denying needs one'] },
      },
      {
        name: 'showable',
        file: 'src/approvals/ask.ts',
        find: '  checkShowable(action, presentation, spoken.units)\n',
        replace: '',
        tests: { 'test/security/asking.test.ts': ['an action that no approver could be shown is refused: %s'] },
      },
      {
        name: 'command-shown',
        file: 'src/cards/cardData.ts',
        find: 'run: isPrivate ? [] : runLines(request, words),',
        replace: 'run: [],',
        tests: {
          'test/cards/cards.test.ts': ['a request that binds a command › says below the title what will run: %s'],
        },
      },
      {
        name: 'commands-by-form',
        file: 'src/core/action/run.ts',
        find: 'return flawInRun(value) === null ? (value as unknown as RunBinding) : null',
        replace: 'return value as unknown as RunBinding',
        tests: {
          'test/cards/cards.test.ts': [
            'a request that binds a command › is known by its form: other params under that name say nothing',
          ],
        },
      },
      {
        name: 'links-by-host',
        file: 'src/cards/cardData.ts',
        find: 'const safe = links.filter(({ url }) => flawInAddress(url) === null)',
        replace: 'const safe = links.filter(({ url }) => URL.canParse(url))',
        tests: {
          'test/cards/cards.test.ts': [
            "the channel's card › opens a link of the agent by a button that says so, and names the host",
          ],
        },
      },
      {
        name: 'buttons-of-plain-words',
        file: 'src/cards/button.ts',
        find: '...(onButton.test(last) ? [last] : [])',
        replace: '...[last]',
        tests: {
          'test/cards/cards.test.ts': [
            "the approver's view › has on its buttons no text of the agent but plain words: %s",
          ],
          'test/teams/hostile.test.ts': ['%j is shown, and as text alone'],
        },
      },
      {
        name: 'agents-words',
        file: 'cards/channel.json',
        find: '"text": "${$root.words.fromAgent}"',
        replace: '"text": " "',
        tests: {
          'test/cards/cards.test.ts': ["the channel's card › marks the agent's words, and shows links as text"],
        },
      },
    ],
  },
  {
    attack: 'The data of a card is edited, old, or another person’s',
    control: 'Of a card only ids are believed; a vote counts on a view that this very person was shown, as it still is',
    switches: [
      {
        name: 'shown-to-me',
        file: 'src/core/request/decision.ts',
        find: '(s) => s.approver === approver && s.view === seen.view && s.content === contentOf(request),',
        replace: '(s) => s.view === seen.view && s.content === contentOf(request),',
        tests: { [shown]: ['a vote needs a view that was shown to the same person'] },
      },
      {
        name: 'shown-this',
        file: 'src/core/request/decision.ts',
        find: '  if (pages < (whole ? (shown[0]?.pages ?? 1) : 1))\n    throw',
        replace: '  if (false)\n    throw',
        tests: {
          [shown]: [
            'a vote needs a view that was shown',
            'pages of two views do not add up',
            'a view is not that of another request, and no digest of an action',
          ],
        },
      },
      {
        name: 'data-read-strictly',
        file: 'src/teams/inbound/clickField.ts',
        find: 'export const request = parsed(parseRequestId, noRequest)',
        replace: 'export const request = z.any()',
        tests: { [activity]: ['a click on a card › is malformed with %s'] },
      },
    ],
  },
  {
    attack: 'Several requests are approved in one go, and some of them unread',
    control:
      'At most five, of one agent; each is shown on its own pages, and gets a vote of its own that rests on the view of it',
    switches: [
      {
        name: 'batch-of-views',
        file: 'src/approvals/approvals.ts',
        find: 'decideAs(parts, request, { ...vote, approver, seen: { via, view } }),',
        replace:
          'parts.ledger.find(request).then((found) => decideAs(parts, request, { ...vote, approver, seen: { via, digest: found?.digest ?? view } })),',
        tests: { [bot]: ['a batch › does not approve what was not shown'] },
      },
      {
        name: 'batch-of-one-agent',
        file: 'src/approvals/batch.ts',
        find: '  checkOneAgent(found.filter((one) => !(one instanceof Problem)))\n',
        replace: '',
        tests: { [bot]: ['a batch › of two agents is refused, and nothing is counted'] },
      },
      {
        name: 'batch-of-few',
        file: 'src/core/request/batch.ts',
        find: 'if (requests.length === 0 || requests.length > most)',
        replace: 'if (false)',
        tests: { 'test/core/request/batch.test.ts': ['a batch has one to five requests'] },
      },
      {
        name: 'batch-marked-at-the-end',
        file: 'src/cards/batch.ts',
        find: 'chooses: isLast && (approves || view.denies)',
        replace: 'chooses: true',
        tests: {
          'test/cards/cards.test.ts': [
            'a batch › has no button that decides, and lets a request be marked on its last page alone',
          ],
        },
      },
      {
        name: 'batch-not-blanket',
        file: 'src/cli/decide.ts',
        find: '  if (blanket !== undefined)\n',
        replace: '  if (false)\n',
        tests: {
          'test/cli/follow.test.ts': ['a decision › on several requests of one agent › is never a blanket one'],
        },
      },
    ],
  },
]
