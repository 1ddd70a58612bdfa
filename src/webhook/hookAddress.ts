import { isIP } from 'node:net'

/** A name of the public internet in ASCII: labels of letters, digits and hyphens (RFC 1123 section 2.1), two at least. */
const publicName = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/

/** Names that never are public (RFC 6761, RFC 6762, RFC 8375, and what ICANN has reserved). */
const localName = /(?:^|\.)(?:local|localhost|internal|home\.arpa|onion|test|invalid)$/

/**
 * Says why an address cannot be that of a webhook; `null` if it can. Node asks for the address of a name only, so an IP
 * address in a URL would pass the check of where a name leads to.
 */
export function hookFault(text: string): string | null {
  if (!URL.canParse(text)) return 'it is an https address, as https://hooks.contoso.example/countersign'
  const url = new URL(text)
  if (url.protocol !== 'https:') return 'it begins with https://'
  if (url.username !== '' || url.password !== '') return 'it has no user and no password: the signature says who sends'
  if (url.port !== '') return 'it has no port: 443 is used'
  if (url.hash !== '') return 'it has no # and nothing after it'
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return 'it has a name and no IP address'
  if (!publicName.test(url.hostname) || localName.test(url.hostname))
    return `"${url.hostname}" is no name of the public internet`
  return null
}
