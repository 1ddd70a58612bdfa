import fc from 'fast-check'
import { hookFault } from '../../src/webhook/hookAddress.ts'
import { isPublicAddress } from '../../src/webhook/publicAddress.ts'

test.each([
  ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '168.63.129.16'],
  ...['100.64.0.1', '100.127.255.255', '0.0.0.0', '0.1.2.3', '192.0.0.8', '192.0.2.1', '198.18.0.1', '198.51.100.7'],
  ...['203.0.113.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '192.88.99.1'],
  ...['::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1'],
  ...['64:ff9b::808:808', '64:ff9b:1::1', '2002:7f00:1::', '2002:808:808::1', '2001::1', '2001:0:5ef5:79fd::1'],
  ...['2001:db8::1', '3fff::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1', '100::1'],
  ...['5f00::1', '4000::1', '', 'x', '1.2.3', 'hooks.contoso.example'],
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

test.each([
  ...['8.8.8.8', '20.50.2.1', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1', '168.63.129.17'],
  ...['2606:4700:4700::1111', '2a00:1450::1', '2600::'],
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

test('no form of an IPv4 address inside of an IPv6 address is public', () => {
  fc.assert(
    fc.property(fc.ipV4(), (four) => {
      const [a = 0, b = 0, c = 0, d = 0] = four.split('.').map(Number)
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
      const forms = [
        `::ffff:${four}`,
        `::${four}`,
        `64:ff9b::${four}`,
        `64:ff9b::${hex}`,
        `2002:${hex}::`,
        `::ffff:0:${four}`,
      ]
      for (const form of forms) expect(isPublicAddress(form)).toBe(false)
    }),
  )
})

test.each<[string, RegExp]>([
  ['hooks.contoso.example', /https address/],
  ['http://hooks.contoso.example/', /begins with https/],
  ['ftp://hooks.contoso.example/', /begins with https/],
  ['file:///etc/passwd', /begins with https/],
  ['https://127.0.0.1/', /no IP address/],
  ['https://0x7f.1/', /no IP address/],
  ['https://2130706433/', /no IP address/],
  ['https://017700000001/', /no IP address/],
  ['https://[::1]/', /no IP address/],
  ['https://[::ffff:7f00:1]/', /no IP address/],
  ['https://8.8.8.8/', /no IP address/],
  ['https://１２７.0.0.1/', /no IP address/],
  ['https://localhost/', /no name of the public internet/],
  ['https://localhost./', /no name of the public internet/],
  ['https://hooks.contoso.example./', /no name of the public internet/],
  ['https://metadata.google.internal/', /no name of the public internet/],
  ['https://printer.local/', /no name of the public internet/],
  ['https://a.b.localhost/', /no name of the public internet/],
  ['https://router.home.arpa/', /no name of the public internet/],
  ['https://hooks_.contoso.example/', /no name of the public internet/],
  ['https://user@hooks.contoso.example/', /no user/],
  ['https://user:word@hooks.contoso.example/', /no user/],
  ['https://hooks.contoso.example:8443/', /no port/],
  ['https://hooks.contoso.example/#part', /no #/],
])('%s is no address of a hook', (address, why) => {
  expect(hookFault(address)).toMatch(why)
})

test.each([
  'https://hooks.contoso.example/',
  'https://hooks.contoso.example:443/a/b?c=d',
  'https://HOOKS.contoso.example/events',
  'https://münchen.example/hook',
])('%s is an address of a hook', (address) => {
  expect(hookFault(address)).toBeNull()
})
