import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { PageContext, PageWanted } from 'oidc-provider'
import { people, tenantId } from './accounts.ts'
import { stepUpPrompt } from './stepUp.ts'

/**
 * The path below which a person chooses an account and, where the program wants that, steps up: `/SIGN-IN`,
 * `/SIGN-IN/ACCOUNT` or `/SIGN-IN/step-up`.
 */
export const signInPath = `/${tenantId}/sign-in`

/** Answers the pages of a sign-in, which takes no password and for a step-up one more click. Returns `false` for other paths. */
export async function answerSignIn(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const { pathname } = new URL(req.url ?? '/', 'http://local')
  if (!pathname.startsWith(`${signInPath}/`)) return false
  const [uid = '', name, ...rest] = pathname.slice(signInPath.length + 1).split('/')
  const chosen = people.find((person) => person.name === name)
  const isPressed = chosen !== undefined || name === stepUpPrompt
  const isKnown = rest.length === 0 && (name === undefined ? req.method === 'GET' : req.method === 'POST' && isPressed)
  if (!isKnown) {
    res.writeHead(404).end()
    return true
  }
  try {
    if (chosen) await finish(provider, req, res, chosen.oid)
    else if (name === undefined) send(res, 200, pageFor(uid, await provider.interactionDetails(req, res)))
    else await finishStepUp(provider, req, res)
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'SessionNotFound') throw cause
    send(res, 400, page('This sign-in is over', '<p>Start again in the program that you came from.</p>'))
  }
  return true
}

function finish(provider: Provider, req: IncomingMessage, res: ServerResponse, accountId: string): Promise<void> {
  const result = { login: { accountId }, select_account: {} }
  return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false })
}

/** Keeps what the pages before it led to, such as the account that was chosen. */
function finishStepUp(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  return provider.interactionFinished(req, res, { [stepUpPrompt]: {} }, { mergeWithLastSubmission: true })
}

function pageFor(uid: string, { prompt, session }: PageWanted): string {
  if (prompt.name !== stepUpPrompt) return page('Who are you?', people.map((person) => choice(uid, person)).join('\n'))
  const who = people.find(({ oid }) => oid === session?.accountId)?.name ?? ''
  const words =
    '<p>Entra asks for a fresh sign-in here, as with a key or a fingerprint. On this machine a click is enough.</p>'
  const form = `<form method="post" action="${signInPath}/${uid}/${stepUpPrompt}"><button>Yes, I am ${who}</button></form>`
  return page('Sign in once more', words + form)
}

const choice = (uid: string, { name, upn }: { readonly name: string; readonly upn: string }) =>
  `<form method="post" action="${signInPath}/${uid}/${name}"><button>${name} <small>${upn}</small></button></form>`

/** The three pages of RFC 8628 section 3.3. The forms are the provider's own, without buttons. */
export const devicePages = {
  userCodeInputSource(context: PageContext, form: string, _out?: unknown, error?: Error) {
    const words = error === undefined ? 'Type the code that your terminal shows.' : 'No sign-in has this code.'
    show(context, 'Sign in on another device', `<p>${words}</p>${withButton(form, 'Next')}`)
  },
  userCodeConfirmSource(context: PageContext, form: string, _client: unknown, _device: unknown, code: string) {
    const words = `<p>Go on only if your own terminal shows <strong>${code}</strong>.</p>`
    show(context, 'Is this your code?', words + withButton(form, 'Yes'))
  },
  successSource(context: PageContext) {
    show(context, 'You are signed in', '<p>Go back to your terminal.</p>')
  },
}

/** The page of a sign-out (OpenID Connect RP-Initiated Logout 1.0 section 2). The form is the provider's own, without a button. */
export function logoutSource(context: PageContext, form: string): void {
  const button = '<button form="op.logoutForm" name="logout" value="yes">Sign out of this machine’s Entra</button>'
  show(context, 'Sign out', form + button)
}

/** Shows an error to a person who cannot be sent back. Its words come from a request, so they are escaped. */
export function renderError(context: PageContext, out: Readonly<Record<string, unknown>>): void {
  const words = [out['error'], out['error_description']].filter((word) => typeof word === 'string').join(': ')
  show(context, 'This does not work', `<p>${words.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)}</p>`)
}

const withButton = (form: string, words: string) => form.replace('</form>', `<button>${words}</button></form>`)

function show(context: PageContext, title: string, body: string): void {
  for (const [name, value] of Object.entries(headers)) context.set(name, value)
  context.body = page(title, body)
}

function send(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, headers).end(body)
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  // Without `form-action`, which would forbid the redirection to the program.
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
}

const style =
  'body{font:16px system-ui;max-width:24rem;margin:3rem auto;padding:0 1rem}button,input{box-sizing:border-box;width:100%;padding:.7rem;margin:.2rem 0;text-align:left;font:inherit}small{color:#555}'

const page = (title: string, body: string) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style><h1>${title}</h1>
${body}
<p><small>This stands in for Entra on this machine.</small></p></html>
`
