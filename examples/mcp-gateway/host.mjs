// A host of MCP, in place of an agent: reads a file through the gateway, which policy allows, and writes one, which a
// person approves. Run it from the folder of the project, with the settings of the local stack in the environment.
import { resolve } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

const settings = Object.entries(process.env).filter(([name]) => name.startsWith('COUNTERSIGN_') || name === 'PATH')
const gateway = new StdioClientTransport({
  command: process.execPath,
  args: ['dist/countersign.cjs', 'mcp', 'examples/mcp-gateway/gateway.json'],
  env: Object.fromEntries(settings),
})
const host = new Client({ name: 'example', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
await host.connect(gateway)

const said = ({ content }) => content.map(({ text }) => text).join('\n')
const files = resolve('examples/mcp-gateway/files')
try {
  const read = await host.callTool({ name: 'read_text_file', arguments: { path: `${files}/greeting.txt` } })
  console.log(`read:  ${said(read)}`)
  console.log('write: waiting for a person of the group dba')
  const written = await host.callTool(
    {
      name: 'write_file',
      arguments: { path: `${files}/answer.txt`, content: 'Hello, too.\n', countersign_reason: 'Answer the greeting' },
    },
    { timeout: 3_600_000, onprogress: ({ message }) => console.log(`write: ${message}`) },
  )
  console.log(`write: ${said(written)}`)
} finally {
  await host.close()
}
