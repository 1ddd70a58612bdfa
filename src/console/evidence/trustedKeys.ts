import { prefix, stored } from '../taste.ts'

/** The most keys that are kept: a log changes its key seldom. */
const most = 16

const place = `${prefix}keys`

/** The public keys that the reader trusts, in PEM, as this browser keeps them. Nothing here was checked yet. */
export function keptKeys(): readonly string[] {
  return (
    stored(() => {
      const found: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
      const isText = (one: unknown): one is string =>
        typeof one === 'string' && one.includes('-----BEGIN PUBLIC KEY-----')
      return Array.isArray(found) ? found.filter(isText).slice(0, most) : []
    }) ?? []
  )
}

export function keepKeys(pems: readonly string[]): void {
  stored(() => localStorage.setItem(place, JSON.stringify(pems.slice(-most))))
}
