import { looksSecret, standsFor } from './secretName.ts'

/**
 * Finds the password on a command line of a known tool. Such a password has no name of its own: only the tool and the
 * switch, or the place, say what it is. The manual of each tool is the source.
 */

/** Where a tool takes a password. A tool is known by its name, without folder and `.exe`. */
interface Tool {
  readonly tool: RegExp
  /** A word that must be among the arguments, as `login`: elsewhere the switch means something else. */
  readonly with?: RegExp
  /** Switches whose next word is the password; also written as `-p=x` and `-p:x`. */
  readonly after?: RegExp
  /** Switches that the password follows without a space. */
  readonly joined?: RegExp
  /** Switches whose next word is a name, a sign, and the password. */
  readonly pair?: { readonly after: RegExp; readonly sign: RegExp }
  /** Which word is a password, counted from 0 behind the word of `with`, options left out. */
  readonly place?: number
  /** Words that hold a password themselves: the pattern has it as its group. */
  readonly word?: RegExp
}

const tools: readonly Tool[] = [
  { tool: /^(?:mysql\w*|mariadb(?:-\w+)*)$/, joined: /^-p(?=.)/ },
  { tool: /^(?:7z[arz]?|rar|unrar)$/, joined: /^-h?p(?=.)/ },
  { tool: /^sshpass$/, after: /^-p$/, joined: /^-p(?=.)/ },
  { tool: /^mongo(?:sh|dump|restore|export|import|stat|top|files)?$/, after: /^-p$/ },
  {
    tool: /^(?:docker|podman|nerdctl|buildah|skopeo|oras|helm|crane|regctl)$/,
    with: /^login$/,
    after: /^-p$/,
    joined: /^-p(?=.)/,
  },
  {
    tool: /^(?:az|oc|cf|ibmcloud|jf|jfrog|argocd|kubelogin|osc)$/,
    with: /^(?:login|auth)$/,
    after: /^-p$/,
    joined: /^-p(?=.)/,
  },
  {
    tool: /^(?:cqlsh|couchbase-cli|cbq|cbbackupmgr|rabbitmqadmin|hdbsql|rdesktop|smbmap|psexec(?:64)?|vncdo|influx|ncftp\w*)$/,
    after: /^-p$/,
  },
  {
    tool: /^(?:sqlcmd|bcp|osql|isql|tsql|ipmitool|zip|unzip|mosquitto_\w+|zipcloak)$/,
    after: /^-P$/,
    joined: /^-P(?=.)/,
  },
  { tool: /^(?:redis|valkey|keydb)-(?:cli|benchmark)$/, after: /^-a$/ },
  { tool: /^(?:ldap(?:search|add|modify|delete|modrdn|compare|whoami|exop)|vsql)$/, after: /^-w$/, joined: /^-w(?=.)/ },
  { tool: /^ldappasswd$/, after: /^-[wsa]$/ },
  { tool: /^security$/, with: /^add-(?:generic|internet)-password$/, after: /^-[wp]$/ },
  {
    tool: /^(?:curl|etcdctl)$/,
    pair: { after: /^(?:-u|--user|--proxy-user|-U)$/, sign: /:/ },
    word: /^-u[^:\s]+:(?<value>.+)$/,
  },
  { tool: /^(?:https?|xh|ab|hey)$/, pair: { after: /^(?:-a|--auth|-A|-P)$/, sign: /:/ } },
  { tool: /^lftp$/, pair: { after: /^(?:-u|--user)$/, sign: /,/ } },
  { tool: /^(?:smbclient|rpcclient|net|smbget|wmiexec)$/, pair: { after: /^-U$/, sign: /%/ } },
  { tool: /^(?:sqlldr|impdp|expdp|imp|exp|rman)$/, word: /^[\w$#]+\/(?<value>[^\s@/]+)@/ },
  { tool: /^sqlplus$/, word: /^[\w$#]+\/(?<value>[^\s@/]+)(?:@|$)/ },
  { tool: /^openssl$/, word: /^pass:(?<value>.+)$/ },
  { tool: /^(?:openssl)$/, with: /^enc$/, after: /^-(?:k|K)$/ },
  { tool: /^htpasswd$/, with: /^-(?=[A-Za-z]*n)(?=[A-Za-z]*b)[A-Za-z]{2,8}$/, place: 1 },
  { tool: /^htpasswd$/, with: /^-(?![A-Za-z]*n)(?=[A-Za-z]*b)[A-Za-z]{1,8}$/, place: 2 },
  { tool: /^az$/, with: /^(?:server|flexible-server|mi|vm|vmss)$/, after: /^(?:-p|--admin-password)$/ },
  { tool: /^rabbitmqctl$/, with: /^(?:add_user|change_password|authenticate_user)$/, place: 1 },
  { tool: /^net1?$/, with: /^user$/i, place: 1 },
  { tool: /^schtasks$/i, after: /^\/rp$/i },
  { tool: /^mc$/, with: /^set$/, place: 3 },
  { tool: /^kubectl$/, with: /^secret$/, word: /^--from-literal=[^=]+=(?<value>.+)$/ },
  {
    tool: /^(?:vault)$/,
    with: /^(?:put|patch|write)$/,
    word: /^[\w.-]*(?:pass|secret|token|key)\w*=(?<value>[^@].*)$/i,
  },
  { tool: /^aws$/, with: /^SecureString$/, after: /^--value$/ },
  { tool: /^az$/, with: /^secret$/, after: /^--value$/ },
  { tool: /^gh$/, with: /^secret$/, after: /^(?:-b|--body)$/ },
  { tool: /^(?:fly|flyctl|doppler)$/, with: /^secrets$/, word: /^[A-Z][A-Z0-9_]*=(?<value>.+)$/ },
]

/** Programs that read a password from what is piped into them. */
const readers: readonly { readonly tool: RegExp; readonly with?: RegExp; readonly pair?: true }[] = [
  { tool: /^chpasswd$/, pair: true },
  { tool: /^(?:smbpasswd|kinit|cryptsetup)$/ },
  { tool: /^passwd$/ },
  { tool: /^sudo$/, with: /^-[A-Za-z]*S[A-Za-z]*$|^--stdin$/ },
  { tool: /^(?:gpg2?)$/, with: /^--passphrase-fd$/ },
  { tool: /./, with: /^--(?:[a-z]+-)*pass(?:word|phrase)?-stdin$/ },
]

/** The words of a command that are looked at as the name of a tool: `sudo`, `docker exec db` and the like come before. */
const mostBefore = 24

/** Whether the words of one command, as a shell or an array has them, hold a password. The place of the word. */
export function passwordAmong(words: readonly string[]): number | null {
  for (const [i, word] of words.slice(0, mostBefore).entries()) {
    const name = nameOf(word)
    for (const tool of tools) {
      const found = tool.tool.test(name) ? passwordOf(tool, words.slice(i + 1)) : null
      if (found !== null) return i + 1 + found
    }
  }
  return null
}

const nameOf = (word: string): string => word.replace(/^.*[\\/]/, '').replace(/\.(?:exe|cmd|bat)$/i, '')

/** Of POSIX and of Windows; a path is none. */
const option = /^-|^\/[A-Za-z?]{1,16}(?::|$)/

function passwordOf({ with: needs, after, joined, pair, place, word }: Tool, args: readonly string[]): number | null {
  const begin = needs === undefined ? 0 : args.findIndex((arg) => needs.test(arg)) + 1
  if (needs !== undefined && begin === 0) return null
  for (const [i, arg] of args.entries()) {
    const next = args[i + 1] ?? ''
    if (after?.test(arg) && isPassword(next)) return i + 1
    const [option = '', given = ''] = /^([-/][\w-]+)[=:](.+)$/s.exec(arg)?.slice(1) ?? []
    if (after?.test(option) && isPassword(given)) return i
    if (joined?.test(arg) && isPassword(arg.replace(joined, ''))) return i
    if (pair) {
      if (pair.after.test(arg) && isPassword(behind(next, pair.sign))) return i + 1
      if (pair.after.test(option) && isPassword(behind(given, pair.sign))) return i
    }
    const value = word?.exec(arg)?.groups?.['value']
    if (value !== undefined && isPassword(value)) return i
  }
  if (place === undefined) return null
  const places = args.flatMap((arg, i) => (i >= begin && !option.test(arg) ? [i] : []))
  const found = places[place]
  // Prose may have such words in such a place.
  return found !== undefined && looksSecret(args[found] ?? '') ? found : null
}

/** What follows the first sign. */
function behind(text: string, sign: RegExp): string {
  const at = text.search(sign)
  return at < 1 ? '' : text.slice(at + 1)
}

/**
 * Whether a word at the place of a password is one. Its place is certain, so short and plain ones count as well; what
 * stands for a password, and the words that documents write there, do not.
 */
const isPassword = (word: string): boolean =>
  word.length >= 4 && !/^-{1,2}[A-Za-z]/.test(word) && !standsFor(word) && !placeholder.test(word)

/** What documents write in place of a password. */
export const placeholder =
  /^(?:[*x.]+|[$<{%[].*|(?:your|my|the)[-_ ]?\w*|pass(?:word|wd)?|pwd|secret|token|api[-_]?key|\.{3}|…)$/i

/** A part of the name of each tool and reader, or of the word that it needs: without any, a text has no such command. */
const hint =
  /mysql|mariadb|7z|rar|sshpass|mongo|login|auth|cqlsh|couch|cb[qb]|rabbit|hdbsql|rdesktop|smb|psexec|vnc|influx|ncftp|sql|bcp|ipmi|zip|mosquitto|redis|valkey|keydb|ldap|security|curl|etcd|http|xh|ab|hey|lftp|rpc|net|wmi|ldr|dp|imp|exp|rman|openssl|htpasswd|schtasks|mc|kubectl|vault|aws|secret|passw|kinit|crypt|sudo|gpg/i

/** Whether some command in a text holds a password. */
export function commandHasPassword(text: string): boolean {
  if (!hint.test(text)) return false
  let piped: string | null = null
  for (const { words, joint, here } of commandsIn(text)) {
    if (passwordAmong(words) !== null) return true
    const literal: string | null = here ?? piped
    if (literal !== null && reads(words, literal)) return true
    piped = joint === '|' ? literalOf(words) : null
  }
  return false
}

/** The literal that `echo` or `printf` writes. */
function literalOf([name = '', ...args]: readonly string[]): string | null {
  if (!/^(?:echo|printf|Write-Output)$/.test(nameOf(name))) return null
  const words = args.filter((arg) => !/^-[neE]+$/.test(arg))
  const [form = '', ...rest] = words
  return /%[sb]/.test(form) ? rest.join(' ') : words.join(' ')
}

function reads(words: readonly string[], literal: string): boolean {
  const lines = literal.split(/\n|\\n/).filter((line) => line.trim() !== '')
  return words.slice(0, 6).some((word, i) => {
    const name = nameOf(word)
    return readers.some(
      ({ tool, with: needs, pair }) =>
        tool.test(name) &&
        (needs === undefined || words.slice(i + 1).some((arg) => needs.test(arg))) &&
        lines.some((line) => isPassword(pair ? behind(line, /:/) : line.trim())),
    )
  })
}

interface ShellCommand {
  readonly words: readonly string[]
  /** What stands between it and the next command. */
  readonly joint: string
  /** The text of `<<<`, or of a here-document. */
  readonly here: string | null
}

/** Words, quoted or not, and what separates commands. Every repetition has an end, so the time is linear. */
const piece =
  /(?<joint>\|\|?|&&?|;|\n|\$\(|`|\(|\))|(?<here><<<)|<<-?\s?["']?(?<mark>\w{1,32})["']?|\\\n|(?<word>(?:"(?:[^"\\]|\\[^])*"|'[^']*'|\\[^]|[^\s"'|&;()`\\<])+)|[^]/g

/** Splits a text into commands roughly as a shell does. Other texts fall into words that match no tool. */
function* commandsIn(text: string): Generator<ShellCommand> {
  let words: string[] = []
  let here: string | null = null
  let takes = false
  for (const { groups = {}, index, 0: whole } of text.matchAll(piece)) {
    const { joint, word, mark } = groups
    if (groups['here'] !== undefined) takes = true
    else if (mark !== undefined) here = hereDocument(text, index + whole.length, mark)
    else if (word !== undefined) {
      const plain = unquoted(word)
      if (takes) here = plain
      else words.push(plain)
      takes = false
    } else if (joint !== undefined) {
      if (words.length > 0) yield { words, joint, here }
      words = []
      here = null
    }
  }
  if (words.length > 0) yield { words, joint: '', here }
}

function hereDocument(text: string, from: number, mark: string): string {
  const lines = text
    .slice(from, from + 2_048)
    .split('\n')
    .slice(1)
  const end = lines.findIndex((line) => line.trim() === mark)
  return lines.slice(0, end < 0 ? lines.length : end).join('\n')
}

/** Removes a shell's quotation marks. */
const unquoted = (word: string): string =>
  word.replace(/"((?:[^"\\]|\\[^])*)"|'([^']*)'|\\([^])/g, (_all, double?: string, single?: string, one?: string) =>
    (double ?? single ?? one ?? '').replace(/\\(["\\$`])/g, '$1'),
  )
