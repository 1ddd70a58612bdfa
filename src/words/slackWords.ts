/** What the app of Slack says where a card does not. */
export interface SlackWords {
  /** The name of a modal, and the button that closes it: 24 characters at most. */
  readonly title: string
  readonly close: string
  /** Stands in a modal until the request is there. */
  readonly working: string
  /** Why nothing was counted. */
  readonly unknownPerson: (account: string) => string
  readonly otherWorkspace: string
  readonly program: string
  readonly ambiguous: string
  /** Slack gives an app three seconds to open a modal. */
  readonly late: string
  readonly failed: string
  /** The reader may break the glass of a request, or review that, and not here. */
  readonly emergency: string
  /** The reader may answer a question of an approver, and not here. */
  readonly answer: string
  /** The reader may make the request smaller, and not here. */
  readonly narrow: string
  /** Names the channel's id, which an operator needs. */
  readonly channelId: (channel: string) => string
  /** Stands above a view of Slack that is drawn elsewhere. */
  readonly picture: string
}
