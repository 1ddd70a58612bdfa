import { milliseconds } from '../../src/core/data/instant.ts'
import type { Messenger } from '../../src/ports/messenger.ts'
import { slackMessenger } from '../../src/slack/messenger.ts'
import { type SlackApi, webApi } from '../../src/slack/webApi.ts'
import { noon } from '../support/build.ts'
import { FakeTime, flushed } from '../support/fakes/time.ts'
import { slackApp, type SlackDouble, startSlack } from '../support/slackDouble.ts'
import { slackDrawing } from './drawing.ts'

/** The double of Slack with the real messenger before it, and a clock that stands still while a call is under way. */
export interface SlackWorld {
  readonly slack: SlackDouble
  readonly clock: FakeTime
  readonly api: SlackApi
  readonly messenger: Messenger
}

export async function slackWorld(): Promise<SlackWorld> {
  const slack = await startSlack()
  const calls = new Set<Promise<unknown>>()
  const clock = new FakeTime(noon, async () => {
    do {
      await Promise.all(calls)
      await flushed()
    } while (calls.size > 0)
  })
  const web = webApi({ token: slackApp.token, url: slack.url, now: () => milliseconds(clock.now()) })
  const api: SlackApi = (...all) => {
    const call = web(...all)
    calls.add(call)
    return call.finally(() => calls.delete(call))
  }
  return { slack, clock, api, messenger: slackMessenger({ api, teamId: slackApp.teamId, draw: slackDrawing }) }
}
