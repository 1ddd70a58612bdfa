import { definitionFrom } from './fetchTypes.ts'

const type = 'Contoso.Things/boxes@2026-01-01'
const member = (name: string, type: string, more: object = {}) => ({ name, type, description: 'Words.', ...more })
const object = (name: string, ...properties: ReturnType<typeof member>[]) => ({ $type: 'Object', name, properties })

/** An answer of the program, about a box with a lid. */
const answer = [
  {
    $type: 'Resource',
    name: type,
    bodyType: object(
      'Contoso.Things/boxes',
      member('name', 'string', { flags: 'Required, DeployTimeConstant', modifiers: 'minLength: 3, maxLength: 24' }),
      member('lid', 'Lid'),
      member('sides', 'Side[]'),
    ),
  },
  object('Lid', member('colour', 'red | blue | string', { flags: 'Required' })),
  object('Side', member('next', 'Side')),
  object('Stranger', member('name', 'string')),
  { $type: 'ResourceInstanceFunction', name: 'listKeys' },
]

test('a definition keeps what a body is made of, without words and functions', () => {
  expect(definitionFrom(answer, type)).toEqual({
    body: 'the resource',
    parts: {
      Lid: { members: { colour: ['red | blue | string', 'Required'] } },
      Side: { members: { next: ['Side'] } },
      'the resource': {
        members: {
          name: ['string', 'Required, DeployTimeConstant', 'minLength: 3, maxLength: 24'],
          lid: ['Lid'],
          sides: ['Side[]'],
        },
      },
    },
  })
})

test('cases of one name are told apart by the word that chooses them', () => {
  const one = (word: string, more: string) => object('Channel', member('kind', word), member(more, 'string'))
  const cases = {
    $type: 'DiscriminatedObject',
    ...{ name: 'Channel', discriminator: 'kind', baseProperties: [member('all', 'bool')] },
    elements: [one('mail', 'address'), one('teams', 'team')],
  }
  const body = { $type: 'Resource', name: type, bodyType: object('Contoso.Things/boxes', member('channel', 'Channel')) }
  const { parts } = definitionFrom([body, cases], type)
  expect(parts['Channel']).toEqual({
    ...{ members: { all: ['bool'] }, by: 'kind' },
    cases: { mail: 'Channel/mail', teams: 'Channel/teams' },
  })
  expect(parts['Channel/teams']).toEqual({ members: { kind: ['teams'], team: ['string'] } })
})

test.each([
  ['another version', [{ ...answer[0], name: 'Contoso.Things/boxes@2027-01-01' }], 'Contoso.Things/boxes@2027-01-01'],
  ['no such type', [], 'nothing'],
])('an answer about %s is refused, and says what the package has', (_what, told, has) => {
  expect(() => definitionFrom(told as typeof answer, type)).toThrow(`${type}: the package has ${has}`)
})
