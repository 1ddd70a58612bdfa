import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Policy } from '../ports/policy.ts'
import { tenantId, type User, users } from './accounts.ts'
import { botAppId } from './bot.ts'
import { type Child, startChild } from './child.ts'
import { loopback } from './port.ts'

/** The Microsoft 365 Agents Playground: a Teams client that runs on this machine. What it shows is in its memory alone. */
export interface Playground extends Pick<Child, 'pid' | 'ended' | 'close'> {
  /** For browsers. */
  readonly url: string
  /** Where it plays the Bot Connector. */
  readonly connectorUrl: string
  /** The name of the person who sits before it. */
  readonly person: string
}

export interface PlaygroundOptions {
  /** 0 is a port that the system chooses. */
  readonly port: number
  /** Keeps its configuration and its log. */
  readonly folder: string
  /** Where the bot hears of activities. */
  readonly messagesUrl: string
  /** Ids of the channels of its one team. It has room for two, and shows the second as General. */
  readonly channels: readonly string[]
  /** Who sits before it: an account of the local tenant. */
  readonly person?: string
}

/**
 * Starts the Playground as a child process and waits until it knows our team.
 *
 * @throws {Error} that says why, in the Playground's words, if it ends before.
 */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { port, folder, messagesUrl, channels, person = 'dba-1' } = options
  const [channel = '19:approvals@thread.tacv2', team = '19:general@thread.tacv2'] = channels
  const config = join(folder, '.m365agentsplayground.yml')
  const log = join(folder, 'log.txt')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(config, JSON.stringify(configuration(person, channel, team), null, 2)) // JSON is YAML
  const { started, output, ...child } = startChild({
    name: 'The Agents Playground, the local Teams client',
    program: createRequire(import.meta.url).resolve('@microsoft/m365agentsplayground/cli.js'),
    args: ['start', '-e', messagesUrl, '-c', 'msteams', '-p', String(port), '--disable-telemetry'],
    folder,
    env: {
      ...process.env,
      M365_AGENTS_PLAYGROUND_CONFIG_PATH: config,
      M365_AGENTS_PLAYGROUND_LOGFILE: log,
      TEAMSAPPTESTER_BROWSER: 'none', // it would open one
      APPLICATION_INSIGHTS_NO_STATSBEAT: 'true', // it would report that it does not report
      NO_PROXY: loopback,
    },
    first: onlyForUs,
    words: async () => errorsIn(await readFile(log, 'utf8')),
    patience: { start: 60_000, stop: 5_000 },
  })
  const url = `http://${loopback}:${await started(listening(output, team))}`
  return { ...child, url, connectorUrl: `${url}/_connector`, person }
}

/** Every channel that the policy names: of the groups, then of compliance. */
export function channelsIn(policy: Pick<Policy, 'groups' | 'complianceChannel'>): readonly string[] {
  const compliance = policy.complianceChannel()
  return [...new Set([...policy.groups().flatMap(({ channels }) => channels), ...(compliance ? [compliance] : [])])]
}

/**
 * Bound to every address of the machine, the Playground would let the whole network approve in somebody's name; and it
 * takes what any web page sends that this person visits.
 */
const onlyForUs = `
import http from 'node:http'
import net from 'node:net'
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '${loopback}', ...rest)
}
const isHere = (url) => URL.canParse(url) && ['${loopback}', 'localhost'].includes(new URL(url).hostname)
const isOurs = ({ headers }) => isHere('http://' + headers.host) && isHere(headers.origin ?? 'http://localhost')
const { emit } = http.Server.prototype
http.Server.prototype.emit = function (event, req, ...rest) {
  const comes = event === 'request' || event === 'upgrade'
  if (!comes || isOurs(req)) return emit.call(this, event, req, ...rest)
  req.socket.destroy()
  return true
}
`

/** It says that it listens, and then ends if its configuration is wrong: so it is asked for what that defines. */
function listening(output: Child['output'], team: string): Promise<string> {
  return new Promise((done) => {
    output.on('line', (line) => {
      const [, port] = /^Listening on (\d+)$/.exec(line) ?? []
      if (port === undefined) return
      const ready = (answer: Response) => {
        if (answer.ok) done(port)
      }
      // no answer: it is about to end, and says why
      fetch(`http://${loopback}:${port}/_connector/v3/teams/${team}`).then(ready, () => {})
    })
  })
}

/** Its errors go to its log, line by line with their level. */
const errorsIn = (log: string): string =>
  [...log.matchAll(/^error (?:Reason: )?(.*)$/gm)].map(([, text]) => text).join('\n')

/** https://aka.ms/teams-app-test-tool-config-guide; it wants a person and exactly five others. */
function configuration(person: string, channel: string, team: string): object {
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
      channels: [{ id: channel, name: channel.replace(/^19:|@.*$/g, '') }],
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
