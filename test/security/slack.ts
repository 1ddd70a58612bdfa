import type { Row } from './row.ts'

const door = 'test/slack/door.test.ts'
const signature = 'test/slack/signature.test.ts'
const drawn = 'test/slack/cards.test.ts'
const decision = 'test/core/request/decision.test.ts'
const glass = 'test/core/request/glass.test.ts'
const roster = 'test/policy/approvers.test.ts'

const refused = 'a call is refused, and nothing recorded: › %s'
const told = 'the sender alone reads why nothing was counted: › %s'

/** Those who would decide through Slack and may not. */
export const slackRows: readonly Row[] = [
  {
    attack: 'Somebody forges or repeats a call of Slack, or calls for another workspace or app',
    control:
      'Slack’s signature over the raw body counts for five minutes, in constant time; workspace and app are ours; the same click gets the same answer',
    switches: [
      {
        name: 'slack-signature',
        file: 'src/slack/signature.ts',
        find: "    if (!matches.includes(true)) throw foreign('signature')\n",
        replace: '',
        tests: { [signature]: ['a call is refused %s'], [door]: [refused] },
      },
      {
        name: 'slack-age',
        file: 'src/slack/signature.ts',
        find: "    if (Math.abs(milliseconds(clock.now()) / 1000 - Number(timestamp)) > oldest) throw foreign('timestamp')\n",
        replace: '',
        tests: { [signature]: ['a call is refused %s'], [door]: [refused] },
      },
      {
        name: 'slack-secrets',
        file: 'src/slack/signature.ts',
        find: "  if (secrets.length === 0 || secrets.includes('')) throw new Error('Slack’s door needs a signing secret.')\n",
        replace: '',
        tests: { [signature]: ['there is no check without a secret'] },
      },
      {
        name: 'slack-app',
        file: 'src/slack/door.ts',
        find: "  if (app !== settings.appId) throw foreign('api_app_id')\n",
        replace: '',
        tests: { [door]: [refused] },
      },
      {
        name: 'slack-workspace',
        file: 'src/slack/door.ts',
        find: "  if (team !== settings.teamId) throw foreign('team')\n",
        replace: '',
        tests: { [door]: [refused] },
      },
      {
        name: 'slack-one-field',
        file: 'src/slack/payload.ts',
        find: '/^payload=([^&=\\x80-\\xff]*)$/',
        replace: '/(?:^|&)payload=([^&]*)/',
        tests: { [door]: ['a call is refused, and nothing recorded: › a form without its one field: %s'] },
      },
      {
        name: 'slack-strict-json',
        file: 'src/slack/door.ts',
        find: '    const payload = isAmbiguous ? null : parsePayload(json)\n',
        replace: '    const payload = parsePayload(json)\n',
        tests: { [door]: [told] },
      },
      {
        name: 'slack-same-click',
        file: 'src/slack/door.ts',
        find: '    if (known) return known\n',
        replace: '',
        tests: {
          [door]: [
            'the same click again › gets the same answer, and counts once',
            'words › an event that Slack repeats is answered once',
          ],
        },
      },
    ],
  },
  {
    attack:
      'A user of Slack decides whom policy does not name: another person, a program, somebody of another workspace',
    control:
      '`people.ID.slack` in `approvers.json` alone says who somebody is, one account for one person; names and mail addresses say nothing',
    switches: [
      {
        name: 'slack-program',
        file: 'src/slack/door.ts',
        find: '  if (user.isProgram) return spoken.slack.program\n',
        replace: '',
        tests: { [door]: [told] },
      },
      {
        name: 'slack-other-workspace',
        file: 'src/slack/door.ts',
        find: '  if (user.teams.some((team) => team !== settings.teamId)) return spoken.slack.otherWorkspace\n',
        replace: '',
        tests: { [door]: [told, 'words › a person of another workspace is told so: %s'] },
      },
      {
        name: 'slack-workspace-of-sender',
        file: 'src/slack/payload.ts',
        find: "      teams: [event.team, event.user_team, event.source_team].filter((team) => typeof team === 'string'),\n",
        replace: '      teams: [],\n',
        tests: { [door]: ['words › a person of another workspace is told so: %s'] },
      },
      {
        name: 'slack-workspace-named',
        file: 'src/slack/payload.ts',
        find: '  .object({ id, team_id: id, is_bot: z.boolean().optional() })\n',
        replace: "  .object({ id, team_id: id.default('T0000000001'), is_bot: z.boolean().optional() })\n",
        tests: { [door]: [told] },
      },
      {
        name: 'slack-one-person',
        file: 'src/policy/approvers.ts',
        find: 'if (taken.has(key)) return [[',
        replace: 'if (taken.size < 0) return [[',
        tests: { [roster]: ['an account of Slack › is of one person alone, also of two accounts that are joined'] },
      },
      {
        name: 'slack-programs-words',
        file: 'src/slack/payload.ts',
        find: ' || event.bot_id !== undefined',
        replace: '',
        tests: { [door]: ['words › a message is passed over %s'] },
      },
    ],
  },
  {
    attack: 'A stolen account of Slack approves what needs the tenant’s own sign-in',
    control: 'Tier `high` and breaking glasses are refused via Slack in the core, which the verifier replays',
    switches: [
      {
        name: 'slack-high',
        file: 'src/core/request/decision.ts',
        find: "  if (requirement?.tier === 'high' && isForeignDoor(via))\n",
        replace: '  if (false)\n',
        tests: {
          [decision]: [
            'doors › of another service than the tenant › approve nothing of tier high, and say where that is done',
          ],
          [door]: ['an approver › approves nothing of tier high, and denies it'],
        },
      },
      {
        name: 'slack-glass',
        file: 'src/core/request/glass.ts',
        find: "  if (isForeignDoor(seen.via)) throw new Problem('not-permitted', `No glass is broken via ${seen.via}.`)\n",
        replace: '',
        tests: { [glass]: ['a broken glass › is refused through the door of another service than the tenant'] },
      },
      {
        name: 'slack-unseen',
        file: 'src/approvals/approvals.ts',
        find: '      if (refusal && (!reviewed.mayBreak || isForeignDoor(via))) return unchanged(request, at)\n',
        replace: '      if (refusal && !reviewed.mayBreak) return unchanged(request, at)\n',
        tests: { [door]: ['an approver › breaks no glass, and is sent to where that is done'] },
      },
    ],
  },
  {
    attack: 'A text of an agent becomes markup in Slack, calls a whole channel, or passes for a line of ours',
    control:
      'Texts of others are `plain_text` without emoji, in which what begins an entity or a link is broken; their lines stand behind a bar. Only sentences of ours with a moment have markup, escaped',
    switches: [
      {
        name: 'slack-markup',
        file: 'src/cards/slackFace.ts',
        find: ".replaceAll(/&(?=#?\\w{1,12};)|<(?=[!@#/\\w])/g, '$&\\u200b')",
        replace: '',
        tests: { [drawn]: ['%j is shown, and as text alone'] },
      },
      {
        name: 'slack-bar',
        file: 'src/cards/blockKit.ts',
        find: '    .map((line) => `${bar}${line}`)\n',
        replace: '',
        tests: { [drawn]: ['each line of what an agent wrote stands behind a bar'] },
      },
      {
        name: 'slack-moments',
        file: 'src/cards/slackFace.ts',
        find: '  escaped(text).replaceAll(moment,',
        replace: '  text.replaceAll(moment,',
        tests: { [drawn]: ['signs that Slack reads as markup are escaped in sentences of ours, too'] },
      },
      {
        name: 'slack-notification',
        file: 'src/slack/blocks.ts',
        find: '  return { text: escaped(words.slice(0, 300)),',
        replace: '  return { text: words.slice(0, 300),',
        tests: {
          'test/slack/messenger.test.ts': ['words are shown as they are, and their notification has no markup'],
        },
      },
      {
        name: 'slack-token-host',
        file: 'src/slack/webApi.ts',
        find: "      redirect: 'manual', // The token is for this host alone.\n",
        replace: '',
        tests: { 'test/slack/messenger.test.ts': ['a redirect is not followed: token and card are for Slack alone'] },
      },
    ],
  },
]
