import { join } from 'node:path'
import { unmet } from './demands.ts'
import { type Evaluated, evaluate } from '../bicep/evaluate.ts'
import type { Plain } from '../bicep/functions.ts'
import type { Flaw } from '../bicep/syntax.ts'

/** Parameters of main.bicep, by their names. */
export type Parameters = Readonly<Record<string, Plain>>

const [given, auditors] = ['00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-0000000000c2']
const workspaces =
  '/subscriptions/00000000-0000-4000-8000-0000000000c5/resourceGroups/security/providers/Microsoft.OperationalInsights/workspaces'
const teamsAppId = '00000000-0000-4000-8000-0000000000c4'

/** Deployments that differ in everything that a parameter can choose. */
export const parameterSets = {
  small: { name: 'prod', location: 'westeurope' },
  private: {
    ...{ name: 'prod', location: 'westeurope', private: true, hsm: true, zoneRedundant: true, geoRedundant: true },
    ...{ evidenceDays: 0, alwaysReady: 0, instanceMemory: 4096, cloud: 'gcc', teamsAppId },
    ...{ slackAppId: 'A0000000001', slackTeamId: 'T0000000001', slackOldSecret: true },
    ...{ gitHubAppId: '123456', gitHubApi: 'https://api.contoso.ghe.com' },
    ...{ sinks: true, sentinelWorkspaceId: `${workspaces}/sentinel`, sentinelLocation: 'northeurope' },
    ...{ auditors: [auditors], operators: ['operator@contoso.example', 'other@contoso.example'] },
  },
  given: {
    ...{ name: 'a-b-c-d-e-f1', location: 'usgovvirginia', cloud: 'gcc-high', evidenceLocked: true, backup: true },
    ...{ apiAppId: given, clients: 'cli=00000000-0000-4000-8000-0000000000c3' },
    sentinelWorkspaceId: `${workspaces}/siem`,
    ...{
      policyRef: '4d13ddb by Ann Li, CHG0031337',
      stepUp: 'c1',
      witness:
        'https://witness.contoso.example witness.contoso.example/w1+70acfe42+BBdSBLck1eDq7+mBD7Y/DXhLwkWwXaz1YOhM+5xszbGl',
      origin: 'approvals.contoso.example/evidence',
      baseUrl: 'https://approvals.contoso.example',
    },
  },
} as const satisfies Readonly<Record<string, Parameters>>

/** Evaluates the templates of a folder, and says what is wrong with them, and with what they deploy. */
export function check(folder: string, parameters: Parameters): Evaluated {
  const evaluated = evaluate(join(folder, 'main.bicep'), parameters)
  // What is missing because of a flaw is no second one.
  const flaws: readonly Flaw[] = evaluated.flaws.length > 0 ? evaluated.flaws : unmet(evaluated, parameters)
  return { ...evaluated, flaws }
}
