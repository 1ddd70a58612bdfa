import { version } from '../../package.json'
import { isExaminationThread, serveExamination } from '../verify/thread.ts'
import { checkText } from './commandLine.ts'
import { decide } from './decide.ts'
import { narrow } from './narrow.ts'
import { breakGlass, reviewGlass } from './emergency.ts'
import { download } from './download.ts'
import { exits } from './exit.ts'
import { erase } from './find/erase.ts'
import { days } from './find/days.ts'
import { events } from './find/events.ts'
import { list, pending } from './find/list.ts'
import { ask, cancel, show, wait } from './follow.ts'
import { help } from './help.ts'
import { blockOnFaults, hook, hookBlocks } from './hook.ts'
import { login, logout } from './login.ts'
import { mcp } from './mcp.ts'
import { metrics } from './metrics.ts'
import { asksForHelp, type Options, parseOptions } from './options.ts'
import { judger, policy } from './policy.ts'
import { prove } from './proof/prove.ts'
import { verifyProof } from './proof/folder.ts'
import { away, back } from './absence.ts'
import { hold, holds, release } from './holds.ts'
import { repair } from './repair.ts'
import { report } from './report.ts'
import { failed, finish, type Result } from './result.ts'
import { run } from './run.ts'
import { claimFile, type Screen, screen } from './screen.ts'
import { connect } from './service.ts'
import type { Session } from './session.ts'
import { readSettings } from './settings.ts'
import { view } from './shown/view.ts'
import { answer, question } from './talk.ts'
import { verify } from './verify.ts'

/** Settles when the command has ended, for a caller who loads this file in a process that goes on. */
export const ended: Promise<void> = begin()

async function begin(): Promise<void> {
  // The verifier starts this file again, as a thread.
  if (isExaminationThread()) {
    serveExamination(judger(__filename))
    return
  }
  // A program that waits for what never comes ends without a word: let nobody take that for success.
  process.exitCode = process.argv[2] === 'hook' ? hookBlocks : exits.fault
  if (process.argv[2] === 'hook') blockOnFaults()
  await main(process.argv.slice(2))
}

async function main(args: readonly string[]): Promise<void> {
  const end = args.indexOf('--')
  const json = (end < 0 ? args : args.slice(0, end)).includes('--json')
  const to = screen({ json, environment: process.env })
  const form = { json, isRun: args[0] === 'run' || (args[0] === 'login' && end >= 0) }
  let file: string | undefined
  try {
    const information = informationFor(args)
    if (information !== undefined) {
      process.stdout.write(information)
      process.exitCode = exits.ok
      return
    }
    checkText(args)
    const options = parseOptions(args)
    file = options.one('result')
    if (file !== undefined) claimFile(file)
    process.exitCode = finish(await perform(options, to), { ...form, file }, to)
  } catch (cause) {
    process.exitCode = finish(failed(cause), { ...form, file }, to)
  }
  // Hosts carry a tool out after any other failure of a hook.
  if (args[0] === 'hook' && process.exitCode !== exits.ok) process.exitCode = hookBlocks
}

/** Gives the text of help or version, which need no settings. */
function informationFor(args: readonly string[]): string | undefined {
  if (args[0] === '--version') return `${version}\n`
  if (args[0] === '--help' || args[0] === '-h') return help()
  if (args[0] === 'help') return help(args[1])
  if (asksForHelp(args)) return help(args[0])
  return undefined
}

async function perform(options: Options, to: Screen): Promise<Result> {
  const { command } = options
  const offline = { options, environment: process.env, screen: to }
  if (command === 'login') return login(offline)
  if (command === 'logout') return logout(offline)
  if (command === 'verify') return verify(offline, __filename)
  if (command === 'metrics') return metrics(offline, __filename)
  if (command === 'report') return report(offline, __filename)
  if (command === 'view') return view(offline, __filename)
  if (command === 'prove') return prove(offline, __filename)
  if (command === 'verify-proof') return verifyProof(offline)
  if (command === 'mcp') return mcp(offline, __filename)
  if (command === 'hook') return hook(offline, __filename)
  const service = () => connect(readSettings(options, process.env), to.say)
  if (command === 'policy') return policy(offline, __filename, service)
  const session = { ...offline, service: service() }
  return atService(session, command)
}

type CommandAtService = Exclude<
  Options['command'],
  'login' | 'logout' | 'verify' | 'metrics' | 'report' | 'view' | 'prove' | 'verify-proof' | 'mcp' | 'hook' | 'policy'
>

/** Performs a command that needs the service. */
async function atService(session: Session, command: CommandAtService): Promise<Result> {
  if (command === 'ask' || command === 'standing') return ask(session)
  switch (command) {
    case 'run':
      return run(session)
    case 'pending':
      return pending(session)
    case 'list':
      return list(session)
    case 'events':
      return events(session)
    case 'erase':
      return erase(session)
    case 'hold':
      return hold(session)
    case 'holds':
      return holds(session)
    case 'release':
      return release(session)
    case 'away':
      return away(session)
    case 'back':
      return back(session)
    case 'days':
      return days(session)
    case 'show':
      return show(session)
    case 'wait':
      return wait(session)
    case 'cancel':
      return cancel(session)
    case 'approve':
    case 'deny':
      return decide(session, command)
    case 'question':
      return question(session)
    case 'answer':
      return answer(session)
    case 'narrow':
      return narrow(session)
    case 'break-glass':
      return breakGlass(session)
    case 'review':
      return reviewGlass(session)
    case 'download':
      return download(session, __filename)
    case 'repair':
      return repair(session)
  }
}
