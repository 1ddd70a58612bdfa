/** Where the services of one of Microsoft's clouds are. Addresses have no slash at their end. */
export interface Cloud {
  /** Entra: issuers and keys of access tokens lie below it, by tenant. */
  readonly login: string
  /** Microsoft Graph. */
  readonly graph: string
  /** What a token for Key Vault is for. */
  readonly vault: string
  /** What a token for Azure Monitor is for; logs are taken by hosts below it. */
  readonly monitor: string
  /** What the token of a managed identity is for, with which it signs in as an application that trusts it. */
  readonly exchange: string
  /**
   * The origins of Teams' own pages, which may frame the console: as in a Content-Security-Policy, with wildcards. Deep
   * links begin with the first.
   */
  readonly teams: readonly [string, ...string[]]
  readonly bots: {
    /** The keys of the channels. */
    readonly keys: string
    /** Who signs what channels send to a bot: the claim `iss`. */
    readonly issuer: string
    /** What the token of a bot is for. */
    readonly scope: string
    /** The tenant that gives tokens to bots which are registered for several tenants. */
    readonly tenant: string
    /** The Bot Connector of Teams. A bot's token goes to no other host, and activities come from no other. */
    readonly hosts: readonly string[]
  }
}

/**
 * The clouds, by their name in COUNTERSIGN_CLOUD. Microsoft 365 GCC is in the public cloud, with another host of the Bot
 * Connector. Storage and Key Vault are found by the addresses in the settings.
 *
 * Sources: https://learn.microsoft.com/graph/deployments,
 * https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure,
 * https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview,
 * https://learn.microsoft.com/azure/bot-service/how-to-deploy-gov-cloud-high and the SDK's `GovernmentConstants`,
 * https://learn.microsoft.com/graph/api/resources/federatedidentitycredentials-overview,
 * https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages,
 * https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements
 */
const table = {
  public: {
    login: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    vault: 'https://vault.azure.net',
    monitor: 'https://monitor.azure.com',
    exchange: 'api://AzureADTokenExchange',
    teams: ['https://teams.microsoft.com', 'https://*.teams.microsoft.com', 'https://*.cloud.microsoft'],
    bots: {
      keys: 'https://login.botframework.com/v1/.well-known/keys',
      issuer: 'https://api.botframework.com',
      scope: 'https://api.botframework.com/.default',
      tenant: 'botframework.com',
      hosts: ['smba.trafficmanager.net', 'smba.infra.gcc.teams.microsoft.com'],
    },
  },
  'gcc-high': government({
    graph: 'https://graph.microsoft.us',
    host: 'smba.infra.gov.teams.microsoft.us',
    teams: 'gov.teams.microsoft.us',
  }),
  dod: government({
    graph: 'https://dod-graph.microsoft.us',
    host: 'smba.infra.dod.teams.microsoft.us',
    teams: 'dod.teams.microsoft.us',
  }),
} as const satisfies Readonly<Record<string, Cloud>>

export type CloudName = keyof typeof table

export const clouds: Readonly<Record<CloudName, Cloud>> = table

export const cloudSetting = 'COUNTERSIGN_CLOUD'

export const cloudNames = Object.keys(table) as readonly CloudName[]

export const isCloudName = (value: string): value is CloudName => cloudNames.some((name) => name === value)

/** The two clouds for the government of the United States differ in Graph and in Teams alone. */
function government({ graph, host, teams }: Readonly<Record<'graph' | 'host' | 'teams', string>>): Cloud {
  return {
    login: 'https://login.microsoftonline.us',
    graph,
    vault: 'https://vault.usgovcloudapi.net',
    monitor: 'https://monitor.azure.us',
    exchange: 'api://AzureADTokenExchangeUSGov',
    teams: [`https://${teams}`, `https://*.${teams}`],
    bots: {
      keys: 'https://login.botframework.azure.us/v1/.well-known/keys',
      issuer: 'https://api.botframework.us',
      scope: 'https://api.botframework.us/.default',
      tenant: 'MicrosoftServices.onmicrosoft.us',
      hosts: [host],
    },
  }
}
