import type { Row } from './row.ts'

const host = 'test/local/host.test.ts'

/** What other programs and web pages on a developer's machine reach. */
export const localRows: readonly Row[] = [
  {
    attack: 'A web page, or another program on the machine, uses the local stack in a person’s name',
    control:
      'The local host answers to this machine’s names alone; of web pages, only the Teams client’s reach the bot; the Teams client answers to its own page; the storage has a random key in a file of its owner',
    switches: [
      {
        name: 'local-names',
        file: 'src/local/host.ts',
        find: ' || !isHere(url.hostname)',
        replace: '',
        tests: { [host]: ['the host answers only for this machine: %s'] },
      },
      {
        name: 'local-pages',
        file: 'src/local/host.ts',
        find: 'pages.get(name)?.includes(req.headers.origin) === false',
        replace: 'false',
        tests: { [host]: ['a function that has pages of its own is called by no others: %s'] },
      },
      {
        name: 'playground-page',
        file: 'src/local/playground.ts',
        find: "(origin === undefined || origin === 'http://' + host)",
        replace: "isHere(origin ?? 'http://localhost')",
        tests: { 'test/local/playground.test.ts': ['the playground answers only to this machine: %s'] },
      },
      {
        name: 'storage-key',
        file: 'src/local/azurite.ts',
        find: "const made = () => randomBytes(64).toString('base64')",
        replace:
          "const made = () => randomBytes(0).toString('base64') || 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='",
        tests: {
          'test/local/azurite.test.ts': [
            'Azurite has a key that nobody else knows, in a file that only its owner may read',
          ],
        },
      },
    ],
  },
]
