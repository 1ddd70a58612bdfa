import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RequestId } from '../../src/core/data/id.ts'
import { gitHubDoor } from '../../src/github/door.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { versionOf } from '../../src/core/record/policyVersion.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import { buildProgram, type Program } from '../cli/program.ts'
import { folder, signingKey, zipName } from '../evidence/bundle.ts'
import { at, day, keepPolicy, sealer } from '../evidence/days.ts'
import { bot, dba, needs, rosterText, slot } from '../support/build.ts'
import { policyTexts } from '../support/policyTexts.ts'
import { fakePolicy } from '../support/fakes.ts'
import { delivered, gitHubApp, waitingPayload } from '../support/gitHubDouble.ts'
import { agent, world as newWorld, roster, type World } from '../support/world.ts'

let program: Program
let days: Sealed
let request: RequestId

/** A policy with a rule for deployments. */
const files: ReadonlyMap<string, string> = new Map([
  ...[
    ...policyTexts(rosterText, [
      { id: 'deploy-needs-dba', file: 'approve.cedar', verbs: ['github.deploy'], notes: { approvers: 'dba' } },
    ]),
  ].filter(([name]) => name.endsWith('.json')),
  ['cards/channel.json', '{}'],
])
const version = versionOf([...files].map(([name, text]) => [name, sha256(text)]))
const date = day(4)

/** A day with one deployment, as files. */
interface Sealed {
  readonly place: ReturnType<typeof folder>
  readonly pem: string
  readonly bundle: string
  readonly said: string
}

async function sealed(): Promise<Sealed> {
  const place = folder()
  const { signer, pem } = await signingKey()
  const world = await newWorld(() => needs([slot('dba')], { rules: ['deploy-needs-dba'] }), { version })
  world.clock.set(at(4, '12:00:00'))
  await deployed(world)
  const sealing = await sealer({ ledger: world.ledger, spool: place.path, signer })
  const { archive, seals, clock } = sealing
  await keepPolicy(archive, { version, files })
  await sealing.run()
  let said = ''
  for await (const line of await saidOf({ ledger: world.ledger, seals, clock }, date)) said += line
  return {
    ...{ place, pem: place.write('log.pem', pem), said: place.write('said.jsonl', said) },
    bundle: place.write(zipName(date), Buffer.from((await archive.read(`bundles/${date}.zip`)) ?? [])),
  }
}

beforeAll(async () => {
  program = await buildProgram()
  days = await sealed()
})
afterAll(() => {
  program.end()
  days.place.clean()
})

/** A deployment from its event to its end, approved by one person. */
async function deployed({ approvals, ledger }: World): Promise<void> {
  const repository = { ...gitHubApp.repository, environments: new Map([['production', 'production']]) }
  const gitHubs = [{ agent: bot, installation: gitHubApp.installation, repositories: [repository] }]
  const door = gitHubDoor({
    policy: fakePolicy(roster({ agents: [agent(bot)], gitHubs })),
    ...{ approvals, settings: { secret: gitHubApp.secret, api: 'https://api.github.com' } },
    ...{ api: async () => 'no-answer', tellSoon: async () => undefined, failed: () => undefined },
  })
  const asked = await door(delivered('deployment_protection_rule', waitingPayload(4_711)))
  request = asked.request as RequestId
  const digest = (await ledger.find(request))?.digest
  if (!digest) throw new Error('There is no request.')
  await approvals.decide(request, {
    approver: dba,
    verdict: 'approve',
    reason: 'Tested.',
    seen: { via: 'cli', digest },
  })
  await approvals.useForGate(request)
  const { repository: ours, installation } = waitingPayload(4_711)
  const ended = { deployment_status: { state: 'success' }, deployment: { id: 5_711, environment: 'production' } }
  await door(delivered('deployment_status', { repository: ours, installation, ...ended, workflow_run: { id: 4_711 } }))
}

test('the evidence of a deployment verifies, and shows who started it, which run and which commit, and who approved', async () => {
  const { bundle, pem, said } = days
  const checked = [bundle, '--key', pem, '--said', said]
  expect(await program.run(['verify', ...checked])).toMatchObject({ code: 0, stderr: '' })
  const out = join(days.place.path, 'report.html')
  const reported = await program.run(['report', ...checked, '--out', out])
  expect(reported).toMatchObject({ code: 0 })
  const [, story = ''] = readFileSync(out, 'utf8').split(`id="${request}"`)
  const text = (story.split(/<(?:article|section)[ >]/)[0] ?? story).replaceAll(/<[^>]+>/g, ' ')
  for (const shown of [
    'github.deploy',
    'octocat',
    '583231',
    '4711',
    'contoso/shop',
    'a'.repeat(40),
    'Tested.',
    'succeeded',
  ])
    expect(text).toContain(shown)
  expect(text).toContain('Person 11')
})
