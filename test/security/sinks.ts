import type { Row } from './row.ts'

const hook = 'test/webhook/webhook.test.ts'
const addresses = 'test/webhook/publicAddress.test.ts'
const signature = 'test/webhook/signature.test.ts'
const sentinel = 'test/azure/sentinel.test.ts'
const file = 'test/sinksFile.test.ts'
const sinks = 'test/sinks/sinks.test.ts'
const authentic = 'test/sinks/authentic.test.ts'
const crashes = 'test/sinks/crashes.test.ts'
const cursors = 'test/ports/sinkCursors.test.ts'
const typo = '%s is refused by line, member and rule'

/** Those who would lead the events elsewhere, or have receivers told of what never happened. */
export const sinkRows: readonly Row[] = [
  {
    attack: 'The address of a webhook leads this service to what only it can reach, now or after its name has changed',
    control:
      'An https address has a name, and each connection is made to an address that was found to be public, of a name all of whose addresses are; nothing is followed',
    switches: [
      {
        name: 'hook-address',
        file: 'src/webhook/hookCall.ts',
        find: 'found.every(({ address }) => isPublicAddress(address))',
        replace: 'found.every(({ address }) => address)',
        tests: {
          [hook]: [
            'the address › that leads to %s is not called',
            'the address › is looked up at each run: a name that leads elsewhere later is not called there',
            'the address › of this machine is refused by the agent that a deployment has, before it connects',
          ],
        },
      },
      {
        name: 'hook-all-addresses',
        file: 'src/webhook/hookCall.ts',
        find: 'found.every(({ address })',
        replace: 'found.some(({ address })',
        tests: { [hook]: ['the address › that leads to %s is not called'] },
      },
      {
        name: 'hook-embedded-address',
        file: 'src/webhook/publicAddress.ts',
        find: "globalUnicast.check(address, 'ipv6') && ",
        replace: '',
        tests: { [addresses]: ['%s is not public', 'no form of an IPv4 address inside of an IPv6 address is public'] },
      },
      {
        name: 'hook-6to4',
        file: 'src/webhook/publicAddress.ts',
        find: ", '2002::/16'",
        replace: '',
        tests: { [addresses]: ['no form of an IPv4 address inside of an IPv6 address is public'] },
      },
      {
        name: 'hook-azure-host',
        file: 'src/webhook/publicAddress.ts',
        find: "'168.63.129.16/32', ",
        replace: '',
        tests: { [addresses]: ['%s is not public'] },
      },
      {
        name: 'hook-name',
        file: 'src/webhook/hookAddress.ts',
        find: "  if (isIP(url.hostname.replace(/^\\[|\\]$/g, '')) !== 0) return 'it has a name and no IP address'\n",
        replace: '',
        tests: { [addresses]: ['%s is no address of a hook'], [file]: [typo] },
      },
      {
        name: 'hook-https',
        file: 'src/webhook/hookAddress.ts',
        find: "  if (url.protocol !== 'https:') return 'it begins with https://'\n",
        replace: '',
        tests: { [addresses]: ['%s is no address of a hook'], [file]: [typo] },
      },
      {
        name: 'hook-certificate',
        file: 'src/webhook/hookCall.ts',
        find: 'rejectUnauthorized: true',
        replace: 'rejectUnauthorized: false',
        tests: { [hook]: ['the address › has to prove its name'] },
      },
      {
        name: 'hook-redirect',
        file: 'src/webhook/webhook.ts',
        find: "  if (status >= 300 && status < 400) return { why: 'redirected' }\n",
        replace: '  if (status >= 300 && status < 400) return null\n',
        tests: { [hook]: ['an answer › %d is a failure, and is not followed'] },
      },
      {
        name: 'sentinel-redirect',
        file: 'src/azure/sentinel.ts',
        find: "      redirect: 'manual', // The token is for this host alone.\n",
        replace: '',
        tests: { [sentinel]: ['%j is a failure, and nothing was taken'] },
      },
      {
        name: 'hook-endless-answer',
        file: 'src/webhook/hookCall.ts',
        find: '        if (size > mostOfBody) answer.destroy()\n',
        replace: '',
        tests: { [hook]: ['an answer › with an endless body counts by its status'] },
      },
    ],
  },
  {
    attack: '`sinks.json` sends a token or a secret of this service to another host',
    control: 'Secrets are read from Key Vault, and tokens go to Azure Monitor of the cloud, by whole host names',
    switches: [
      {
        name: 'sink-secret-host',
        file: 'src/sinksFile.ts',
        find: '/secrets/[A-Za-z0-9-]+$`)',
        replace: '|vault.*`)',
        tests: { [file]: [typo] },
      },
      {
        name: 'sink-token-host',
        file: 'src/sinksFile.ts',
        find: "\\\\.ingest\\\\.${hostOf(monitor).replaceAll('.', '\\\\.')}$`)",
        replace: '\\\\.ingest\\\\.${hostOf(monitor)}$`)',
        tests: { [file]: [typo] },
      },
    ],
  },
  {
    attack: 'Somebody sends a receiver events in the name of this service, or changes one on its way',
    control: 'Each event is signed with its id, the moment and its whole text, by a secret of at least 24 bytes',
    switches: [
      {
        name: 'hook-signature',
        file: 'src/webhook/signature.ts',
        find: '.update(`${id}.${timestamp}.${body}`)',
        replace: '.update(`${id}.${timestamp}.`)',
        tests: {
          [signature]: ['the reference library verifies a signature', 'the published example has this signature'],
          [hook]: ['a receiver › verifies each event with the reference library, and computes its leaf hash again'],
        },
      },
      {
        name: 'hook-secret-form',
        file: 'src/webhook/signature.ts',
        find: 'isWhole && key.length >= 24 && ',
        replace: '',
        tests: { [signature]: ['a secret that %s is none'] },
      },
    ],
  },
  {
    attack: 'Somebody who can write the tables has receivers told of what never happened, or not told of what did',
    control:
      'An event is sent only if the service wrote it and it follows the one that was sent before; cursors are authenticated, too',
    switches: [
      {
        name: 'sink-mac',
        file: 'src/azure/stream.ts',
        find: '  const { origin } = macs\n',
        replace: '  const { origin } = macs\n  if (origin) return Promise.resolve(eventFrom(seq, row))\n',
        tests: {
          [authentic]: [
            'a row of an event that the service did not write › that %s is not sent, nor is any after it, and that is told',
          ],
        },
      },
      {
        name: 'sink-chain',
        file: 'src/sinks/pass.ts',
        find: 'if (events[0]?.event.prev === cursor.hash) return',
        replace: 'if (events.length > 0) return',
        tests: {
          [authentic]: ['a chain that was repaired › is told from one that was replaced without a repair'],
        },
      },
      {
        name: 'sink-cursor',
        file: 'src/azure/sinkCursors.ts',
        find: "    return { cursor: await this.#believed(shard, row), version: textIn(row, 'etag') }\n",
        replace:
          "    return { cursor: JSON.parse(String(row['value'])) as SinkCursor, version: textIn(row, 'etag') }\n",
        tests: { [cursors]: ['a row › that was edited is not believed'] },
      },
      {
        name: 'sink-ask',
        file: 'src/sinks/feed.ts',
        find: "event?.type === 'requested' && event.request === id ?",
        replace: "event?.type === 'requested' ?",
        tests: { [sinks]: ['every event › says nothing of an ask that cannot be believed'] },
      },
    ],
  },
  {
    attack: 'A crash, a race of two processes or a receiver that is down leaves out an event',
    control:
      'A cursor moves after its receiver has taken the events, past those alone, under a claim that one process has',
    switches: [
      {
        name: 'sink-taken-first',
        file: 'src/sinks/cursor.ts',
        find: '  const last = events[taken - 1]\n',
        replace: '  const last = events.at(-1)\n',
        tests: {
          [sinks]: [
            'every event › is sent in several calls, where a sink takes only some',
            'an event that is not taken › comes again after the events that were taken',
          ],
          [crashes]: ['killed at any point, every sink ends with every event, in order'],
        },
      },
      {
        name: 'sink-claim',
        file: 'src/sinks/cursor.ts',
        find: "    return 'claimed'\n",
        replace: '    return null\n',
        tests: { [sinks]: ['one process at a time › sends the events of a shard to a sink'] },
      },
      {
        name: 'sink-line',
        file: 'src/azure/exportBlobs.ts',
        find: '      const conditions = { appendPosition: end.size }\n',
        replace: '      const conditions = {}\n',
        tests: {
          'test/azure/exportBlobs.test.ts': ['a call that is %s tears no line and doubles none'],
        },
      },
    ],
  },
  {
    attack: 'A receiver learns more than it needs, as which accounts a voter has',
    control: 'A sink may be configured to leave out the text of the log; what people write is in no event',
    switches: [
      {
        name: 'hook-raw-data',
        file: 'src/webhook/webhook.ts',
        find: '  if (rawData) return event\n',
        replace: '  if (rawData || true) return event\n',
        tests: { [hook]: ['a receiver › that was configured so gets no leaf'] },
      },
      {
        name: 'line-raw-data',
        file: 'src/azure/ocsfSink.ts',
        find: 'ocsfEvent(told, by, { rawData })',
        replace: 'ocsfEvent(told, by, { rawData: true })',
        tests: {
          'test/azure/exportBlobs.test.ts': ['a sink of lines › has the text of the log only if it is to have it: %s'],
        },
      },
    ],
  },
]
