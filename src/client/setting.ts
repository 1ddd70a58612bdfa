import { Misconfigured } from './failure.ts'

/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>

/** A setting's value, and the name to call it by: that of the variable, or of an option that came in its place. */
export interface FoundSetting {
  readonly name: string
  readonly value: string
}

/** Finds a setting by the name of its variable. An empty value counts as none. */
export type FindSetting = (variable: string) => FoundSetting | undefined

export const settingsIn =
  (variables: Variables): FindSetting =>
  (name) => {
    const value = variables[name]
    return value ? { name, value } : undefined
  }

export function misconfigured(sentence: string): never {
  throw new Misconfigured(`${sentence}.`)
}

/** @throws {Misconfigured} if it is missing */
export const needed = (find: FindSetting, variable: string, hint: string): FoundSetting =>
  find(variable) ?? misconfigured(`${variable} is not set: ${hint}`)

/** Whether an address is on this machine. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

/** Requires https, because secrets are sent to this address. Plain http is for this machine only. */
export function secureUrl({ name, value }: FoundSetting): URL {
  const url = URL.canParse(value) ? new URL(value) : misconfigured(`${name} is not a URL`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    misconfigured(`${name} starts with https:// (http:// only for localhost)`)
  if (url.username || url.password || url.search || url.hash)
    misconfigured(`${name} has no user, password, query or fragment`)
  return url
}

/** Reads the address of the service, which may have a path. */
export function serviceUrl(found: FoundSetting): URL {
  const url = secureUrl(found)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** Reads seconds from 0 to 3600. */
export function secondsIn(found: FoundSetting | undefined, otherwise: number): number {
  if (!found) return otherwise
  const value = Number(found.value)
  if (!/^\d+$/.test(found.value) || value > 3600) misconfigured(`${found.name} is a number of seconds from 0 to 3600`)
  return value
}

const visibleAscii = /^[\x21-\x7e]+$/

/** Whether a text can be sent as a token. Others would end the header, or show up in the error of a call. */
export const isToken = (value: unknown): value is string => typeof value === 'string' && visibleAscii.test(value)
