/** Whether a name says that its value is a secret: `DB_PASSWORD`, `clientSecret`, `api-key`, but not `token_id`. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name.slice(-128))
  while (words.length > 1 && !isSecretWord(words) && qualifiers.has(words.at(-1) ?? '')) words.pop()
  return isSecretWord(words)
}

/**
 * Whether a value can be a secret. It cannot if it is short, or if it only stands for a secret: a reference, a path, a
 * mask, or a name in plain words.
 */
export function looksSecret(value: string): boolean {
  const text = value.trim()
  return text.length >= 8 && !standsFor(text) && !isPlainWords(text)
}

/** Whether a value only stands for a secret: a reference, a variable, a path, a mask. */
export const standsFor = (value: string): boolean => references.some((form) => form.test(value)) || isVariable(value)

/** A variable as shells, PHP, SQL and templates write one: `$dbPassword`, `$this->password`, `@password`, `:token`. */
const isVariable = (text: string): boolean =>
  /^(?:\$|@|:|&)[A-Za-z_]\w{0,63}(?:(?:->|\.|::)\w{1,64}){0,8}(?:\(|$)/.test(text) &&
  isPlainWords(
    text
      .replace(/[$@&(]|->/g, ' ')
      .replace(/_/g, ' ')
      .trim(),
    2,
  )

/**
 * Whether a value without quotation marks is code: a call, a chain of properties, a type. `hashPassword(input.password`,
 * `req.headers[`, `Promise<string>`. Its names are words; random letters are no name.
 */
export function isCode(value: string): boolean {
  const [, names = '', rest = ''] =
    /^[!&*]{0,2}([A-Za-z_$][\w$]*(?:(?:\??\.|->|::)[A-Za-z_$][\w$]*)*)(.*)$/s.exec(value) ?? []
  if (names === '' || !(rest === '' ? /\.|->|::/.test(names) : /^(?:[([<{]|\?\.|!$)/.test(rest))) return false
  return isPlainWords(names.replace(/[$_]|->|::|\?/g, ' ').trim(), 2)
}

/**
 * Whether a value names a thing rather than being a secret, judged together with its name: the UUID by which AWS
 * recognises a repeated call, the address of a contract, an object of Kubernetes.
 */
export function namesThing(name: string, value: string): boolean {
  const words = wordsOf(name.slice(-128))
  const [before = '', last = ''] = ['', ...words].slice(-2)
  if (/^tokens?$/.test(last)) return /^0x[0-9a-fA-F]{40}$/.test(value) || (callTokens.has(before) && uuid.test(value))
  return /^(?:secrets?|credentials?)$/.test(last) && objectName.test(value)
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Words before `token` in the APIs of AWS that mean one call, or one state of a thing. */
const callTokens = new Set(
  'client request lock update change revision sequence version retry operation caller'.split(' '),
)

/** RFC 1123 labels: a word, and parts as controllers add them: `pg-creds-7d9f8c`. */
const objectName = /^[a-z]{2,24}(?:[-.][a-z0-9]{1,12}){1,8}$/

/** Looks at the last words only: `secret name` is a name, not a secret. */
function isSecretWord(words: readonly string[]): boolean {
  const [before = '', last = ''] = ['', ...words].slice(-2)
  if (/^tokens?$/.test(last)) return !harmlessTokens.has(before)
  return secretWords.has(last) || secretWords.has(`${before} ${last}`) || runTogether.test(last)
}

/** Words at the end of a name that say nothing about the value's kind. */
const qualifiers = new Set(
  'value text string plain plaintext raw new old current previous base b 64 data 1 2 3'.split(' '),
)

/** Words before `token` that mean no credential: places in a list, keys for repeating a call, limits of a model. */
const harmlessTokens = new Set(
  (
    'page next continuation pagination cursor sync resume skip idempotency cancellation stop max eos bos pad unk ' +
    'sep mask special prompt completion total'
  ).split(' '),
)

const keyKinds = 'api access private secret account signing encryption auth master storage shared'.split(' ')

/** `connection string` is left out: a secret inside a connection string is found by the name that it has there. */
const secretWords = new Set([
  ...'pass pwd passcode secret secrets credential credentials authorization bearer pat'.split(' '),
  ...keyKinds.flatMap((kind) => [`${kind} key`, `${kind} keys`]),
  ...['pass phrase', 'pass word'],
])

/** Names whose words are not separated: `PGPASSWORD`, `apikey`, `clientsecret`. */
const runTogether =
  /(?:passwords?|passwd|passphrase|passwort|^(?:require|store|key|ssh|user|admin|root|db|my)pass|^masterauth|(?:api|access|private|secret|account)keys?|(?:auth|access)tokens?|clientsecret)$/

/** Splits a name in snake_case, camelCase, kebab-case, capitals or with dots into lower-case words. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2 ')
    .toLowerCase()
    .replace(/([a-z])(?=\d)/g, '$1 ')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')

/** Forms of values that stand for a secret, but are not secret themselves. */
const references: readonly RegExp[] = [
  // `vault://…`, `https://…`, `op://…`: another check finds a password inside.
  /^[a-z][a-z0-9+.-]{1,30}:\/\//i,
  // `vault:…`, `ref+…`, `secretRef:…`, `env:…`, `arn:aws:…`
  /^(?:vault|ref|secretref|secret|env|file|ssm|kv|op|sops|keyring|arn|urn|resource)[:+]/i,
  /^@Microsoft\.KeyVault\(/i,
  // `${…}`, `$(…)`, `{{…}}`, `$NAME`, `%NAME%`, `<…>`
  /^(?:\$\{|\$\(|\{\{|\$(?:env:)?[A-Z_][A-Z0-9_]*$|%\w+%$|<[^<>]*>$|`)/,
  // `{password}`, `%(password)s`, `#{…}`, `%{…}`, `<%= … %>`, `__PASSWORD__`, `!Ref Db`
  /^(?:\{[\w.[\]]*\}?$|%\(\w+\)s?$|[#%@]\{|<%|\[\[|__\w+__$|!(?:Ref|Sub|GetAtt|vault|reference|ImportValue)\b)/,
  // A shell's word for a variable that is missing: `${TOKEN:?missing}`.
  /^\?[^}]*\}$/,
  // Encrypted by SOPS or Ansible.
  /^(?:ENC\[|\$ANSIBLE_VAULT;)/,
  /^(?:~|\.{1,2})?(?:\/[\w.-]+){2,}$/,
  /[*•]{3}|\.{3}$|…|^x+$/i,
  // A date, a digest, a mail address.
  /^\d{4}-\d\d-\d\d(?:T[\d:.]{1,20}Z?)?$/,
  /^(?:sha\d{1,3}|md5)[:-]/i,
  /^[a-z0-9._+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i,
]

/**
 * Whether a text is a name or a sentence, as `prod-db-password`, `FIN-881`, `githubToken` or `var.password`: words of
 * letters, which may have numbers between them or a short number at the end.
 *
 * Random letters are recognised by their capitals: split there, they fall into pieces of one or two letters.
 *
 * @param least the letters that a piece has on average
 */
function isPlainWords(text: string, least = 3): boolean {
  const pieces = text.split(/[\s,._/:-]+/).filter((piece) => piece !== '')
  if (!pieces.every((piece) => /^(?:[A-Za-z]{1,24}|\d{1,8}|[A-Za-z]{1,24}\d{1,4})$/.test(piece))) return false
  if (pieces.length === 1 && /\d/.test(text)) return false
  const letters = text.replace(/[^A-Za-z]/g, '')
  const humps = pieces.flatMap((piece) => piece.match(/[A-Z]?[a-z]+|[A-Z]+/g) ?? [])
  return humps.length > 0 && letters.length / humps.length >= least
}
