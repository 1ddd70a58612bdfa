import * as z from 'zod'
import type { Json } from '../../core/data/json.ts'

/** What a person typed to the bot. `approve` stands for every verb that works by card only. */
export interface ChatCommand {
  readonly name: 'help' | 'pending' | 'show' | 'notify' | 'away' | 'back' | 'approve' | 'unknown'
  /** What to show, in lower case as ids are, when to notify, or until when and for whom one is away; not parsed. */
  readonly argument?: string
}

/** Characters of a message that are read. No command is longer. */
const longest = 1_000

/** Reads the command in a message. Ignores the bot's mention, case and white space. */
export function parseCommand(message: Json): ChatCommand {
  const [verb, ...rest] = wordsOf(message)
  const [argument] = rest
  switch (verb) {
    case 'help':
    case 'pending':
      return { name: verb }
    case 'show':
      return { name: 'show', ...(argument !== undefined && { argument }) }
    case 'back':
      return { name: verb }
    case 'notify':
    case 'away':
      return { name: verb, ...(rest.length > 0 && { argument: rest.join(' ') }) }
    case 'approve':
    case 'deny':
    case 'revoke':
      return { name: 'approve' }
    default:
      return { name: 'unknown' }
  }
}

const messageSchema = z.object({
  text: z.string(),
  recipient: z.object({ id: z.string() }).optional().catch(undefined),
  entities: z.array(z.unknown()).catch([]),
})

const mentionSchema = z.object({
  type: z.literal('mention'),
  mentioned: z.object({ id: z.string() }),
  // a mention is marked up in the text; anything else would take words of the person away
  text: z.string().regex(/^<at[ >].*<\/at>$/is),
})

function wordsOf(message: Json): readonly string[] {
  const { data } = messageSchema.safeParse(message)
  if (data === undefined) return []
  const mentions = data.entities.flatMap((entity) => mentionSchema.safeParse(entity).data ?? [])
  const ours = new Set(mentions.filter(({ mentioned }) => mentioned.id === data.recipient?.id).map(({ text }) => text))
  const rest = [...ours].reduce((text, mention) => text.replaceAll(mention, ' '), data.text.slice(0, longest))
  const words = rest.replaceAll('&nbsp;', ' ').toLowerCase().split(/\s+/)
  return words.filter((word) => word !== '')
}
