import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Policy } from '../ports/policy.ts'
import { tenantId, type User, users } from './accounts.ts'
import { botAppId } from './bot.ts'
import { type Child, startChild } from './child.ts'
import { loopback } from './port.ts'

/** The Microsoft 365 Agents Playground: a Teams client on this machine. It keeps messages in memory only. */
export interface Playground extends Pick<Child, 'pid' | 'ended' | 'close'> {
  /** The address for browsers. */
  readonly url: string
  /** The address at which the Playground acts as the Bot Connector. */
  readonly connectorUrl: string
  /** The name of the person who uses it. */
  readonly person: string
}

export interface PlaygroundOptions {
  /** The system chooses a port for 0. */
  readonly port: number
  /** The folder of its configuration and log. */
  readonly folder: string
  /** The address to which activities are sent. */
  readonly messagesUrl: string
  /** Ids of the channels of its only team, beside General, which every team has. */
  readonly channels: readonly string[]
  /** Is called when a page of it is opened, or left. */
  readonly page?: (change: 'opened' | 'left') => void
  /** The name of the person who uses it, an account of the local tenant. */
  readonly person: string
}

/**
 * Starts the Playground as a child process and waits until it knows the team.
 *
 * @throws {Error} with the Playground's own words, if it ends before
 */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { port, folder, messagesUrl, channels, person, page } = options
  const config = join(folder, '.m365agentsplayground.yml')
  const log = join(folder, 'log.txt')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(config, JSON.stringify(configuration(person, channels), null, 2)) // JSON is YAML
  const { started, output, ...child } = startChild({
    name: 'The Agents Playground, the local Teams client',
    program: createRequire(import.meta.url).resolve('@microsoft/m365agentsplayground/cli.js'),
    args: ['start', '-e', messagesUrl, '-c', 'msteams', '-p', String(port), '--disable-telemetry'],
    folder,
    env: {
      ...process.env,
      M365_AGENTS_PLAYGROUND_CONFIG_PATH: config,
      M365_AGENTS_PLAYGROUND_LOGFILE: log,
      TEAMSAPPTESTER_BROWSER: 'none', // it would open a browser
      APPLICATION_INSIGHTS_NO_STATSBEAT: 'true', // it would report that telemetry is off
      NO_PROXY: loopback,
    },
    first: onlyForUs + asTeams,
    words: async () => errorsIn(await readFile(log, 'utf8')),
    patience: { start: 60_000, stop: 5_000 },
  })
  output.on('line', (line) => {
    const [, change] = /^page (opened|left)$/.exec(line) ?? []
    if (change === 'opened' || change === 'left') page?.(change)
  })
  const url = `http://${loopback}:${await started(listening(output))}`
  return { ...child, url, connectorUrl: `${url}/_connector`, person }
}

/** The id of the team, which is also that of its channel General. */
const team = '19:general@thread.tacv2'

/** Lists the channels that the policy names: those of groups, then the compliance channel. */
export function channelsIn(policy: Pick<Policy, 'groups' | 'complianceChannel'>): readonly string[] {
  const compliance = policy.complianceChannel()
  return [...new Set([...policy.groups().flatMap(({ channels }) => channels), ...(compliance ? [compliance] : [])])]
}

/**
 * Runs in the Playground. Binds it to loopback and refuses calls of all web pages but its own. Otherwise it would listen
 * on every address of the machine, and the whole network and any web page could approve in a person's name.
 */
const onlyForUs = `
import http from 'node:http'
import net from 'node:net'
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '${loopback}', ...rest)
}
const isHere = (url) => URL.canParse(url) && ['${loopback}', 'localhost'].includes(new URL(url).hostname)
const isOurs = ({ headers: { host, origin } }) =>
  isHere('http://' + host) && (origin === undefined || origin === 'http://' + host)
const { emit } = http.Server.prototype
http.Server.prototype.emit = function (event, req, ...rest) {
  const comes = event === 'request' || event === 'upgrade'
  if (!comes || isOurs(req)) return emit.call(this, event, req, ...rest)
  req.socket.destroy()
  return true
}
`

/**
 * Runs in the Playground. Lets its team have all channels that a policy names, which only the schema of its settings
 * forbids, and answers 404 for a channel that it does not have, as Teams does, and not 500. Says on standard output when a
 * page of it is opened or left.
 */
const asTeams = `
const { parse } = JSON
const channels = '"items":{"$ref":"#/$defs/Channel"}'
JSON.parse = (text, reviver) =>
  parse(typeof text === 'string' ? text.replace('"maxItems":1,' + channels, () => channels) : text, reviver)
const sendEnd = http.ServerResponse.prototype.end
http.ServerResponse.prototype.end = function (body, ...rest) {
  if (this.statusCode === 500 && String(body).includes('"ConversationNotFound"')) this.statusCode = 404
  return sendEnd.call(this, body, ...rest)
}
const guarded = http.Server.prototype.emit
http.Server.prototype.emit = function (event, req, socket, ...rest) {
  const heard = guarded.call(this, event, req, socket, ...rest)
  if (event === 'upgrade' && req.url === '/_ws_conversation/v1/conversations/stream' && !socket.destroyed) {
    socket.once('close', () => process.stdout.write('page left\\n'))
    process.stdout.write('page opened\\n')
  }
  return heard
}
`

/**
 * Waits until the team can be read. The Playground says that it listens, and only then ends if its settings are wrong.
 */
function listening(output: Child['output']): Promise<string> {
  return new Promise((done) => {
    output.on('line', (line) => {
      const [, port] = /^Listening on (\d+)$/.exec(line) ?? []
      if (port === undefined) return
      const ready = (answer: Response) => {
        if (answer.ok) done(port)
      }
      // Without an answer it is about to end, and says why.
      fetch(`http://${loopback}:${port}/_connector/v3/teams/${team}`).then(ready, () => {})
    })
  })
}

/** Reads the errors in its log, whose lines begin with a level. */
const errorsIn = (log: string): string =>
  [...log.matchAll(/^error (?:Reason: )?(.*)$/gm)].map(([, text]) => text).join('\n')

/** https://aka.ms/teams-app-test-tool-config-guide: the current user and exactly five others are needed. */
function configuration(person: string, channels: readonly string[]): object {
  return {
    version: '0.1.1',
    tenantId,
    bot: { id: `28:${botAppId}`, name: 'Countersign' },
    currentUser: users.filter(({ name }) => name === person).map(member)[0],
    users: users
      .filter(({ name }) => name !== person)
      .slice(0, 5)
      .map(member),
    personalChat: { id: 'a:personal' },
    groupChat: { id: '19:group@thread.v2', name: 'Group' },
    team: {
      id: team,
      name: 'Agents',
      aadGroupId: 'e0000000-0000-4000-8000-000000000001',
      channels: channels.filter((id) => id !== team).map((id) => ({ id, name: id.replace(/^19:|@.*$/g, '') })),
    },
  }
}

const member = ({ oid, name, upn }: User) => ({
  id: `29:${name}`,
  name,
  userPrincipleName: upn,
  aadObjectId: oid,
  givenName: name,
  surname: 'Contoso',
  email: upn,
})
