import * as z from 'zod'
import { isObjectId, type ObjectId, parseObjectId } from '../../core/data/id.ts'
import type { Json } from '../../core/data/json.ts'
import { type Click, parseClick } from './click.ts'
import { type ChatCommand, parseCommand } from './chatCommand.ts'
import { spoken } from '../../words/spoken.ts'

/** The person who sent an activity, and the place in Teams it came from. */
interface Origin {
  /** A person of our tenant, as the gate has checked. */
  readonly who: ObjectId
  readonly conversation: string
  readonly channel?: string
  /** Present if nobody but this person reads the conversation. */
  readonly personal?: true
  /** The activity id of the card that was clicked on. */
  readonly card?: string
}

/** What a person in Teams wants. */
export type Intent =
  | (Origin & Click)
  | (Origin & { readonly kind: 'command' } & ChatCommand)
  /** The bot was added to a team, a chat or a person's apps. Teams may report this more than once. */
  | (Origin & {
      readonly kind: 'installed'
      /** The channel is shared: people of other tenants may be in it. */
      readonly shared?: true
    })
  | (Origin & { readonly kind: 'removed' })
  | { readonly kind: 'ignored' }
  /** `why` is for the person who clicked. Teams shows it for an invoke only. */
  | { readonly kind: 'malformed'; readonly invoke: boolean; readonly why: string }

/** Reads an activity that the gate let in. Never throws: every body becomes one of the intents. */
export function parseActivity(body: Json): Intent {
  const activity = activitySchema.safeParse(body)
  if (!activity.success) return { kind: 'malformed', invoke: false, why: 'This is no activity.' }
  const { type } = activity.data
  const sender = senderSchema.safeParse(body)
  if (!sender.success)
    return type === 'invoke' ? { kind: 'malformed', invoke: true, why: spoken.clicks.nobody } : { kind: 'ignored' }
  const place = placeSchema.safeParse(body)
  if (!place.success) return { kind: 'malformed', invoke: type === 'invoke', why: spoken.clicks.nowhere }
  const origin = originOf(parseObjectId(sender.data.from.aadObjectId), place.data)
  switch (type) {
    case 'invoke':
      return clicked(origin, place.data.replyToId, body)
    case 'message':
      return { ...origin, kind: 'command', ...parseCommand(body) }
    case 'installationUpdate':
    case 'conversationUpdate':
      return moved(origin, body)
    default:
      return { kind: 'ignored' }
  }
}

const activitySchema = z.object({ type: z.string() })

/** A person is identified by the object id alone: names, mail addresses and Teams' own ids can be reused or forged. */
const senderSchema = z.object({ from: z.object({ aadObjectId: z.string().refine(isObjectId) }) })

const id = z.string().min(1).max(512)

const placeSchema = z.object({
  conversation: z.object({
    id,
    conversationType: z.string().optional().catch(''),
    isGroup: z.boolean().optional().catch(true),
  }),
  channelData: z.object({ channel: z.object({ id }).optional() }).optional(),
  replyToId: id.optional(),
})

function originOf(who: ObjectId, { conversation, channelData }: z.infer<typeof placeSchema>): Origin {
  const channel = channelData?.channel?.id
  const isPersonal = channel === undefined && isPersonalChat(conversation)
  return {
    who,
    conversation: conversation.id,
    ...(channel !== undefined && { channel }),
    ...(isPersonal && { personal: true }),
  }
}

/**
 * Whether a conversation is a person's own chat with the bot. Teams names the type. Without it a conversation of many is
 * known by `isGroup`, or by an id that begins as those of channels and group chats do. In doubt it is not personal.
 */
function isPersonalChat({ id, conversationType, isGroup }: z.infer<typeof placeSchema>['conversation']): boolean {
  if (isGroup === true || id.startsWith('19:')) return false
  return conversationType === undefined || conversationType === 'personal'
}

function clicked(origin: Origin, card: string | undefined, body: Json): Intent {
  const click = parseClick(body)
  if ('why' in click) return { kind: 'malformed', invoke: true, why: click.why }
  return { ...origin, ...(card !== undefined && { card }), ...click }
}

const installation = z.object({
  type: z.literal('installationUpdate'),
  action: z.enum(['add', 'add-upgrade', 'remove', 'remove-upgrade']),
})

const arrival = z.object({
  type: z.literal('conversationUpdate'),
  recipient: z.object({ id }),
  membersAdded: z.array(z.object({ id })),
})

/** https://learn.microsoft.com/javascript/api/botframework-schema/channelinfo */
const sharedChannel = z.object({ channelData: z.object({ channel: z.object({ type: z.literal('shared') }) }) })

/** An upgrade removes the bot and adds it again. For people it was there all the time, so the removal is ignored. */
function moved(origin: Origin, body: Json): Intent {
  const { data } = z.discriminatedUnion('type', [installation, arrival]).safeParse(body)
  if (data === undefined) return { kind: 'ignored' }
  const installed: Intent = {
    ...origin,
    kind: 'installed',
    ...(sharedChannel.safeParse(body).success && { shared: true }),
  }
  if (data.type === 'conversationUpdate') {
    const isBot = data.membersAdded.some((member) => member.id === data.recipient.id)
    return isBot ? installed : { kind: 'ignored' }
  }
  switch (data.action) {
    case 'add':
    case 'add-upgrade':
      return installed
    case 'remove':
      return { ...origin, kind: 'removed' }
    case 'remove-upgrade':
      return { kind: 'ignored' }
  }
}
