import { channelName, kindOf, readChannel } from '../../src/ports/channel.ts'

const bare = '19:abc@thread.tacv2'

test('a channel of Teams has one name, so that its rows keep their keys', () => {
  for (const text of [bare, `teams:${bare}`]) {
    const read = readChannel(text)
    expect(read).toEqual({ kind: 'teams', id: bare })
    expect('why' in read ? read.why : channelName(read)).toBe(bare)
  }
})

test.each([
  [bare, 'teams'],
  [`${bare};messageid=1`, 'teams'],
  ['a:1xyz', 'teams'],
  ['29:1xyz', 'teams'],
  ['8:orgid:1', 'teams'],
  ['slack:T1/C1', 'slack'],
])('the name of a channel or conversation begins with its kind: %s', (name, kind) => {
  expect(kindOf(name)).toBe(kind)
})
