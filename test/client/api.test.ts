import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { typesFile, typesOf } from '../../scripts/clientTypes.mjs'
import { openapi } from '../../src/contract/openapi.ts'
import { root } from '../support/root.ts'

test('the types of the client are those of the OpenAPI document: node scripts/clientTypes.mjs writes them', () => {
  expect(readFileSync(join(root, typesFile), 'utf8')).toBe(typesOf(openapi('https://countersign.example')))
})

test('a schema that the types cannot express is refused', () => {
  const [known, unknown] = [{ type: 'string' }, { type: 'matrix' }]
  const schemas = { Request: unknown, RequestList: known, AskBody: known, AnswerBody: known, OutcomeBody: known }
  const document = { components: { schemas } }
  expect(() => typesOf(document)).toThrow(/matrix/)
})

test('a constant that is no text is written as it is', () => {
  const [known, flag] = [{ type: 'string' }, { type: 'boolean', const: false }]
  const vote = { type: 'object', properties: { current: flag } }
  const schemas = { Request: vote, RequestList: known, AskBody: known, AnswerBody: known, OutcomeBody: known }
  expect(typesOf({ components: { schemas } })).toContain('readonly current?: false\n')
})
