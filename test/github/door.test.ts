import { deliveryCheck } from '../../src/github/signature.ts'
import { codeOf } from '../support/world.ts'
import { delivered, gitHubApp, waitingPayload } from '../support/gitHubDouble.ts'
import { type Scene, scene } from './scene.ts'

let here: Scene

beforeAll(async () => {
  here = await scene()
})

afterAll(() => here.github.close())

const event = 'deployment_protection_rule'
const call = delivered(event, waitingPayload(5))
const changed = (more: Readonly<Record<string, unknown>>) => delivered(event, waitingPayload(5, more))
const foreign = (address: string) => changed({ deployment_callback_url: address })
const { repository } = gitHubApp

describe('a call is refused, nothing is recorded, and nobody is called:', () => {
  afterEach(() => {
    expect(here.here.ledger.posts.size).toBe(0)
    expect(here.github.calls).toEqual([])
  })

  test.each<[string, Parameters<Scene['door']>[0], string]>([
    ['no signature', { ...call, signature: null }, 'unauthenticated'],
    ['an empty signature', { ...call, signature: '' }, 'unauthenticated'],
    ['a signature of another secret', delivered(event, waitingPayload(5), 'another-secret'), 'unauthenticated'],
    [
      'a signature of other bytes',
      { ...call, bytes: Buffer.concat([call.bytes, Buffer.from(' ')]) },
      'unauthenticated',
    ],
    ['a SHA-1 signature', { ...call, signature: call.signature.replace('sha256', 'sha1') }, 'unauthenticated'],
    ['a signature in upper case', { ...call, signature: call.signature.toUpperCase() }, 'unauthenticated'],
    ['a doubled key', delivered(event, '{"action":"requested","action":"requested"}'), 'invalid-json'],
    ['a form', delivered(event, 'payload=%7B%7D'), 'invalid-json'],
    ['a list', delivered(event, []), 'invalid-input'],
    ['another installation', changed({ installation: { id: 78 } }), 'not-permitted'],
    ['no installation', changed({ installation: undefined }), 'invalid-input'],
    [
      'another repository',
      changed({ repository: { ...repository, id: 2, full_name: repository.name } }),
      'not-permitted',
    ],
    [
      'the name of the repository for another',
      changed({ repository: { id: 3, full_name: repository.name } }),
      'not-permitted',
    ],
    [
      'a repository that was renamed',
      changed({
        repository: { id: repository.id, full_name: 'contoso/store' },
        deployment_callback_url: 'https://api.github.com/repos/contoso/store/actions/runs/5/deployment_protection_rule',
      }),
      'not-permitted',
    ],
    ['another environment', changed({ environment: 'staging' }), 'not-permitted'],
    ['the environment in upper case', changed({ environment: 'Production' }), 'not-permitted'],
    ['another action', changed({ action: 'approved' }), 'invalid-input'],
    ['no commit', changed({ sha: undefined, deployment: { id: 1 } }), 'invalid-input'],
    ['no commit’s hash', changed({ sha: 'main' }), 'invalid-input'],
    ['no sender', changed({ sender: undefined }), 'invalid-input'],
    [
      'an address of another host',
      foreign('https://evil.example/repos/contoso/shop/actions/runs/5/deployment_protection_rule'),
      'not-permitted',
    ],
    [
      'an address of a host with as long a name',
      foreign('https://api.github.org/repos/contoso/shop/actions/runs/5/deployment_protection_rule'),
      'not-permitted',
    ],
    [
      'an address of another repository',
      foreign('https://api.github.com/repos/evil/shop/actions/runs/5/deployment_protection_rule'),
      'not-permitted',
    ],
    [
      'an address with a user',
      foreign('https://api.github.com@evil.example/repos/contoso/shop/actions/runs/5/deployment_protection_rule'),
      'not-permitted',
    ],
    [
      'an address with more behind',
      foreign('https://api.github.com/repos/contoso/shop/actions/runs/5/deployment_protection_rule?x'),
      'not-permitted',
    ],
    [
      'an address with steps back',
      foreign('https://api.github.com/repos/contoso/shop/actions/runs/5/../6/deployment_protection_rule'),
      'not-permitted',
    ],
    [
      'an address without a run',
      foreign('https://api.github.com/repos/contoso/shop/actions/runs//deployment_protection_rule'),
      'not-permitted',
    ],
  ])('%s', async (_what, given, code) => {
    expect(await codeOf(here.door(given))).toBe(code)
  })
})

test('there is no door without a secret', () => {
  expect(() => deliveryCheck('')).toThrow('needs a secret')
})

test('the answer to a forger is the same for every fault', async () => {
  const words = await Promise.all(
    [null, '', 'sha256=00', `sha256=${'0'.repeat(64)}`].map((signature) =>
      here.door({ ...call, signature }).catch((cause: unknown) => (cause as Error).message),
    ),
  )
  expect(new Set(words).size).toBe(1)
})
