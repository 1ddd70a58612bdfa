/** The GitHub App that this deployment is. */
export interface GitHubSettings {
  /** The app's number, or its client id as `Iv1.…`: who its tokens say they are from. */
  readonly appId: string
  /** Id of the RSA key in Key Vault with which the app signs in. */
  readonly key: string
  /** With which GitHub signs what it sends. */
  readonly secret: string
  /** Where the API is, without a slash at the end. */
  readonly api: string
}

/** Where the API of github.com is. */
export const publicGitHub = 'https://api.github.com'

const vaultKey = /^https:\/\/[^/?#]+\/keys\/[A-Za-z0-9-]+(\/[0-9a-f]+)?$/

/** The settings by name, each with its rule and whether a value keeps it. */
export const gitHubSettings = {
  COUNTERSIGN_GITHUB_APP_ID: {
    rule: 'is the id of a GitHub App: its number, or its client id as Iv1.…',
    form: /^(\d{1,12}|Iv[A-Za-z0-9.]{4,40})$/,
  },
  COUNTERSIGN_GITHUB_KEY: { rule: 'is a Key Vault key id: https://<vault>/keys/<name>', form: vaultKey },
  COUNTERSIGN_GITHUB_SECRET: {
    rule: 'is the webhook secret of the GitHub App: 32 to 255 visible ASCII characters',
    form: /^(?!@Microsoft\.KeyVault\()[\x21-\x7e]{32,255}$/,
  },
} as const

/** Where the API is, for GitHub Enterprise. Left out for github.com. */
export const gitHubApiSetting = {
  name: 'COUNTERSIGN_GITHUB_API',
  rule:
    'is the address of GitHub’s API without a slash at its end: https://api.<name>.ghe.com, or https://<host>/api/v3 of ' +
    'GitHub Enterprise Server',
  form: /^https:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{2,5})?(\/api\/v3)?$/,
} as const

/** Where people see what the API is about: the address of runs begins with it. */
export function webOf(api: string): string {
  const { protocol, host } = new URL(api)
  return `${protocol}//${host.replace(/^api\./, '')}`
}
