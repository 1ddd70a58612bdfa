import type { Row } from './row.ts'

const talk = 'test/teams/talk.test.ts'
const told = 'test/delivery/telling.test.ts'
const drawn = 'test/cards/talk.test.ts'

export const noticeRows: readonly Row[] = [
  {
    attack: 'A question, an answer or a reason of an emergency passes for our own words, or hides something in a card',
    control:
      'They are text alone, marked as whose words they are; what is invisible is named, and the approvers are warned; an answer is shown whole before anybody approves',
    switches: [
      {
        name: 'answer-as-text',
        file: 'src/cards/talkFace.ts',
        find: "fitted(cardText(answer.text.trim(), 'block'), budget.answer, words)",
        replace: 'answer.text',
        tests: { 'test/teams/hostile.test.ts': ['%j is shown, and as text alone'] },
      },
      {
        name: 'answer-has-room',
        file: 'src/core/request/viewPage.ts',
        find: 'roomOf(last) + talk > talkPage.room ? [...pages, { entries: [] }] : pages',
        replace: 'false ? [] : pages',
        tests: {
          [drawn]: ["the approver's view › puts questions on a page of their own if the params leave no room for them"],
        },
      },
      {
        name: 'typed-comes-back',
        file: 'src/teams/inbound/requestClick.ts',
        find: 'typed === undefined ? why : `${why} ${spoken.bot.typed(typed)}`',
        replace: 'why',
        tests: { [talk]: ['an answer › that comes late is refused with what was typed'] },
      },
    ],
  },
  {
    attack: 'A person is told of a request that they may not know of, or without having asked to be told',
    control:
      'Only who said so in their own chat is written to, and of a request that they may know of; a channel learns nothing of a private request that its card does not say',
    switches: [
      {
        name: 'told-if-they-may-know',
        file: 'src/delivery/hearers.ts',
        find: ' || !(await mayKnow(parts, request, person))',
        replace: '',
        tests: { [told]: ['a reminder › goes to people who said that they want to hear, and can still approve'] },
      },
      {
        name: 'notify-in-own-chat',
        file: 'src/teams/inbound/bot.ts',
        find: 'personal ? notify(parts.hearings, intent) : spoken.bot.notifyElsewhere',
        replace: 'notify(parts.hearings, intent)',
        tests: { 'test/teams/bot.test.ts': ['the command notify › does nothing where others read'] },
      },
      {
        name: 'private-notice',
        file: 'src/cards/noticeFace.ts',
        find: '!isOwn && request.requirement?.private === true',
        replace: 'false',
        tests: {
          [drawn]: [
            'the card of a notice › of a private request has no words and no names in a channel, and has them for one person',
          ],
        },
      },
      {
        name: 'private-emergency',
        file: 'src/cards/cardData.ts',
        find: '? privateStory(request, words)',
        replace: '? []',
        tests: {
          [drawn]: [
            "the channel's card › of a private request tells of a question and a broken glass, but neither words nor names",
          ],
        },
      },
    ],
  },
  {
    attack: 'Notices flood a channel, or tell what is over',
    control: 'Each reader is told of an event once; what is moot is not told; quiet hours hold back what can wait',
    switches: [
      {
        name: 'told-once',
        file: 'src/delivery/telling.ts',
        find: 'known.at !== undefined || ',
        replace: '',
        tests: { [told]: ['a reminder › lands in the thread of the card once, and changes no card'] },
      },
      {
        name: 'told-while-it-is-news',
        file: 'src/core/request/notice.ts',
        find: "  if (request.status !== 'pending') return []\n  const { slots, excluded } = request.requirement",
        replace: '  const { slots = [], excluded = [] } = request.requirement ?? {}',
        tests: { [told]: ['a reminder › of a request that is decided is dropped'] },
      },
      {
        name: 'quiet-hours',
        file: 'src/delivery/telling.ts',
        find: 'notice.isUrgent || quietUntil === undefined',
        replace: 'true',
        tests: { [told]: ['a reminder › waits for the end of quiet hours, and is dropped if it is moot by then'] },
      },
    ],
  },
]
