/** The kinds of channels, each with the form of its ids. A kind has a messenger in the composition. */
const kinds = {
  teams: { id: /^19:[\w.@-]{1,150}@thread\.[a-z0-9]{1,20}$/, example: '19:…@thread.tacv2' },
  slack: { id: /^T[A-Z0-9]{2,20}\/[CG][A-Z0-9]{2,20}$/, example: 'T…/C…' },
} as const

export type ChannelKind = keyof typeof kinds

/** The kind that is meant where none is written. */
const unnamed: string = 'teams'

/** Where requests are shown. */
interface Channel {
  readonly kind: ChannelKind
  /** As the messenger of this kind knows it. */
  readonly id: string
}

const isKind = (kind: string): kind is ChannelKind => Object.hasOwn(kinds, kind)

/** Teams' own ids begin with a digit or one letter before the colon, so that none passes for a kind. */
const kinded = /^([a-z][a-z0-9]{1,11}):(.*)$/s

/**
 * Reads a channel as policy writes it: `teams:19:…@thread.tacv2`, or without a kind, which is Teams.
 *
 * @returns `why` for a text that is not a channel
 */
export function readChannel(text: string): Channel | { readonly why: string } {
  const [, kind = unnamed, id = text] = kinded.exec(text) ?? []
  if (!isKind(kind)) {
    const known = Object.entries(kinds).map(([name, { example }]) => `${name}:${example}`)
    return { why: `there are no channels of the kind "${kind}"; write ${known.join(' or ')}` }
  }
  return kinds[kind].id.test(id) ? { kind, id } : { why: `a channel is written as ${kinds[kind].example}` }
}

/**
 * The name of a channel in rows, limits and calls of a messenger. A channel of Teams has no kind in its name, so that
 * its rows keep their keys however policy writes it.
 */
export const channelName = ({ kind, id }: Channel): string => (kind === unnamed ? id : `${kind}:${id}`)

/** The kind of a channel or conversation, by its name. This program may not know the kind. */
export const kindOf = (name: string): string => kinded.exec(name)?.[1] ?? unnamed
