import type { Row } from './row.ts'

const door = 'test/github/door.test.ts'
const faults = 'test/github/faults.test.ts'
const deployment = 'test/github/deployment.test.ts'
const azure = 'test/azureDevOps/door.test.ts'
const refused = 'a call is refused, nothing is recorded, and nobody is called: › %s'
const refusedByAzure = 'a call is refused, and nothing is recorded: %s'
const lost = 'GitHub answers with %s › for %s: one decision, and after the redemption'

/** Those who would let a pipeline go on without people, or have the service call where it must not. */
export const pipelineRows: readonly Row[] = [
  {
    attack: 'Somebody forges an event of GitHub, or sends one of a repository that policy does not know',
    control:
      'The signature over the raw body comes first, in constant time; installation, number and name of the repository, and the environment are those of `approvers.json`',
    switches: [
      {
        name: 'github-signature',
        file: 'src/github/signature.ts',
        find: "    if (!timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(bytes).digest())) throw forged()\n",
        replace: '',
        tests: { [door]: [refused] },
      },
      {
        name: 'github-secret',
        file: 'src/github/signature.ts',
        find: "  if (secret === '') throw new Error('The door for GitHub needs a secret.')\n",
        replace: '',
        tests: { [door]: ['there is no door without a secret'] },
      },
      {
        name: 'github-installation',
        file: 'src/github/deployment.ts',
        find: "    if (registration.installation !== place.installation) throw unknown('/installation/id', 'This installation')\n",
        replace: '',
        tests: { [door]: [refused] },
      },
      {
        name: 'github-name',
        file: 'src/github/deployment.ts',
        find: "    if (repository.name !== place.repository.name) throw unknown('/repository/full_name', 'A repository of this name')\n",
        replace: '',
        tests: { [door]: [refused] },
      },
      {
        name: 'github-environment',
        file: 'src/github/deployment.ts',
        find: 'repository.environments.get(place.environment)\n',
        replace: "repository.environments.get(place.environment) ?? 'production'\n",
        tests: { [door]: [refused] },
      },
      {
        name: 'github-agent',
        file: 'src/http/principal.ts',
        find: '  if (policy.gitHub(agent.id) !== null)\n',
        replace: '  if (policy.gitHub(agent.id) === undefined)\n',
        tests: { 'test/http/principal.test.ts': ['an agent that stands for GitHub calls nothing itself'] },
      },
    ],
  },
  {
    attack: 'A payload names an address to answer to, where a token of the app would be caught',
    control:
      'Addresses are made of the configured API and registered names; the one in the payload must agree, and is never called; no redirect is followed; each token is for one repository and one right',
    switches: [
      {
        name: 'github-address',
        file: 'src/github/payload.ts',
        find: '  if (!address.startsWith(start) || run === undefined)\n',
        replace: '  if (run === undefined)\n',
        tests: { [door]: [refused] },
      },
      {
        name: 'github-redirect',
        file: 'src/github/api.ts',
        find: "      redirect: 'manual',\n",
        replace: '',
        tests: { [faults]: ['a redirect is not followed: the token is for GitHub alone'] },
      },
      {
        name: 'github-one-repository',
        file: 'src/github/api.ts',
        find: '{ repository_ids: [repository], permissions }',
        replace: '{}',
        tests: { [faults]: ['each token is for one repository, and for what the call does alone'] },
      },
    ],
  },
  {
    attack:
      'A pipeline goes on twice, by a decision that is not the one of people, or by an approval that is used elsewhere',
    control:
      'The approval is used up, and the archive has that, before the pipeline hears of it; the policy in force judges again; a lost answer counts as done only if the reviews have ours; one event is one request',
    switches: [
      {
        name: 'gate-standing',
        file: 'src/approvals/gateUse.ts',
        find: '    checkOpensGate(request)\n',
        replace: '',
        tests: {
          'test/azureDevOps/standing.test.ts': [
            'a standing approval and a use of it open no gate, though the agent asked for the very action of the gate',
          ],
        },
      },
      {
        name: 'gate-standing-told',
        file: 'src/github/deployment.ts',
        find: '  if (request.under !== undefined || request.standing !== undefined) return null\n',
        replace: '',
        tests: {
          'test/azureDevOps/standing.test.ts': [
            'GitHub is told nothing of a standing approval of a deployment, or of a use of it',
          ],
        },
      },
      {
        name: 'gate-end',
        file: 'src/approvals/gateUse.ts',
        find: '  await parts.ends.next(used)\n',
        replace: '',
        tests: {
          [faults]: ['while the archive does not take the end of a request, GitHub is not told'],
          [azure]: ['while the archive does not take the end, no call is told of an approval'],
        },
      },
      {
        name: 'gate-policy',
        file: 'src/approvals/gateUse.ts',
        find: '    return forbidden(parts, request, at) ?? step\n',
        replace: '    return step\n',
        tests: {
          [deployment]: [
            'what policy alone answers › an approval that policy forbids meanwhile is revoked, and the deployment rejected',
          ],
          [azure]: ['a stage does not go on: %s'],
        },
      },
      {
        name: 'gate-one-redemption',
        file: 'src/approvals/gateUse.ts',
        find: 'sha256(`gate ${id}`)',
        replace: 'sha256(`gate ${id} ${Math.random()}`)',
        tests: {
          [faults]: [lost],
          [azure]: ['an approval is used up before a call is told, and every later call is told the same'],
        },
      },
      {
        name: 'gate-used-first',
        file: 'src/delivery/gates.ts',
        find: "  if (isUsed) return { state: 'approved', words }\n",
        replace: "  if (request.status !== 'pending') return { state: 'approved', words }\n",
        tests: { [deployment]: ['a deployment that waits at GitHub › is rejected when its request is %s'] },
      },
      {
        name: 'gate-told-once',
        file: 'src/delivery/gates.ts',
        find: '  if (row.at !== undefined || isGivenUp(',
        replace: '  if (isGivenUp(',
        tests: {
          [deployment]: [
            'a deployment that waits at GitHub › goes on once it is approved: the approval is used up first, and GitHub is told once',
          ],
        },
      },
      {
        name: 'github-ours',
        file: 'src/github/gate.ts',
        find: '    if (isDecidedBy(reviews.body, { environment, state, id })) return { sent: null }\n',
        replace: '    return { sent: null }\n',
        tests: {
          [faults]: ['a decision of another kind than ours is left alone, and the log says that ours was not taken'],
        },
      },
      {
        name: 'azure-used-first',
        file: 'src/azureDevOps/door.ts',
        find: "  return { status: isUsed ? 'approved' :",
        replace: "  return { status: isUsed || request.status === 'approved' ? 'approved' :",
        tests: { [azure]: ['a stage does not go on: %s'] },
      },
    ],
  },
  {
    attack: 'Who starts a run approves it',
    control:
      'The request is made on behalf of the person whom policy names for the account there, by a number that never changes',
    switches: [
      {
        name: 'github-who',
        file: 'src/github/deployment.ts',
        find: 'person === null ? {} : { onBehalfOf: person }',
        replace: '{}',
        tests: { [deployment]: ['who started the run › cannot approve it'] },
      },
      {
        name: 'azure-who',
        file: 'src/azureDevOps/door.ts',
        find: 'by ? policy.personInAzureDevOps(by.id) : null',
        replace: 'null',
        tests: { [azure]: ['who started the run cannot approve it, where policy names them'] },
      },
    ],
  },
  {
    attack: 'A check of Azure DevOps comes from an organization, project or environment that policy does not know',
    control: 'All three are those of the agent’s registration, and a variable that was not filled in is refused',
    switches: [
      {
        name: 'azure-organization',
        file: 'src/azureDevOps/door.ts',
        find: "  if (registration.organization !== stage.organization) throw unknown('This organization (the header PlanUrl)')\n",
        replace: '',
        tests: { [azure]: [refusedByAzure] },
      },
      {
        name: 'azure-project',
        file: 'src/azureDevOps/door.ts',
        find: '({ id }) => id === stage.project',
        replace: '() => true',
        tests: { [azure]: [refusedByAzure] },
      },
      {
        name: 'azure-environment',
        file: 'src/azureDevOps/door.ts',
        find: "  if (!project.environments.has(stage.environment)) throw unknown('This environment')\n",
        replace: '',
        tests: { [azure]: [refusedByAzure] },
      },
      {
        name: 'azure-variables',
        file: 'src/azureDevOps/payload.ts',
        find: '/\\$\\(/.test(value)',
        replace: 'value === null',
        tests: { [azure]: ['a variable that was not filled in is named with its field'] },
      },
    ],
  },
  {
    attack: 'What people wrote about a private request is read in a pipeline by everybody',
    control: 'Comments name no person, and have no reason of a request that is private',
    switches: [
      {
        name: 'gate-private',
        file: 'src/words/gateText.ts',
        find: ' && !request.requirement?.private',
        replace: '',
        tests: {
          [deployment]: ['a deployment that waits at GitHub › has no reason in its comment if the rule is private'],
        },
      },
    ],
  },
  {
    attack: 'A step of GitHub Actions runs another command line tool than the one that was reviewed',
    control: 'The file is run only if its SHA-256 is the one of the input',
    switches: [
      {
        name: 'action-digest',
        file: 'integrations/github-action/main.mjs',
        find: 'if (found !== sha256) throw',
        replace: 'if (found === sha256 && found === "") throw',
        tests: {
          'test/integrations/githubAction.test.ts': ['a command that is downloaded › is not run if it is another'],
        },
      },
    ],
  },
]
