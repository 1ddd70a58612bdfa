import { BlockList, isIP } from 'node:net'

/**
 * IPv4 addresses that are not public: those of https://www.iana.org/assignments/iana-ipv4-special-registry, multicast, and
 * 168.63.129.16, behind which Azure answers every virtual machine:
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
 */
const notPublic = subnets('ipv4', [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '168.63.129.16/32', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
])

/** The only IPv6 addresses that are routed everywhere (RFC 4291 section 2.4, IANA's IPv6 Global Unicast Address Space). */
const globalUnicast = subnets('ipv6', ['2000::/3'])

/**
 * Those of them that are not: of IETF protocols with Teredo, which holds IPv4 addresses; of documentation; and 6to4, which
 * holds IPv4 addresses, too. Mapped ones (`::ffff:0:0/96`) and NAT64 (`64:ff9b::/96`) lie outside of all global unicast.
 */
const notGlobal = subnets('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !notPublic.check(address, 'ipv4')
  return isIP(address) === 6 && globalUnicast.check(address, 'ipv6') && !notGlobal.check(address, 'ipv6')
}

function subnets(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}
