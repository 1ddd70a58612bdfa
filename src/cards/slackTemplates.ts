/** The templates that Slack's cards are drawn with. */
export const slackTemplates = [
  'slack-notice.json',
  'slack-channel.json',
  'slack-review.json',
  'slack-refused.json',
  'slack-list.json',
] as const
