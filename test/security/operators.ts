import type { Row } from './row.ts'

const ledgerKey = 'test/infra/ledgerKey.test.ts'
const doctor = 'test/infra/doctor.test.ts'

/** Attacks on the people who deploy and run the service, and on what they hold. */
export const operatorRows: readonly Row[] = [
  {
    attack: 'Someone else on the machine of an operator, or who reads its files and logs, gets the ledger key',
    control:
      'The value goes to the Azure CLI in a file that only this user may read and that is removed; it is in no argument, output, error or log',
    switches: [
      {
        name: 'key-file-is-private',
        file: 'scripts/ledgerKey.mjs',
        find: 'mode: 0o600',
        replace: 'mode: 0o644',
        tests: {
          [ledgerKey]: [
            'a vault without the secret › passes the value in a file that only this user may read, and hides it everywhere else',
          ],
        },
      },
      {
        name: 'key-file-is-removed',
        file: 'scripts/ledgerKey.mjs',
        find: 'rmSync(folder, { recursive: true, force: true })',
        replace: 'undefined',
        tests: {
          [ledgerKey]: [
            'a run that %s ends leaves no file with the value',
            'a call is tried again › %s, and makes one version',
          ],
        },
      },
      {
        name: 'key-is-not-repeated',
        file: 'scripts/az.mjs',
        find: "words.replaceAll(secret, '(hidden)')",
        replace: 'words',
        tests: { [ledgerKey]: ['a lasting fault is reported in words, and nothing is left behind: › %s'] },
      },
      {
        name: 'key-is-not-logged',
        file: 'scripts/az.mjs',
        find: "  AZURE_LOGGING_ENABLE_LOG_FILE: 'no',\n",
        replace: '',
        tests: {
          [ledgerKey]: [
            'a vault without the secret › passes the value in a file that only this user may read, and hides it everywhere else',
          ],
        },
      },
    ],
  },
  {
    attack: 'A server that an operator asks by mistake gets their token',
    control: 'The doctor sends the token only to an address that has shown to be the service, and follows no redirect',
    switches: [
      {
        name: 'token-to-the-service-alone',
        file: 'src/doctor/examine.ts',
        find: 'isOurs ? token : undefined',
        replace: 'token',
        tests: { [doctor]: ['the token › is not sent if the address %s'] },
      },
    ],
  },
  {
    attack: 'People of another organisation read cards in a shared channel, and no one knew that they could',
    control: 'The bot says so when it is added there, before the first card',
    switches: [
      {
        name: 'shared-channel-is-said',
        file: 'src/teams/inbound/activity.ts',
        find: '...(sharedChannel.safeParse(body).success && { shared: true }),',
        replace: '',
        tests: {
          'test/teams/activity.test.ts': ["the bot's arrival › is reported for a shared channel, by %s"],
        },
      },
    ],
  },
]
