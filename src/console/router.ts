import { useEffect, useState } from 'preact/hooks'

/**
 * Whether Teams opened the page. It is known by the address alone, which the app's manifest names, and each link and each
 * reload keeps.
 */
export const isInTeams = location.pathname.startsWith('/console/teams/')

/** Where the console lies on its origin. Every page is an address below it. */
const base = isInTeams ? '/console/teams/' : '/console/'

/** A place in the console: its path below `base`, and its query. */
export interface Place {
  readonly path: string
  readonly query: URLSearchParams
}

const changed = 'countersign:place'

const here = (): Place => ({
  path: location.pathname.slice(base.length).replace(/\/$/, ''),
  query: new URLSearchParams(location.search),
})

/** Whether the address is that of the first page. */
export const isAtInbox = (): boolean => here().path === ''

/** Whether the address is that of a request, to which a card's link leads. */
export const isAtRequest = (): boolean => /^requests\/[^/]+$/.test(here().path)

/** Writes an address. Parameters that are empty or absent are left out. */
export function address(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((one): one is [string, string] => (one[1] ?? '') !== '')
  return base + path + (given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`)
}

/** Goes to an address of the console without loading it. `replace` leaves no trace in the history. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  dispatchEvent(new Event(changed))
}

/**
 * Follows the address. A click on a link within the console draws another page in place of loading it; then the reader is
 * taken to its beginning, and so is the focus.
 */
export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const follow = () => setPlace(here())
    const click = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null
      const isOurs = link !== null && link.origin === location.origin && link.pathname.startsWith(base)
      const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
      if (!isOurs || !isPlain || link.target !== '' || link.hasAttribute('download') || event.defaultPrevented) return
      event.preventDefault()
      go(link.href)
      scrollTo(0, 0)
      requestAnimationFrame(() => document.querySelector('main')?.focus())
    }
    addEventListener('popstate', follow)
    addEventListener(changed, follow)
    document.addEventListener('click', click)
    return () => {
      removeEventListener('popstate', follow)
      removeEventListener(changed, follow)
      document.removeEventListener('click', click)
    }
  }, [])
  return place
}
