import { apiAppId, tenantId } from '../../src/local/accounts.ts'
import { botAppId } from '../../src/local/bot.ts'
import { until } from '../support/until.ts'
import { type Azure, type Domains, publicDomains, settingsIn, startAzure } from '../support/azure.ts'
import { startable, type Packaged, type RunningApp } from './packaged.ts'

const usGovernment: Domains = { storage: 'core.usgovcloudapi.net', vault: 'vault.usgovcloudapi.net' }

let azure: Azure
let packaged: Packaged
let app: RunningApp | undefined

beforeAll(async () => {
  packaged = await startable()
})
beforeEach(async () => {
  azure = await startAzure()
})
afterEach(async () => {
  await app?.stop()
  app = undefined
  await azure.close()
})
afterAll(() => packaged.end())

/** Where everything is in a cloud, written down here once more. */
interface Expected {
  readonly domains: Domains
  readonly settings: Readonly<Record<string, string>>
  readonly login: string
  readonly graph: string
  readonly botKeys: string
  readonly botIssuer: string
  readonly connector: string
  /** Where the bot's token comes from; `null` with a managed identity of its own. */
  readonly botToken: string | null
  /** What tokens of the managed identity are for. */
  readonly resources: readonly string[]
}

const storage = 'https://storage.azure.com'

const clouds: readonly (readonly [string, Expected])[] = [
  [
    'the public cloud',
    {
      domains: publicDomains,
      settings: { BOT_APP_TYPE: 'SingleTenant' },
      login: 'https://login.microsoftonline.com',
      graph: 'https://graph.microsoft.com',
      botKeys: 'https://login.botframework.com/v1/.well-known/keys',
      botIssuer: 'https://api.botframework.com',
      connector: 'https://smba.trafficmanager.net/teams',
      botToken: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      resources: [storage, 'https://vault.azure.net', 'https://graph.microsoft.com', 'api://AzureADTokenExchange'],
    },
  ],
  [
    'Microsoft 365 GCC, by the address of its Bot Connector alone',
    {
      domains: publicDomains,
      settings: { BOT_SERVICE_URL: 'https://smba.infra.gcc.teams.microsoft.com/gcc', COUNTERSIGN_CLOUD: 'public' },
      login: 'https://login.microsoftonline.com',
      graph: 'https://graph.microsoft.com',
      botKeys: 'https://login.botframework.com/v1/.well-known/keys',
      botIssuer: 'https://api.botframework.com',
      connector: 'https://smba.infra.gcc.teams.microsoft.com/gcc',
      botToken: null,
      resources: [storage, 'https://vault.azure.net', 'https://graph.microsoft.com', 'https://api.botframework.com'],
    },
  ],
  [
    'GCC High',
    {
      domains: usGovernment,
      settings: {
        COUNTERSIGN_CLOUD: 'gcc-high',
        BOT_APP_TYPE: 'MultiTenant',
        BOT_SERVICE_URL: 'https://smba.infra.gov.teams.microsoft.us/gcch',
      },
      login: 'https://login.microsoftonline.us',
      graph: 'https://graph.microsoft.us',
      botKeys: 'https://login.botframework.azure.us/v1/.well-known/keys',
      botIssuer: 'https://api.botframework.us',
      connector: 'https://smba.infra.gov.teams.microsoft.us/gcch',
      botToken: 'https://login.microsoftonline.us/microsoftservices.onmicrosoft.us/oauth2/v2.0/token',
      resources: [
        ...[storage, 'https://vault.usgovcloudapi.net', 'https://graph.microsoft.us'],
        'api://AzureADTokenExchangeUSGov',
      ],
    },
  ],
  [
    'DoD',
    {
      domains: usGovernment,
      settings: { COUNTERSIGN_CLOUD: 'dod', BOT_SERVICE_URL: 'https://smba.infra.dod.teams.microsoft.us/dod' },
      login: 'https://login.microsoftonline.us',
      graph: 'https://dod-graph.microsoft.us',
      botKeys: 'https://login.botframework.azure.us/v1/.well-known/keys',
      botIssuer: 'https://api.botframework.us',
      connector: 'https://smba.infra.dod.teams.microsoft.us/dod',
      botToken: null,
      resources: [
        ...[storage, 'https://vault.usgovcloudapi.net', 'https://dod-graph.microsoft.us'],
        'https://api.botframework.us',
      ],
    },
  ],
]

const agent = 'b0000000-0000-4000-8000-000000000001'

const agentToken = (login: string) =>
  azure.sign({
    ...{ iss: `${login}/${tenantId}/v2.0`, aud: apiAppId, tid: tenantId, ver: '2.0' },
    ...{ oid: agent, sub: agent, azp: agent.replace('b', 'a'), idtyp: 'app', roles: ['Actions.Request'] },
  })

/** An export that people must approve, so that its card is sent. */
const asks = (token: string): RequestInit => ({
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'one' },
  body: JSON.stringify({
    ...{ action: 'db.export', target: 'prod/postgres/customers', environment: 'production', params: { rows: 1200 } },
    reason: 'Quarterly churn report',
  }),
})

/** A person writes to the bot. */
async function says(issuer: string, serviceUrl: string): Promise<RequestInit> {
  const token = await azure.sign({ iss: issuer, aud: botAppId, serviceurl: serviceUrl })
  return {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ type: 'message', id: '1', channelId: 'msteams', serviceUrl, text: 'help', textFormat: 'plain' },
      from: { id: '29:x', aadObjectId: 'c0000000-0000-4000-8000-000000000001' },
      recipient: { id: `28:${botAppId}` },
      conversation: { id: 'a:x', conversationType: 'personal', tenantId },
      channelData: { tenant: { id: tenantId } },
    }),
  }
}

test.each(clouds)(
  '%s: every service is called at its own address, and only its tokens are accepted',
  async (_name, cloud) => {
    const running = await packaged.start({ ...azure.env, ...settingsIn(cloud.domains), ...cloud.settings })
    app = running
    const post = async (path: string, init: RequestInit) => (await running.call(path, init)).status
    // A machine that is busy elsewhere makes calls late: they are repeated, as their callers do.
    const done = (call: () => Promise<number>) => until(call, (status) => status < 300)
    await done(async () => (await running.call('/api/health')).status)
    await done(async () => post('/api/requests', asks(await agentToken(cloud.login))))
    await done(async () => post('/api/messages', await says(cloud.botIssuer, cloud.connector)))
    const posted = `POST ${cloud.connector}/v3/conversations`
    await until(
      async () => ({
        calls: azure.calls.includes(posted),
        failed: await running.run('sweep'),
        lines: running.lines.slice(-3),
      }),
      ({ calls }) => calls,
    )

    const { storage: suffix, vault } = cloud.domains
    const hosts = (names: readonly string[]) => new Set(names.map((name) => new URL(name).host))
    expect(hosts(azure.calls.map((call) => call.split(' ')[1] ?? ''))).toEqual(
      hosts([
        ...[cloud.login, cloud.graph, cloud.botKeys, cloud.connector],
        ...[`https://contoso.table.${suffix}`, `https://contoso.blob.${suffix}`, `https://contoso.${vault}`],
      ]),
    )
    expect(azure.calls).toEqual(
      expect.arrayContaining([
        `GET ${cloud.login}/${tenantId}/discovery/v2.0/keys`,
        `GET ${cloud.botKeys}`,
        `GET ${cloud.graph}/v1.0/users/c0000000-0000-4000-8000-000000000001`,
      ]),
    )
    const tokens = azure.calls.filter((call) => call.includes('/oauth2/'))
    expect([...new Set(tokens)]).toEqual(cloud.botToken === null ? [] : [`POST ${cloud.botToken}`])
    expect(new Set(azure.resources)).toEqual(new Set(cloud.resources))

    for (const [, other] of clouds) {
      const isIn = (what: 'login' | 'botIssuer' | 'graph') => other[what] === cloud[what]
      const asked = await post('/api/requests', asks(await agentToken(other.login)))
      const heard = await post('/api/messages', await says(other.botIssuer, cloud.connector))
      const elsewhere = await post('/api/messages', await says(cloud.botIssuer, other.connector))
      expect([asked === 401, heard === 401]).toEqual([!isIn('login'), !isIn('botIssuer')])
      expect(elsewhere === 401).toBe(!isIn('graph'))
    }
  },
)
