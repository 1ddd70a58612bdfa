/** What the command line offers: the one table that is parsed by and that help is written from. */

export interface Option {
  /** The name of its value in help. Without it the option takes none. */
  readonly value?: string
  readonly help: string
  readonly required?: true
  /** May be given more than once. */
  readonly many?: true
}

export interface Command {
  readonly summary: string
  /** What it is about, in this order; what is in brackets may be left out. */
  readonly about?: readonly string[]
  /** Whether it is about one request, named by its id. */
  readonly id?: true
  /** Whether it works without the service. */
  readonly offline?: true
  /** Who calls the service by it: agents unless it says otherwise. */
  readonly caller?: 'agent' | 'person' | 'either'
  /** Whether a command line follows after `--`, and may be left out. */
  readonly tail?: 'needed' | 'optional'
  readonly options: Readonly<Record<string, Option>>
}

const service = {
  url: { value: 'URL', help: 'where the service is (COUNTERSIGN_URL)' },
  'token-url': { value: 'URL', help: 'where tokens come from (COUNTERSIGN_TOKEN_URL)' },
  'client-id': { value: 'ID', help: 'as whom to get one (COUNTERSIGN_CLIENT_ID)' },
  scope: { value: 'SCOPE', help: 'for which scope (COUNTERSIGN_SCOPE)' },
  patience: {
    value: 'SECONDS',
    help: 'for how long a call is repeated while nobody answers (COUNTERSIGN_PATIENCE; 30)',
  },
} as const satisfies Record<string, Option>

const always = {
  json: { help: 'write one JSON document for machines' },
  help: { help: 'say how the command is used' },
} as const satisfies Record<string, Option>

/** Where people sign in. */
const authority = {
  tenant: { value: 'ID', help: 'the Entra tenant to sign in to (COUNTERSIGN_TENANT)' },
  authority: { value: 'URL', help: 'another issuer of tokens than a tenant of Entra (COUNTERSIGN_AUTHORITY)' },
  client: { value: 'ID', help: "this command's application id there (COUNTERSIGN_LOGIN_CLIENT)" },
  scope: { value: 'SCOPE', help: 'for which scope, as api://<application id>/access_as_user (COUNTERSIGN_SCOPE)' },
} as const satisfies Record<string, Option>

const action = {
  action: { value: 'VERB', help: 'what is to be done, as db.export', required: true },
  target: { value: 'TARGET', help: 'to what, as prod/postgres/customers', required: true },
  environment: { value: 'NAME', help: 'where, as production', required: true },
  reason: { value: 'TEXT', help: 'why, for those who decide', required: true },
  param: {
    value: 'KEY=VALUE',
    help: 'a param; JSON if the value is a number, boolean, object or array, else text',
    many: true,
  },
  text: { value: 'KEY=VALUE', help: 'a param that is text, whatever it looks like (as a version 1.10)', many: true },
  'on-behalf-of': { value: 'OBJECT-ID', help: 'the person it is done for' },
  link: { value: 'TITLE=URL', help: 'something to read before deciding, https', many: true },
  'expires-in': { value: 'SECONDS', help: 'give up unless decided by then; the policy may be shorter' },
  'idempotency-key': { value: 'KEY', help: 'names this ask: the same key asks for the same request (random)' },
} as const satisfies Record<string, Option>

const key = { value: 'LOG.pem', help: "a public key of the log's, from somewhere you trust", many: true } as const

export const commands = {
  login: {
    summary: 'sign in as a person, in a browser; or for one command alone',
    offline: true,
    tail: 'optional',
    options: {
      url: service.url,
      ...authority,
      device: { help: 'sign in on another device, by a code: for where there is no browser' },
    },
  },
  logout: {
    summary: "take the sign-in out of this system's keyring",
    offline: true,
    options: { url: service.url },
  },
  run: {
    summary: 'ask, wait for the decision, run a command at most once, report how it ended',
    tail: 'needed',
    options: {
      ...action,
      result: { value: 'FILE', help: 'write the JSON document to this file' },
    },
  },
  ask: {
    summary: 'ask for an action, and do not wait',
    options: {
      ...action,
      executor: { value: 'OBJECT-ID', help: 'who will execute it, if not the agent that asks' },
    },
  },
  show: { summary: 'show a request', id: true, caller: 'either', options: {} },
  wait: {
    summary: 'wait until a request is decided',
    id: true,
    caller: 'either',
    options: { timeout: { value: 'SECONDS', help: 'wait no longer than this' } },
  },
  cancel: {
    summary: 'withdraw a request that is pending or approved',
    id: true,
    options: { reason: { value: 'TEXT', help: 'why' } },
  },
  approve: {
    summary: 'approve a request, as the person who is signed in',
    id: true,
    caller: 'person',
    options: {
      reason: { value: 'TEXT', help: 'a note' },
      confirm: { value: 'TEXT', help: "for tier high: the target's last segment" },
    },
  },
  deny: {
    summary: 'deny a request, as the person who is signed in',
    id: true,
    caller: 'person',
    options: { reason: { value: 'TEXT', help: 'why; the agent is told', required: true } },
  },
  download: {
    summary: 'download the evidence of a sealed day, and what people wrote on it',
    about: ['DATE'],
    caller: 'person',
    options: { out: { value: 'FOLDER', help: 'where to (the current folder)' } },
  },
  verify: {
    summary: 'verify the evidence of a day, or of all days in a folder',
    about: ['[BUNDLE.zip]'],
    offline: true,
    options: {
      key: { ...key, required: true },
      said: { value: 'FILE', help: 'verify what people wrote, too' },
      grants: {
        value: 'FILE',
        help: 'grants that were kept, one a line: their approvals must be in the log',
        many: true,
      },
      'grant-keys': { value: 'JWKS.json', help: 'the public keys that sign grants' },
      chain: {
        value: 'FOLDER',
        help: 'verify every countersign-evidence-*.zip in it, and that each continues the last',
      },
    },
  },
  report: {
    summary: 'verify the evidence of a day, and tell it request by request, for people',
    about: ['BUNDLE.zip'],
    offline: true,
    options: {
      key: { ...key, required: true },
      said: { value: 'FILE', help: 'what people wrote' },
      out: { value: 'FILE', help: 'where to (standard output)' },
      format: { value: 'FORMAT', help: "html or csv (as FILE's name ends, else html)" },
    },
  },
  prove: {
    summary: 'prove the events of one request, by proofs that need no bundle',
    about: ['BUNDLE.zip'],
    id: true,
    offline: true,
    options: {
      key: { ...key, help: `${key.help}: the bundle is verified first` },
      out: { value: 'FOLDER', help: 'write one file for each event there: REQUEST-ID-NUMBER.tlog-proof' },
    },
  },
  'verify-proof': {
    summary: 'verify the proof of one event, and print the event',
    about: ['FILE'],
    offline: true,
    options: { key: { ...key, required: true } },
  },
} as const satisfies Record<string, Command>

export type CommandName = keyof typeof commands

export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name)

export function optionsOf(name: CommandName): Readonly<Record<string, Option>> {
  const { options, offline }: Command = commands[name]
  return { ...options, ...always, ...(!offline && service) }
}
