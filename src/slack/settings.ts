/** The app of Slack that this deployment is: in one workspace, with one bot. */
export interface SlackSettings {
  /** `A…` */
  readonly appId: string
  /** The workspace, `T…`. */
  readonly teamId: string
  /** With which Slack signs what it sends; two while the secret is being changed. */
  readonly signingSecrets: readonly string[]
  /** The token of the bot, `xoxb-…`. It never ends by itself. */
  readonly token: string
}

/** The settings by name, each with its rule and whether a value keeps it. */
export const slackSettings = {
  COUNTERSIGN_SLACK_APP_ID: { rule: 'is the id of an app of Slack, as A…', form: /^A[A-Z0-9]{2,20}$/ },
  COUNTERSIGN_SLACK_TEAM_ID: { rule: 'is the id of a workspace of Slack, as T…', form: /^T[A-Z0-9]{2,20}$/ },
  COUNTERSIGN_SLACK_SIGNING_SECRET: {
    rule: 'is the signing secret of the app of Slack: hex digits, 32 at least',
    form: /^[0-9a-f]{32,128}$/,
  },
  COUNTERSIGN_SLACK_TOKEN: { rule: 'is the token of a bot of Slack, as xoxb-…', form: /^xoxb-[A-Za-z0-9-]{10,250}$/ },
} as const

/** The signing secret that counted before: left out, but for the days in which it is being changed. */
export const oldSecretSetting = 'COUNTERSIGN_SLACK_OLD_SIGNING_SECRET'
