import { pages } from '@microsoft/teams-js'
import type { ComponentChild } from 'preact'
import { tabEntity } from '../contract/teamsTab.ts'
import { failureIn } from './answers.ts'
import { browserAddress } from './browserAddress.ts'
import { Button, Notice, Page } from './kit.tsx'
import { address } from './router.ts'
import type { PageSession } from './session.ts'
import { openedByTeams } from './teamsSession.ts'
import { teamsWords } from './teamsWords.ts'
import { words } from './words.ts'

/** The addresses that the app's manifest names, below that of the tab. */
const [begin, setUp] = [address('start'), address('setup')]

/**
 * Starts the console inside Teams: at the request that a deep link names, or at the inbox. A reload stays where the reader
 * is. Where Teams asks how a channel's tab is to be set up, that is drawn. A failure is drawn with a way to the browser.
 *
 * @param open draws the console of the person who is signed in
 */
export async function startInTeams(
  draw: (page: ComponentChild) => void,
  open: (session: PageSession) => Promise<void>,
): Promise<void> {
  try {
    const { session, subject } = await openedByTeams()
    if (location.pathname === setUp) {
      offerTab()
      draw(<SetUp />)
      return
    }
    if (location.pathname === begin)
      history.replaceState(null, '', address(subject ? `requests/${encodeURIComponent(subject)}` : ''))
    await open(session)
  } catch (cause) {
    draw(<CannotStart why={failureIn(cause).message} />)
  }
}

function CannotStart({ why }: { readonly why: string }) {
  return (
    <main class="away">
      <Page title={words.cannotStart}>
        <Notice tone="bad">
          <p>{why}</p>
        </Notice>
        <p class="actions">
          <Button tone="primary" onPress={() => location.reload()}>
            {words.tryAgain}
          </Button>
          <a class="button" href={browserAddress()} target="_blank">
            {teamsWords.inBrowser}
          </a>
        </p>
      </Page>
    </main>
  )
}

/** There is nothing to choose. */
function SetUp() {
  return (
    <main class="away">
      <Page title={teamsWords.setUp}>
        <p>{teamsWords.setUpAbout}</p>
        <p>{teamsWords.setUpNext}</p>
      </Page>
    </main>
  )
}

/** Tells Teams what the tab of a channel is, once the person chooses to save it. */
function offerTab(): void {
  pages.config.registerOnSaveHandler((saving) => {
    const tab = {
      entityId: tabEntity,
      contentUrl: new URL(begin, location.origin).href,
      websiteUrl: new URL(browserAddress(), location.origin).href,
      suggestedDisplayName: teamsWords.tabName,
    }
    pages.config.setConfig(tab).then(
      () => saving.notifySuccess(),
      () => saving.notifyFailure(teamsWords.notSaved),
    )
  })
  pages.config.setValidityState(true)
}
