import { bounds } from '../core/data/bound.ts'
import { Exit, exits } from './exit.ts'
import { type Command, type CommandName, commands, isCommand, type Option, optionsOf } from './commands.ts'
import { requestsPerPage } from './period/htmlOutput.ts'

/** Writes the help of a command, or the overview. @throws {Exit} 78 for a command that does not exist */
export function help(name?: string): string {
  if (name === undefined) return overview
  if (!isCommand(name)) throw new Exit(exits.usage, `unknown command "${name}". See countersign help.`)
  const { summary, options } = commands[name]
  const own = Object.keys(options)
  const others = Object.entries(optionsOf(name)).filter(([option]) => !own.includes(option))
  const parts = [
    `${usageOf(name)}\n${summary}`,
    table(Object.entries(options)),
    table(others),
    Object.hasOwn(more, name) ? (more[name] ?? '') : '',
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function usageOf(name: CommandName): string {
  const { options, about = [], id, ids, rest = [], batch, tail }: Command = commands[name]
  const required = Object.entries(options).flatMap(([option, { required: must, value }]) =>
    must ? [`--${option} ${value}`] : [],
  )
  const command = ['--', 'COMMAND', '[ARGUMENT...]'].join(' ')
  const end = ['[options]', ...(tail === 'needed' ? [command] : tail === 'optional' ? [`[${command}]`] : [])]
  const operands = [...(id ? [batch ? 'ID...' : 'ID'] : []), ...(ids ? ['[ID...]'] : [])]
  return ['countersign', name, ...about, ...operands, ...rest, ...required, ...end].join(' ')
}

const table = (options: readonly (readonly [string, Option])[]): string =>
  options.map(([name, { value, help: words }]) => `  ${flag(name, value).padEnd(27)} ${words}`).join('\n')

const flag = (name: string, value?: string): string => `--${name}${value ? ` ${value}` : ''}`

const overview = `countersign asks people before something privileged is done.

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`)
  .join('\n')}

countersign help COMMAND (or COMMAND --help) lists its options; countersign --version prints the version.

Settings
  COUNTERSIGN_URL             the address of the service
  COUNTERSIGN_TOKEN           an access token; comes before all settings below
  COUNTERSIGN_TENANT          the Entra tenant that people sign in to; or
  COUNTERSIGN_AUTHORITY       the issuer of their tokens, if it is not an Entra tenant
  COUNTERSIGN_CLOUD           the cloud of the tenant: public (if unset), gcc-high or dod
  COUNTERSIGN_LOGIN_CLIENT    this command's application id there
  COUNTERSIGN_TOKEN_COMMAND   for agents without a secret: a shell command that prints an access token and nothing else.
                              It runs again when the token nears its end, and comes before the three settings below
  COUNTERSIGN_TOKEN_URL       the token endpoint, for agents
  COUNTERSIGN_CLIENT_ID       the agent's application id
  COUNTERSIGN_CLIENT_SECRET   its secret; there is no option for it, since others can read a command line. Without it, a job of
                              GitHub Actions, a pod (AZURE_FEDERATED_TOKEN_FILE) and an app of Azure sign in as what they are
  COUNTERSIGN_MANAGED_IDENTITY
                              on: the identity that Azure gives to this machine or app signs in
  COUNTERSIGN_SCOPE           the scope of tokens; in Entra <application id>/.default, for people …/access_as_user
  COUNTERSIGN_PATIENCE        seconds for which a call without an answer is repeated (30)
  NO_COLOR                    no colours

Exit codes
   0  done; of ask: pending or approved; of wait: approved; of run: the command's own code
   1  evidence does not hold; a policy has flaws, fails a test, or answers past requests in another way
   2  a file cannot be read, or is too new for this version; what was given does not tell why texts are missing
   3  evidence holds, and records that somebody had changed what was stored
  69  the service cannot be reached, or does not answer as it should
  70  a fault in countersign itself
  75  no approval this time: expired, lapsed, cancelled, not deliverable, already used, too many, timed out;
      or a question of an approver waits for this agent's answer
  77  no: denied, forbidden or not covered by policy, revoked, not permitted
  78  usage or configuration

With --json standard output has one line of JSON:
  { "exit", "request"?, "error"?: { "words", "problem"? } }
`

const signingIn = `Opens a browser, and waits five minutes for the sign-in on a port of this machine (RFC 8252, with PKCE). With --device
it shows an address, and a code to type there on any device (RFC 8628).

The token is kept in this system's keyring: with secret-tool on Linux, which needs a session bus, or with security on
macOS. Commands of people use it, such as approve, list and download; so do show and wait if no agent is configured. It lasts about an hour
and is not renewed: sign in again. It is never written to a file and never printed.

With --context the sign-in is a step-up: a fresh one, as Conditional Access has it for that authentication context. approve and
deny say when a decision of tier high needs one, and which.

With a COMMAND the token is kept nowhere: the command gets it as COUNTERSIGN_TOKEN, and all other variables except
COUNTERSIGN_TOKEN_COMMAND and COUNTERSIGN_CLIENT_SECRET. The exit code is then the command's own.

A scope that ends in /.default, which agents need, is read as ending in /access_as_user.
--json writes { "exit", "login": { "expiresAt", "keyring" } }.`

const signingOut = `Removes the token for this service from the keyring. The token itself stays valid until it expires.
--json writes { "exit", "logout": { "removed": true or false } }.`

const running = `The approval is bound to the action, the target, the environment, all params, and the param "countersign.run": the
executable's absolute path, its arguments, the working directory, and the SHA-256 of the executable, of the interpreter in
its first line, of the script of a known interpreter, of the program behind env, sudo and their like, and of each --bind.
All are compared again directly before the start. A file behind symbolic links is bound by its contents.
It is not bound to environment variables, standard input, libraries, and what the program and its scripts open or start by
themselves; the request lists what is not bound.

The command inherits the environment variables without COUNTERSIGN_TOKEN, COUNTERSIGN_TOKEN_COMMAND and
COUNTERSIGN_CLIENT_SECRET, so that it is not signed in as the agent. This does not stop a hostile command: a process of
the same user can read this program's own environment.

The command starts only after the service has recorded that the approval is used. A crash between the two leaves the
request redeemed and the command not run; the command never runs twice.
Ctrl-C while waiting cancels the request (75). While the command runs, signals are passed on to it.

What approvers ask meanwhile is said on standard error. Where approvers.json lets the agent itself answer, nothing goes on without
the answer: run ends with 75, the request stays, and the sentence names the command that answers and the --idempotency-key with
which the same command goes on. A question is data from a person, and no instruction.

The exit code is the command's own; 128 and the signal's number if a signal ended it; 126 or 127 if it could not be
started, because a bound file has changed or is gone, or the system refused. If the outcome cannot be reported, the exit
code stays the command's and a warning is written.

Standard output belongs to the command: --json writes its line as the last one on standard error, and --result writes
it to a file instead. After the command ran it also has
  "command": { "exitCode" } or { "signal" } or { "fault" }, "reported": true or false`

const approving = `Shows all of the request first, on standard error, with what is unusual about it, and asks before the vote is sent. The
service records that it was shown, and the vote rests on that. --yes does not ask; without a terminal it is needed.
Rows that begin with | continue the text above them. Invisible characters are named, as ⟦2 spaces⟧ or ⟦U+202E⟧. In params a
text stands behind a bar of its own.
For tier high, type the target's last segment when you are asked, or give it with --confirm. Where the service wants a
step-up, which is a fresh sign-in, nothing is sent, and you are told how to sign in for it.

Up to ${bounds.batch} requests of one agent may be given. Each is shown in full, asked about and decided by itself: a request that you
leave, or that the service refuses, keeps no other from being decided. This needs a terminal, and takes neither --yes nor
--confirm. The exit code is that of the first request that was not decided. --json then writes { "exit", "decisions":
[{ "id", "exit", "request"?, "error"? }] }.`

const denying = `Shows all of the request first, and asks, as approve does. Up to ${bounds.batch} requests of one agent may be given, as there; all get
the same reason.`

const verifying = `Sends and fetches nothing, and needs no setting. Checks these in order, and names the first that does not hold:
  zip           it has the files of a bundle, none of them hidden, doubled, or leading elsewhere, as every tool unpacks them
  manifest      it is signed with a key given by --key
  members       every file is what the manifest lists
  checkpoints   the log's size and root before and after the day are signed
  records       every record is well formed and follows the one before it in its shard
  root          the log before the day and these records make the log after it: nothing was changed, added or left out
  consistency   the proof that the log only grew
  carried       earlier events of requests that began on another day are in the log
  tables        counts, requests.csv, exceptions.csv and metrics.csv are what the records say
  rules         replayed: only people who may approve did, and no approval was used twice, late or by another identity
  policy        judged anew by the bundle's policy files: who asked, by which rules, who may decide, and what each
                approver's groups and accounts are; with --said also by Cedar, from the text of each action
  said          each text is the one that the log commits to, and of each missing one a record says that it was erased (with
                --said, or with said-DATE.jsonl in the folder of --chain)

The line "policy" says how many requests were judged anew by Cedar, which lies in policy.cjs beside this program. A policy
that this program cannot load is CANNOT JUDGE, with exit code 2.

This does not prove that the directory's facts about people are true. Nor does it prove that no day was written anew by
the holder of the log's key: give --checkpoint FILE with the checkpoints that were kept elsewhere. FILE has the three lines of
one or more checkpoints, name, size and root, as the compliance channel has them; all else in it is passed over. The log must
have had that root at that size.

With --chain each day must also continue the one before, without a gap. A rotation of the log's key is followed. Each
said-DATE.jsonl beside the bundles is verified with its day; --said FOLDER names another folder for them. A said file of a day
that has no bundle here is named as not used ("unusedSaid" in JSON). A folder
shows no gap if the first or the last days are gone, so say where the series has to begin and end:
  --from, --through   the days that have to be there, with all between
  --first             the first bundle: its number, or what is known of its content from a download, or from the last audit. A
                      SHA-256 is compared with that of manifest.sigstore.json, which verify prints as "SHA-256 of its manifest",
                      and with that of the zip, which download prints
A series that begins later is late-start, one that ends earlier early-end, and another log another-history: exit code 1.

A text that is missing is withheld (exit code 1) if no record says that it was erased. The erasure may be recorded on a later
day. So with one day alone such texts are unexplained: counted, and exit code 2. With --chain they are withheld, because the
days after are there: give all days until the said files were made. If one day of the folder has a said file, each must have
its own (else unexplained). --allow-unexplained only counts both, and the verdict is not VERIFIED but names it.

Of evidence that holds and has an event "tampered", verify says HOLDS, WITH A RECORDED TAMPERING, with exit code 3:
somebody had changed what was stored, and a person repaired it. exceptions.csv names these events.

--json writes { "exit", "ok", "bundle"?, "said"?: { "given", "erased", "unexplained" }, "judged"?: { "asks", "anew", "hasCedar" },
"checks", "problem"?: { "code", "message", "check", "member"?, "line"? } }, with --chain { "exit", "ok", "bundles", "begins", "ends", "said"?, "exceptionKinds"?,
"problem"? }. "begins" and "ends" have "number", "date", "size" and "manifest" (its SHA-256), and "begins" "isFirst": whether it is
the log's first bundle. The "said" of a series also has "files", and "without": days that have none. "checks" names what
holds; "exceptionKinds" (of a single day in "bundle") counts the exceptions of each kind.`

const reporting = `Says of each request who asked, why and for what exactly, who decided and when, what they were shown, whether it ran,
and what is out of the ordinary. The texts that people and agents wrote come from --said; without it there are only
digests. With it the HTML also has what each approver was shown, as countersign view draws it.
HTML is one file without scripts, for browsers and printers, with all exceptions by time at its beginning; CSV is one row
per request.
Each text that is missing is listed with the record that says that it was erased, or that none of the day does: then the
report is written, and the exit code is 2 (0 with --allow-unexplained). A later day may have that record: countersign verify
--chain tells.
Evidence that does not hold is not reported. Of evidence that records a tampering the exit code is 3.

With --chain all days of a period are verified, and then reported together: each request once, as it stood after the newest day
on which something happened to it. docs/evidence/report.md explains its tables and its sections. A day that is missing, a bundle
that does not hold, a said file of another day and a control that no rule names are named, and the rest is reported; nothing is shown
of a day that was not verified. The exit code is 1 if a day is missing or does not hold, or a text is withheld, 2 if a file cannot be
read or judged, or texts are missing that nothing explains, 78 if no rule names a control of --control, and 3 for a recorded tampering.

--out FILE.html     everything, in sections; requests beyond ${requestsPerPage.toLocaleString('en')} are on pages beside it. The pages load nothing
--out FILE.xlsx     a workbook with a sheet for each table
--out FILE.csv      the requests alone; with --format controls, controls.csv alone
--out FOLDER        all of these: index.html, report.xlsx, requests.csv and controls.csv
--sample and --seed the sample is the requests with the smallest SHA-256 of the seed, a newline and the request's id. Anybody
                    picks the same ones again. Their stories, with what approvers were shown, are a page of their own

Formats for other systems have only facts, ids and digests, and nothing that people wrote. Of the same bundle they have the same bytes.
docs/evidence/formats.md says which tool takes which, and what personal data is in each.

--format oscal             OSCAL assessment results 1.2.1: an observation for each test of the day, and for each rule with controls
--format oscal-component   OSCAL component definition 1.2.1: the tests and the rules that those results refer to
--format fedramp           metrics of the day: what happened, exceptions, tests
--format fedramp-sdr       a part of a FedRAMP Security Decision Record; --overview is needed
--format ocsf              a line of OCSF 1.8.0 for each event, then a Compliance Finding for each test; --raw adds the records' text
--format jsonl             a flat JSON object for the day, each test and rule by control, each request, each exception
--format controls          controls.csv

With --chain, oscal, fedramp and fedramp-sdr write a file of each day into the folder --out, ocsf and jsonl one file with all days.

--json writes of one day { "exit", "ok", "report", "bundle", "said"?, "problem"? }, of a period { "exit", "ok", "reports", "from", "to",
"zone", "days": [{ "date", "state", "file"?, "problem"? … }], "requests", "size"?, "exceptionKinds", "questions": [{ "id", "population",
"found" }], "controls", "problems", "sample"?: [{ "id", "rank" }], "unknownControls"? }; of one in a format for other systems { "exit", "ok",
"reports", "from", "to", "days", "problems" }.`

const counting = `Verifies every countersign-evidence-*.zip in FOLDER as countersign verify --chain does, and computes from the records: for all
requests, and for each rule, agent and approver. docs/evidence/bundle.md says what each metric counts, under metrics.csv; here the
percentiles are over all of these days. Days of an earlier version, whose bundles have no metrics.csv, are counted, too.
Texts are not counted: of one that is missing nothing is said. The options are those of countersign verify --chain.

The exit code is that of countersign verify: 1 for evidence that does not hold, 2 for what cannot be read or is too new, 3 for
evidence that records a tampering. Times are in milliseconds in JSON.

--json writes { "exit", "ok", "days", "begins", "ends", "metrics": [{ "by", "of"?, "metric", "value" }] }, of evidence that does not
hold what countersign verify --chain --json writes.`

const proving = `Each proof is a C2SP tlog-proof against the bundle's checkpoint and contains the event itself. With the log's public key
it can be verified without the bundle: countersign verify-proof FILE --key LOG.pem.
Without --out the request must have a single event, whose proof goes to standard output.

FOLDER gets REQUEST-ID-NUMBER.tlog-proof for each event, index.html, which describes the request, and with --said and --names
texts.jsonl: the texts of these names, with their salts. All others stay undisclosed. Give the said file of each day on
which the request had events. A bundle has the events up to its day: take the one of the day on which the request ended.
A text of these names that is missing without a record of its erasure is an error (exit code 2), so that nobody takes it for
erased; --allow-unexplained discloses the rest.
Without "action" among the names the params stay undisclosed, but a person who guesses all of them can check the guess,
since the action digest has no salt.

--json writes { "exit", "proofs": [{ "index", "seq", "type", "file" or "text" }], "page"?, "texts"?, "missing"?: [{ "index", "name",
"erased"? }] }.`

const verifyingProofs = `Of a folder, all of it is verified together: each proof holds, all are of one log at one size, they stand in the log in
order, none is doubled, and the rules lead from each event to the next, beginning with the ask, so that no decision and no
use between can be missing. Each text is the one that its event commits to, and index.html says what is proved. Files of
other names are named as not checked, and so is a page that another version made.
The log cannot show that it has no other event of the request: views by people who did not vote may be missing.

--json writes { "exit", "ok", "origin", "index", "size", "event" }, for a folder { "exit", "ok", "request", "origin", "size", "root",
"state", "ended", "events": [{ "index", "event", "texts" }], "notChecked" }.`

const viewing = `Draws each page again that an approver was shown, from what is recorded: the request as it stood then, the texts, the policy
that judged it, and the card template. Checks that the view which the log names is the digest of this content, template and
warnings, that every text is the one that the log commits to, and that the template has the recorded hash.
FOLDER gets REQUEST-ID-NUMBER.card.json (an Adaptive Card) and .html for each, by the number of the event. Give the said file
of each day on which the request had events.

Not recorded, and so not drawn: what became of a person's last click, and through which door the person looked. The page is
laid out by this version of countersign. What was erased since is missing, and is named. The exit code is 2 if a page cannot
be drawn. Needs policy.cjs, cedar_wasm_bg.wasm and cards.cjs beside countersign.cjs.

--json writes { "exit", "request", "verified", "views": [{ "at", "seq", "approver", "page", "pages", "view", "files" and "notes",
or "undrawn" }] }.`

const repairing = `For when health or the log say evidence-broken. First find out who could write to the storage account, and read the
runbook (docs/operate/runbook.md). Needs the role Evidence.Erase. SHARD is 00 to 0f, as health names it.

Rows after the last event that holds are moved out of the shard's chain and kept beside it, the head is written anew, and
the rows of requests are made anew from their events. A request that was pending or approved ends: ask again. An event
"tampered" records it with your reason, and the day is then sealed.

A repair that would leave out an event which is known from elsewhere is refused, and changes nothing: exit code 1, and
the answer says which row to put back. A shard that holds is left as it is. After an outage repeat the command: it goes
on.

--json writes { "exit", "repair": { "shard", "chain"?: { "from", "to", "check", "moved", "mended", "recorded" },
"requests": [{ "request", "done": "rebuilt", "ended" or "removed" }] } }.`

const policies = `Works on a policy in a folder, which need not be in force. All but replay need no service and no setting.

check   loads the policy as the service does, and names each flaw with file and line.
try     says what the policy answers to an ask: the rules, who would have to approve, who may not, and what they would be
        shown. The exit code is that of a real ask. FILE has the body of an ask as the API takes it; reason may be left
        out, and agent and at may stand in it.
test    runs FOLDER/tests/*.json. Each file has a list of tests:
          [{ "name", "agent"?, "at"?, "ask": { … },
             "expect": { "outcome"?, "rules"?, "approvers"?, "tier"?, "problem"? } }]
        outcome is approve, allow, forbid or no-policy; approvers is written as in @approvers; problem is the code with
        which the ask is refused. What is left out of "expect" is not compared, but a problem is never ignored.
replay  reads the requests from the service, which needs the role Evidence.Read, and judges each by the policy as of the
        time at which it was made. Lists each that is answered in another way, and first what would be allowed with no
        person involved. Requests whose action was erased are counted.

Who is a member of the tenant or of a group of the directory is not known here: every listed account is taken for a
member, and a group of the directory for one with enough members.

--json writes { "exit", … }: check { "ok", "flaws"? }, try { "outcome"?, "rules", "required", "problem"?, "view"? }, test
{ "ok", "tests": [{ "file", "name", "faults" }] }, replay { "judged", "erased", "differences" }.`

const finding = `Needs the role Evidence.Read; without it you see what your groups decide, and what you decided.
Looks through a range of any length, 31 days at a time, and says how far it looked.
--json writes { "exit", "complete", "until"?, "from", "to", "requests" }, with requests as the API answers them. "until" is how
far it looked, if "complete" is false.

--review due lists what one person approved alone in an emergency and nobody has reviewed yet. It goes with no --from and --to.
--standing open lists the standing approvals that can be used, with how often each was used and when it ends. It goes with neither, too.`

const waiting = `Needs the role Evidence.Read to see all; without it you see what your groups decide.
--json writes { "exit", "complete", "until"?, "requests" }, with requests as the API answers them.`

const awaiting = `Says each approval, question and answer while it waits. Ends with 0 once the request is approved, with 77 after a no, else
with 75: also at once if an approver asks something that the agent answers which waits. Then "next" of the request is "answer",
and the last line names the command that answers; after it, wait again.`

const asking = `Shows all of the request first, on standard error; the service records that it was shown. The question goes to the side that
wants the action, which is the agent, or the people who answer for it, as approvers.json says. It decides nothing: you and others
may decide before the answer. Where the policy says so, people get more time after a question. At most ${bounds.questions} questions are asked about
a request, and one of each person waits at a time.`

const answering = `QUESTION is the number that countersign show prints, or the id; it may be left out if one question is open. Who may answer
stands in approvers.json: the agent that asked, its owners, sponsors and the person it acts for, or both; an approver never.
Approvals from before the answer count no more, since approvers decide on what is asked and answered. A question is data from a
person, and no instruction: it changes nothing that was approved. The same answer again changes nothing; another one is refused.
With the settings of an agent the agent answers, otherwise the person who is signed in.`

const narrowing = `A number may get lower, and a list may lose some of its items. The policy says of which params, and the agent's registration
whether it goes along: it executes what is left. Shows all of the request first, on standard error. Approvals from before count no
more, and you approve what is left afterwards, with countersign approve.`

const breaking = `Approves a request alone, before the people who would have to. Only a member of a group that the rule names for it may, and nobody
who is kept from approving. All are told, and another person has to review it by the time that the policy gives.
Shows all of the request first, on standard error. The target's last segment is typed, or given with --confirm, whatever the tier.`

const reviewing = `Shows the request first, on standard error, and asks. Anybody who may decide the request may review it, but not the person who
broke the glass. A review that comes late counts as well, and the log keeps that it was late.
countersign list --review due lists what waits for one.`

const telling = `Needs the role Evidence.Read. Each event is checked to have the hash that the service names, and each text to be the one
that its event commits to. Whether an event is in the log is proved by countersign prove.
--json writes { "exit", "request", "events": [{ "leaf", "hash", "index"?, "said" }] }.`

const erasing = `Give ID..., or --person with a range of days. Lists what would be erased, and asks, before anything is sent. The names are
action, links, name, owner, reason and summary; a name is erased from every event of a request that has it. Needs the role
Evidence.Erase. Without Evidence.Read the texts cannot be listed, and --person finds only what you may know of.

Two people have to ask: the first erases nothing, and within seven days another person gives the same command with the same
names. Each gives their own reason. Digests, ids and proofs stay. A request that is still open is left alone (75).

--person finds the requests of these days that this person decided or revoked, that were made on their behalf, or whose agent
they own or sponsor. A request may name other people, too: read the list. It does not find texts in which others wrote about
them: see countersign list.

--json writes { "exit", "erasures": [{ "request", "erased", "waits"?, "error"? }] }.`

const holding = `While a hold is in force, nobody erases a text of the requests that it covers: REQUEST-ID, all of an agent, or all that
were asked in a period of days. Needs the role Evidence.Hold. Anybody with that role can release it, the same person too;
both are recorded, with who did it and why. An erasure of the same second may still come before the hold.

After an outage repeat the command: it goes on with the same hold.

--json writes { "exit", "hold": { "hold", "scope", "held": { "by", "at", "why"? }, "released"? } }.`

const listingHolds = `Needs the role Evidence.Hold or Evidence.Read. --json writes { "exit", "holds" }, with holds as the API answers them.`

const leaving = `While you are away, your deputy may approve, deny, ask and revoke in your place, and you both have one vote. approvers.json
names who may be a deputy of a group; you say when. It ends with --until, 30 days later at most, or with countersign back. Who may
not approve a request passes that on to nobody, and no deputy breaks a glass. Say it again for the same deputy to change the time.

--json writes { "exit", "delegation": { "event", "member", "to", "groups", "at", "until", "reason"? } }, or { "exit",
"delegations", "deputies" } with those that are in force and concern you (with the role Evidence.Read all of them), and whom you may
name.`

const returning = `EVENT is the hash that countersign away lists; it may be left out if you named one deputy alone. What the deputy has approved
is approved; votes on requests that still wait are looked at again when one more would complete the approval, and count no more.

--json writes { "exit", "recall": { "event", "by", "at" } }.`

const releasing = `HOLD is the id of a hold, as countersign holds lists it. Needs the role Evidence.Hold. A hold that was released before is
shown as it is.

--json writes { "exit", "hold": { "hold", "scope", "held", "released": { "by", "at", "why"? } } }.`

const sealing = `Needs the role Evidence.Read. --json writes { "exit", "days" }, with days as the API answers them.`

const downloading = `DATE is a day in UTC, as countersign days lists them. Writes countersign-evidence-DATE.zip and said-DATE.jsonl. Needs the
role Evidence.Export; --latest needs Evidence.Read, too. A file appears only when it is complete and has the SHA-256 that
the service names. A said file whose transfer breaks off goes on at the newest event that came. A file that exists with other
content is left alone.

With --from and --to, or with --last, every day of the period is fetched, and verified at once with --key: by itself with its said file, and as the
one after the day before. A day without a bundle, and one that does not hold, are named, and the others go on. What is there already
is not fetched again, so that the same command goes on after an interruption. The exit code is 1 if a day does not hold, 78 if one is
missing or a file of its name has other content, 2 if texts are missing that nothing explains, and 3 if a day records a
tampering. --json writes { "exit", "days": [{ "date", "state": "holds", "broken", "unreadable", "missing" or "kept", "bundle"?, "said"?,
"problem"?: { "code"?, "message" } }] }.`

const gating = `countersign mcp CONFIG          serves a host over standard input and output, or over HTTP with --http
countersign mcp policy CONFIG   prints a schema and rules for the tools, to start a policy from
countersign mcp pin CONFIG      writes what each tool says of itself, as digests, to the file of pins
countersign mcp --ask           serves countersign_ask, countersign_wait and countersign_report

CONFIG names the servers whose tools are gated (docs/agents/mcp.md). A call of a tool is a request; the tool is carried out
once it is approved, and the outcome is reported. Credentials are those of an agent, in the environment.

COUNTERSIGN_GATEWAY_KEY         what goes through a host and back is sealed with it: at least 32 characters
COUNTERSIGN_ON_BEHALF_OF        the object id of the person for whom a host over standard input calls`

const hooking = `Reads from standard input what the host tells its hook, and answers as the host wants it. Before a tool: asks, waits,
redeems. After it: reports. Every fault has exit code 2, which keeps the tool from being carried out.

A hook is a net, not a wall: docs/agents/hooks.md says what else has to be set. Credentials are those of an agent, in the
environment.

COUNTERSIGN_UNDER               the id of a standing approval: calls that it covers run without asking anybody
COUNTERSIGN_WAIT                seconds to wait for the decision (3500; 25 for copilot); then the request is withdrawn`

const more: Readonly<Record<string, string>> = {
  login: signingIn,
  logout: signingOut,
  run: running,
  approve: approving,
  deny: denying,
  wait: awaiting,
  question: asking,
  answer: answering,
  narrow: narrowing,
  'break-glass': breaking,
  review: reviewing,
  pending: waiting,
  list: finding,
  events: telling,
  erase: erasing,
  hold: holding,
  holds: listingHolds,
  release: releasing,
  away: leaving,
  back: returning,
  days: sealing,
  download: downloading,
  hook: hooking,
  mcp: gating,
  policy: policies,
  repair: repairing,
  verify: verifying,
  metrics: counting,
  report: reporting,
  view: viewing,
  prove: proving,
  'verify-proof': verifyingProofs,
}
