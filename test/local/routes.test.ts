import { findRoute, route } from '../../src/local/routes.ts'

const routes = [
  route('{*rest}', ['GET'], 'rest'),
  route('api/requests/{id}', ['GET'], 'request'),
  route('api/requests/{id}/events', ['GET'], 'events'),
  route('api/requests/open', ['get'], 'open'),
  route('.well-known/jwks.json', ['GET'], 'keys'),
]

test.each([
  ['/api/requests/1', 'request', { id: '1' }],
  ['/api/requests/1/', 'request', { id: '1' }],
  ['/api/requests/1/events', 'events', { id: '1' }],
  ['/API/requests/open', 'open', {}],
  ['/.well-known/jwks.json', 'keys', {}],
  ['/xwell-known/jwks.json', 'rest', { rest: 'xwell-known/jwks.json' }],
  ['/api/requests/1/2/3', 'rest', { rest: 'api/requests/1/2/3' }],
  ['/', 'rest', { rest: '' }],
])('%s leads to %s', (path, target, params) => {
  expect(findRoute(routes, 'GET', path)).toEqual({ target, params })
})

test.each([
  ['POST', '/api/requests/1'],
  ['GET', '/api/requests/%ff'],
])('%s %s leads nowhere', (method, path) => {
  expect(findRoute(routes, method, path)).toBeNull()
})

test.each(['a/{id:int}', 'a/{id?}', 'a/x{id}', '{*rest}/a'])(
  'a template with %s is refused at the start',
  (template) => {
    expect(() => route(template, ['GET'], null)).toThrow(template)
  },
)
