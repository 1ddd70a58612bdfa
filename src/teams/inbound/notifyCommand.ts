import type { ObjectId } from '../../core/data/id.ts'
import type { Hearing, Hearings } from '../../ports/hearings.ts'
import { parseQuietHours, quietText } from '../../runtime/quietHours.ts'
import { spoken } from '../../words/spoken.ts'

/** What a person typed in their own chat, after the word that names the command. */
interface NotifyCommand {
  readonly who: ObjectId
  /** The person's own chat. */
  readonly conversation: string
  readonly argument?: string
}

/** Notes whether a person wants to be told of requests, and answers how it stands then. */
export async function notify(
  hearings: Hearings,
  { who: person, conversation, argument = '' }: NotifyCommand,
): Promise<string> {
  const { bot } = spoken
  const [word, ...rest] = argument.split(' ')
  switch (word) {
    case 'on':
      await hearings.putHearing({ person, conversation })
      return bot.notifyOn
    case 'off':
      await hearings.dropHearing(person)
      return bot.notifyOff
    case 'quiet': {
      const hours = parseQuietHours(rest.join(' '))
      if (hours === null) return bot.notifyForm
      const quiet = quietText(hours)
      await hearings.putHearing({ person, conversation, quiet })
      return bot.notifyQuiet(quiet)
    }
    default:
      return bot.notifyUsage(stateOf(await hearings.hearing(person)))
  }
}

function stateOf(hearing: Hearing | null): string {
  const { bot } = spoken
  if (hearing === null) return bot.notifyOff
  return hearing.quiet === undefined ? bot.notifyOn : bot.notifyQuiet(hearing.quiet)
}
