/** What the console says only inside Teams, in one language, as `words.ts` does for the rest. */
interface TeamsWords {
  readonly notInTeams: string
  /** Why Teams did not sign the person in, and what they can do. */
  readonly noToken: Readonly<Record<'consent' | 'cancelled' | 'stepUp' | 'app' | 'other', string>>
  readonly inBrowser: string
  readonly setUp: string
  readonly setUpAbout: string
  readonly setUpNext: string
  /** As the manifest of the app calls the tab beside the chat. */
  readonly tabName: string
  readonly notSaved: string
}

const english: TeamsWords = {
  notInTeams: 'This is the address of the console’s tab in Microsoft Teams, and Teams does not answer here.',
  noToken: {
    consent: 'You, or an administrator for everybody, must first allow Teams to use Countersign for you.',
    cancelled: 'Teams asked whether it may use Countersign for you, and did not get your yes.',
    stepUp: 'Your organisation wants a fresh sign-in, which Teams did not ask for here.',
    app: 'The app in Teams does not fit this console. Tell the people who run Countersign.',
    other: 'Teams did not sign you in to Countersign.',
  },
  inBrowser: 'Open it in the browser',
  setUp: 'Countersign in this channel',
  setUpAbout:
    'The tab shows the console. Everybody in the channel sees in it what they may see themselves, and decides as ' +
    'themselves; the channel has no rights of its own.',
  setUpNext: 'Choose Save to add the tab.',
  tabName: 'Console',
  notSaved: 'Teams did not take the tab. Try again.',
}

export const teamsWords: TeamsWords = english
