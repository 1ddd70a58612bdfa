/** The commands and their options: the one table from which arguments are parsed and help is written. */

export interface Option {
  /** The name of the value in help; absent if the option takes no value. */
  readonly value?: string
  readonly help: string
  readonly required?: true
  /** Whether the option may be given more than once. */
  readonly many?: true
}

export interface Command {
  readonly summary: string
  /** The operands, in order. One in brackets may be left out. */
  readonly about?: readonly string[]
  /** Whether a request id comes after these. */
  readonly id?: true
  /** The operands after the request id, in order. One in brackets may be left out. */
  readonly rest?: readonly string[]
  /** Whether all operands are request ids, of which there may be any number. */
  readonly ids?: true
  /** Whether further request ids may follow the one, so that a person decides them in one go. */
  readonly batch?: true
  /** Whether the command works without the service. */
  readonly offline?: true
  /** Whose credentials the command uses: an agent's, if absent. */
  readonly caller?: 'agent' | 'person' | 'either'
  /** Whether a command line follows after `--`, or may follow; absent if none may. */
  readonly tail?: 'needed' | 'optional'
  readonly options: Readonly<Record<string, Option>>
}

const service = {
  url: { value: 'URL', help: 'the address of the service (COUNTERSIGN_URL)' },
  'token-url': { value: 'URL', help: 'the token endpoint (COUNTERSIGN_TOKEN_URL)' },
  'client-id': { value: 'ID', help: "the agent's application id (COUNTERSIGN_CLIENT_ID)" },
  scope: { value: 'SCOPE', help: 'the scope of the token (COUNTERSIGN_SCOPE)' },
  patience: {
    value: 'SECONDS',
    help: 'how long to repeat a call that gets no answer (COUNTERSIGN_PATIENCE; 30)',
  },
} as const satisfies Record<string, Option>

const always = {
  json: { help: 'write one JSON document, for programs' },
  help: { help: 'show this help' },
} as const satisfies Record<string, Option>

/** Where people sign in. */
const authority = {
  tenant: { value: 'ID', help: 'the Entra tenant to sign in to (COUNTERSIGN_TENANT)' },
  authority: { value: 'URL', help: 'the issuer of tokens, if it is not an Entra tenant (COUNTERSIGN_AUTHORITY)' },
  client: { value: 'ID', help: "this command's application id there (COUNTERSIGN_LOGIN_CLIENT)" },
  scope: { value: 'SCOPE', help: 'the scope of the token, as <application id>/access_as_user (COUNTERSIGN_SCOPE)' },
} as const satisfies Record<string, Option>

const action = {
  action: { value: 'VERB', help: 'what to do, for example db.export', required: true },
  target: { value: 'TARGET', help: 'what to do it to, for example prod/postgres/customers', required: true },
  environment: { value: 'NAME', help: 'where to do it, for example production', required: true },
  reason: { value: 'TEXT', help: 'why; approvers read this', required: true },
  param: {
    value: 'KEY=VALUE',
    help: 'a param: a number, boolean, object or array in JSON, the text of a file as @FILE, else text',
    many: true,
  },
  text: { value: 'KEY=VALUE', help: 'a param that stays text, for example the version 1.10', many: true },
  params: { value: 'FILE', help: 'params by name, as a JSON object in a file; - is standard input', many: true },
  digest: { value: 'KEY=@FILE', help: 'a param that is the SHA-256 and size of a file of any size', many: true },
  'on-behalf-of': { value: 'OBJECT-ID', help: 'the person for whom it is done' },
  link: { value: 'TITLE=URL', help: 'a page for approvers to read first, https', many: true },
  'expires-in': { value: 'SECONDS', help: 'expire unless decided by then; the policy may allow less' },
  'idempotency-key': { value: 'KEY', help: 'the same key gives the same request again (default: random)' },
} as const satisfies Record<string, Option>

const under = {
  value: 'ID',
  help: 'use this standing approval: nobody is asked, and what lies outside it is refused',
} as const satisfies Option

const key = { value: 'LOG.pem', help: "the log's public key, from a source that you trust", many: true } as const

const search = {
  action: { value: 'VERB', help: 'the action; * stands for any characters' },
  target: { value: 'TARGET', help: 'what it is done to; * stands for any characters' },
  environment: { value: 'NAME', help: 'where it is done' },
  agent: { value: 'AGENT', help: 'the agent that asked, by name or object id' },
  tier: { value: 'TIER', help: 'low, medium or high' },
  rule: { value: 'ID', help: 'a rule of the policy that decided' },
} as const satisfies Record<string, Option>

const most = { value: 'NUMBER', help: 'how many requests at most (500)' } as const

const allowUnexplained = {
  help: 'missing texts that no record explains are only counted, for scripts',
} as const

const yes = { help: 'do not ask before the vote is sent, for scripts' } as const

export const commands = {
  login: {
    summary: 'sign in as a person, in a browser, or for a single command',
    offline: true,
    tail: 'optional',
    options: {
      url: service.url,
      ...authority,
      device: { help: 'sign in with a code on another device, if this one has no browser' },
      context: { value: 'ID', help: 'meet an authentication context, as c1: what a decision of tier high may need' },
    },
  },
  logout: {
    summary: "remove the sign-in from this system's keyring",
    offline: true,
    options: { url: service.url },
  },
  run: {
    summary: 'ask, wait for the decision, run a command at most once, report how it ended',
    tail: 'needed',
    options: {
      ...action,
      under,
      bind: {
        value: 'FILE',
        help: 'also bind the contents of this file, which the command reads; the program and its script are bound',
        many: true,
      },
      result: { value: 'FILE', help: 'write the JSON document to this file' },
    },
  },
  ask: {
    summary: 'ask for an action without waiting',
    options: {
      ...action,
      under,
      executor: { value: 'OBJECT-ID', help: 'the identity that will execute it, if not the agent that asks' },
    },
  },
  standing: {
    summary: 'ask for a standing approval: several actions like this one, without waiting',
    options: {
      ...action,
      executor: { value: 'OBJECT-ID', help: 'the identity that will execute them, if not the agent that asks' },
      uses: { value: 'NUMBER', help: 'how many actions, at most', required: true },
      for: { value: 'SECONDS', help: 'how long after the approval', required: true },
      vary: {
        value: 'JSON',
        help: 'in what they may differ, as {"target":"prod/","params":{"rows":500}} (default: in nothing)',
      },
    },
  },
  pending: {
    summary: 'list what waits for a decision, by deadline',
    caller: 'person',
    options: { ...search, most },
  },
  list: {
    summary: 'list requests, newest first: who asked, for what, who decided',
    caller: 'person',
    options: {
      from: { value: 'DATE', help: 'the first day, in UTC; or a time (default: 31 days before the end)' },
      to: { value: 'DATE', help: 'the last day, in UTC; or a time (default: now)' },
      ...search,
      approver: { value: 'PERSON', help: 'a person who decided, by name or object id' },
      status: { value: 'STATUS', help: 'pending, approved, denied, expired, cancelled, redeemed, …' },
      review: { value: 'due', help: 'whose glass was broken and that nobody has reviewed; of any time' },
      standing: { value: 'open', help: 'standing approvals that can be used, by when they end; of any time' },
      most,
    },
  },
  events: { summary: 'show all that happened to a request, event by event', id: true, caller: 'person', options: {} },
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
    summary: 'approve a request, as the person who is signed in; or some of one agent, one after another',
    id: true,
    batch: true,
    caller: 'person',
    options: {
      reason: { value: 'TEXT', help: 'a note' },
      confirm: { value: 'TEXT', help: "for tier high: the target's last segment" },
      yes,
    },
  },
  deny: {
    summary: 'deny a request, as the person who is signed in; or some of one agent, one after another',
    id: true,
    batch: true,
    caller: 'person',
    options: { reason: { value: 'TEXT', help: 'why; the agent reads this', required: true }, yes },
  },
  question: {
    summary: 'ask the side that wants an action, before it is decided',
    id: true,
    rest: ['TEXT'],
    caller: 'person',
    options: {},
  },
  answer: {
    summary: 'answer a question of an approver: as the agent that asked, or as a person of its side',
    id: true,
    rest: ['[QUESTION]', 'TEXT'],
    caller: 'either',
    options: {},
  },
  narrow: {
    summary: 'make a request smaller, where the policy lets you; nothing is decided by that',
    id: true,
    caller: 'person',
    options: {
      param: { value: 'KEY=VALUE', help: 'the lower number, or what is left of the list as JSON', many: true },
      uses: { value: 'NUMBER', help: 'of a standing approval: how many uses are left' },
      for: { value: 'SECONDS', help: 'of a standing approval: how long after the approval' },
      reason: { value: 'TEXT', help: 'why; others will read it' },
    },
  },
  'break-glass': {
    summary: 'approve alone in an emergency, where the policy lets you; another person has to review it',
    id: true,
    caller: 'person',
    options: {
      reason: { value: 'TEXT', help: 'why; all are told', required: true },
      confirm: { value: 'TEXT', help: "the target's last segment (default: you are asked)" },
    },
  },
  review: {
    summary: 'say what to think of a broken glass: of an approval that another person gave alone',
    id: true,
    rest: ['justified|unjustified'],
    caller: 'person',
    options: {
      reason: { value: 'TEXT', help: 'why; others will read it', required: true },
      yes: { help: 'do not ask before the review is sent, for scripts' },
    },
  },
  policy: {
    summary: 'check, try or test a policy, or judge past requests by it',
    about: ['check|try|test|replay', 'FOLDER'],
    caller: 'person',
    options: {
      ask: { value: 'FILE', help: 'try: the ask, as JSON; - is standard input' },
      agent: {
        value: 'NAME',
        help: 'try: who asks, by name or object id (default: as the ask says, or the only agent)',
      },
      at: { value: 'TIME', help: 'try: when, as 2026-01-31T09:30:00Z (default: as the ask says, or now)' },
      from: { value: 'DATE', help: 'replay: the first day, in UTC; or a time' },
      to: { value: 'DATE', help: 'replay: the last day, in UTC; or a time' },
    },
  },
  hook: {
    summary: 'answer a hook of a coding agent: ask before a tool runs, report afterwards',
    offline: true,
    options: {
      shape: { value: 'HOST', help: 'whose hook it is: claude, codex or copilot', required: true },
      tools: { value: 'FILE', help: 'which tools are gated (COUNTERSIGN_TOOLS)' },
    },
  },
  mcp: {
    summary: 'gate the tools of MCP servers: a server that stands before them',
    about: ['[policy|pin]', '[CONFIG]'],
    offline: true,
    options: {
      http: { value: 'PORT', help: 'serve over HTTP in place of standard input and output' },
      ask: { help: 'serve tools with which a model asks and waits, without a gateway' },
    },
  },
  repair: {
    summary: 'repair a shard whose stored rows were changed from outside, and record that',
    about: ['SHARD'],
    caller: 'person',
    options: {
      why: { value: 'TEXT', help: 'why, for the record', required: true },
      request: { value: 'ID', help: 'look at this request, too: a closed one whose day is sealed', many: true },
    },
  },
  erase: {
    summary: 'erase texts of closed requests, once two people ask for it; lists them first',
    ids: true,
    caller: 'person',
    options: {
      names: { value: 'NAMES', help: 'which texts, as reason,action', required: true, many: true },
      why: { value: 'TEXT', help: 'why, for the record', required: true },
      person: {
        value: 'OBJECT-ID',
        help: 'all requests of which this person is a part, as they decided it or own the agent',
      },
      from: { value: 'DATE', help: '--person: the first day, in UTC; or a time (default: 31 days before the end)' },
      to: { value: 'DATE', help: '--person: the last day, in UTC; or a time (default: now)' },
      yes: { help: 'do not ask before the texts are erased, for scripts' },
    },
  },
  hold: {
    summary: 'put requests on hold, so that none of their texts is erased',
    about: ['[REQUEST-ID]'],
    caller: 'person',
    options: {
      agent: { value: 'OBJECT-ID', help: 'in place of REQUEST-ID: all that this agent asks for' },
      from: { value: 'DATE', help: 'in place of REQUEST-ID: all that was asked from this day on, in UTC' },
      to: { value: 'DATE', help: '--from: the last day, in UTC' },
      why: { value: 'TEXT', help: 'why, for the record', required: true },
    },
  },
  holds: {
    summary: 'list what is on hold',
    caller: 'person',
    options: { released: { help: 'also list holds that were released' } },
  },
  release: {
    summary: 'release a hold',
    about: ['HOLD'],
    caller: 'person',
    options: { why: { value: 'TEXT', help: 'why, for the record', required: true } },
  },
  away: {
    summary: 'say that you are away, and who acts for you; or list who is away',
    caller: 'person',
    options: {
      for: { value: 'OBJECT-ID', help: 'your deputy, whom approvers.json names for the groups' },
      until: { value: 'TIME', help: 'when you are back; of a day, its end, in UTC' },
      group: {
        value: 'NAME',
        help: 'only in this group of yours (default: all for which the deputy is named)',
        many: true,
      },
      reason: { value: 'TEXT', help: 'why, for readers of the log' },
    },
  },
  back: {
    summary: 'say that you are back before the time',
    about: ['[EVENT]'],
    caller: 'person',
    options: {},
  },
  days: { summary: 'list the sealed days', caller: 'person', options: {} },
  download: {
    summary: 'download the evidence of a sealed day, its said file and its cosignatures; or of all days of a period',
    about: ['[DATE]'],
    caller: 'person',
    options: {
      from: { value: 'DATE', help: 'in place of DATE: the first day of a period, in UTC' },
      to: { value: 'DATE', help: '--from: the last day, in UTC' },
      last: { value: 'NUMBER', help: 'in place of --from and --to: so many days up to the newest sealed one' },
      key: { ...key, help: `of a period: ${key.help}: each day is verified as it comes` },
      latest: { help: 'the newest sealed day, in place of DATE' },
      out: { value: 'FOLDER', help: 'the folder to write to (default: the current one)' },
    },
  },
  verify: {
    summary: 'verify the evidence of a day, or of all days in a folder',
    about: ['[BUNDLE.zip]'],
    offline: true,
    options: {
      key: { ...key, required: true },
      said: {
        value: 'FILE',
        help: 'also verify this said file: the texts that people and agents wrote; with --chain, the folder that has them',
      },
      'allow-unexplained': allowUnexplained,
      grants: {
        value: 'FILE',
        help: 'a file of kept grants, one a line: the log must have their approvals',
        many: true,
      },
      'grant-keys': { value: 'JWKS.json', help: 'the public keys that sign grants' },
      chain: {
        value: 'FOLDER',
        help: 'verify every countersign-evidence-*.zip in it, and that each continues the one before; with said-*.jsonl',
      },
      from: { value: 'DATE', help: '--chain: this day, in UTC, has to be there, and every day after it' },
      through: { value: 'DATE', help: '--chain: this day, in UTC, has to be there, and every day before it' },
      first: {
        value: 'KNOWN',
        help: '--chain: the first bundle, by number or by the SHA-256 of its manifest or of its file',
      },
      checkpoint: {
        value: 'FILE',
        help: 'kept checkpoints: the log must have had this name and root at that size',
        many: true,
      },
      witness: {
        value: 'KEY',
        help: 'the key of a witness, as name+hash+base64: it must have cosigned each day, in cosignatures-DATE.txt beside the bundle',
        many: true,
      },
    },
  },
  metrics: {
    summary: 'verify all days in a folder, and count what their requests come to together',
    about: ['FOLDER'],
    offline: true,
    options: {
      key: { ...key, required: true },
      from: { value: 'DATE', help: 'this day, in UTC, has to be there, and every day after it' },
      through: { value: 'DATE', help: 'this day, in UTC, has to be there, and every day before it' },
      first: { value: 'KNOWN', help: 'the first bundle, by number or by the SHA-256 of its manifest or of its file' },
      checkpoint: {
        value: 'FILE',
        help: 'kept checkpoints: the log must have had this name and root at that size',
        many: true,
      },
    },
  },
  report: {
    summary: 'verify the evidence of a day or a period, and describe it for people or for other systems',
    about: ['[BUNDLE.zip]'],
    offline: true,
    options: {
      key: { ...key, required: true },
      said: {
        value: 'FILE',
        help: 'the said file: the texts that people and agents wrote; with --chain, the folder that has them',
      },
      'allow-unexplained': allowUnexplained,
      out: {
        value: 'FILE',
        help: 'the file to write (default: standard output); --chain: a file, or a folder for all formats',
      },
      format: {
        value: 'FORMAT',
        help: "html, csv, or one for other systems, below; --chain: also xlsx (default: as FILE's name ends, else html)",
      },
      raw: { help: 'ocsf: with the text of each record, which has further object ids' },
      overview: { value: 'URL', help: 'fedramp-sdr: the address of your Certification Package Overview' },
      chain: { value: 'FOLDER', help: 'the bundles of a period, in the place of BUNDLE.zip; with said-*.jsonl' },
      from: { value: 'DATE', help: '--chain: the first day, in UTC (default: that of the first bundle)' },
      to: { value: 'DATE', help: '--chain: the last day, in UTC (default: that of the last bundle)' },
      zone: {
        value: 'ZONE',
        help: '--chain: the zone of times beside UTC, as Europe/Berlin (default: that of this machine)',
      },
      sample: { value: 'NUMBER', help: '--chain: pick so many requests by --seed' },
      seed: { value: 'TEXT', help: '--chain: what picks the sample; the same seed picks the same requests' },
      control: {
        value: 'CONTROL',
        help: '--chain: only requests whose rules serve this control, as CC6.1',
        many: true,
      },
      checkpoint: {
        value: 'FILE',
        help: '--chain: kept checkpoints, which the days have to reach',
        many: true,
      },
    },
  },
  view: {
    summary: 'draw again what approvers were shown of a request',
    about: ['BUNDLE.zip'],
    id: true,
    offline: true,
    options: {
      said: { value: 'FILE', help: 'the said file that has the texts', required: true, many: true },
      out: { value: 'FOLDER', help: 'write a card and a page for each view to this folder', required: true },
      key: { ...key, help: `${key.help}: the bundle is verified first` },
    },
  },
  prove: {
    summary: "write proofs of one request's events, which hold without the bundle",
    about: ['BUNDLE.zip'],
    id: true,
    offline: true,
    options: {
      key: { ...key, help: `${key.help}: the bundle is verified first` },
      out: { value: 'FOLDER', help: 'write one file for each event to this folder, and a page about all of them' },
      said: { value: 'FILE', help: 'the said file that has the texts to disclose', many: true },
      names: { value: 'NAMES', help: 'the texts to disclose, as reason,action', many: true },
      'allow-unexplained': { help: 'disclose what there is, though a text is missing that no record explains' },
    },
  },
  'verify-proof': {
    summary: 'verify the proof of one event, or all proofs of a request in a folder',
    about: ['FILE|FOLDER'],
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
