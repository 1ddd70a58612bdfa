import { createServer } from 'node:net'
import { checkPorts, listen, PortInUse } from '../../src/local/port.ts'

const server = createServer()
let taken = 0
beforeAll(async () => {
  taken = await listen(server, 0)
})
afterAll(() => server.close())

test('a port in use is named, with its purpose and its setting', async () => {
  const wanted = [
    { port: 0, purpose: 'the API', setting: 'COUNTERSIGN_PORT' },
    { port: taken, purpose: 'the identity provider', setting: 'COUNTERSIGN_IDENTITY_PORT' },
  ]
  const refusal = await checkPorts(wanted).catch((cause: unknown) => cause)
  expect(refusal).toBeInstanceOf(PortInUse)
  expect(String(refusal)).toMatch(new RegExp(`${taken}.*the identity provider.*COUNTERSIGN_IDENTITY_PORT`))
})

test('one port for two purposes is refused, and a free port is still free afterwards', async () => {
  server.close()
  const api = { port: taken, purpose: 'the API', setting: 'COUNTERSIGN_PORT' }
  await expect(checkPorts([api, { ...api, purpose: 'tables' }])).rejects.toThrow(/wanted for the API too/)
  await expect(checkPorts([api])).resolves.toBeUndefined()
  await expect(checkPorts([api])).resolves.toBeUndefined()
})
