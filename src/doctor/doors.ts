import { slackSettings } from '../slack/settings.ts'
import { type Diagnosis, runbook, warns, well, wrong } from './diagnosis.ts'
import { documentIn, probe, type ProbeAnswer, type Unreached } from './probe.ts'

/** Calls all doors without a token or signature. Nothing is read or written, whatever they answer. */
export async function knockDoors(url: string): Promise<readonly Diagnosis[]> {
  const [api, bot, slack, ...pipelines] = await Promise.all([
    probe(`${url}/api/requests`),
    // Not an activity of Teams: a door that accepted it would have nothing to do.
    probe(`${url}/api/messages`, { method: 'POST', body: '{}' }),
    // Neither an interaction nor an event of Slack.
    probe(`${url}/api/slack`, { method: 'POST', body: '{}' }),
    // Neither signed by GitHub nor with a token.
    ...hooks.map(({ path }) => probe(`${url}${path}`, { method: 'POST', body: '{}' })),
  ])
  const ofPipelines = hooks.map((hook, i) => pipelineFrom(hook, pipelines[i] ?? api))
  return [apiFrom(api), botFrom(bot), slackFrom(slack), ...ofPipelines]
}

function apiFrom(reply: ProbeAnswer | Unreached): Diagnosis {
  if ('fault' in reply) return wrong('api', reply.fault, reply.remedy)
  if (isRefused(reply)) return well('api', 'it refuses a call without a token (401)')
  return wrong('api', answeredWith(reply), otherwise(reply))
}

function botFrom(reply: ProbeAnswer | Unreached): Diagnosis {
  if ('fault' in reply) return wrong('bot', reply.fault, reply.remedy)
  if (isRefused(reply)) return well('bot', 'it refuses a call that Teams has not signed (401)')
  if (reply.status === 404 && codeIn(reply) === 'not-found')
    return warns(
      'bot',
      'there is no bot here: requests are decided over HTTP alone',
      'A deployment has one. The local stack has one together with its Teams client.',
    )
  return wrong('bot', answeredWith(reply), otherwise(reply))
}

/** A deployment may do without Slack, so that it is well without it. */
function slackFrom(reply: ProbeAnswer | Unreached): Diagnosis {
  if ('fault' in reply) return wrong('slack', reply.fault, reply.remedy)
  if (isRefused(reply)) return well('slack', 'it refuses a call that Slack has not signed (401)')
  if (reply.status === 404 && codeIn(reply) === 'not-found')
    return well('slack', `there is no Slack here: none of ${Object.keys(slackSettings).join(', ')} is set`)
  return wrong('slack', answeredWith(reply), otherwise(reply))
}

/** Where pipelines ask. */
const hooks = [
  { of: 'GitHub', path: '/api/hooks/github' },
  { of: 'Azure DevOps', path: '/api/hooks/azure-devops' },
] as const

/** A deployment may do without pipelines. */
function pipelineFrom({ of }: (typeof hooks)[number], reply: ProbeAnswer | Unreached): Diagnosis {
  if ('fault' in reply) return wrong('pipelines', `the door for ${of}: ${reply.fault}`, reply.remedy)
  if (isRefused(reply)) return well('pipelines', `the door for ${of} refuses a stranger’s call (401)`)
  if (reply.status === 404 && codeIn(reply) === 'not-found') return well('pipelines', `${of} is not set up`)
  return wrong('pipelines', `the door for ${of}: ${answeredWith(reply)}`, otherwise(reply))
}

/** Whether the service itself refused the call, and not a proxy before it. */
const isRefused = (reply: ProbeAnswer): boolean => reply.status === 401 && codeIn(reply) === 'unauthenticated'

const codeIn = (reply: ProbeAnswer): unknown => documentIn(reply)?.['code']

const answeredWith = ({ status }: ProbeAnswer): string =>
  status < 300
    ? `it lets a stranger in (${status})`
    : `it answers a stranger with ${status}, and not with the 401 of the service`

function otherwise({ status }: ProbeAnswer): string {
  if (status < 300) return 'Stop the site: whatever answers here does not look at tokens.'
  if (status === 401 || status === 403)
    return 'Turn off what stands before the service: authentication of App Service, access restrictions, function keys.'
  if (status >= 500) return `Look into the log. ${runbook('a-part-is-failing')}`
  return 'Deploy the whole package: a function is missing, or another program answers.'
}
