import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actionDigest, canonicalAction } from '../src/core/action/action.ts'
import { grants } from '../src/approvals/grants.ts'
import { fileSigner } from '../src/local/signer.ts'
import { fencesOf, readPage } from './support/pages.ts'
import { action, approved, noon } from './support/build.ts'
import { python } from './support/python.ts'

/** Programs that we did not write agree with ours. */

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (program: string, input: object): string => {
  if (!python) throw new Error('python3-cryptography is not installed: run npm test, or apt-get install it.')
  return execFileSync(python, ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' }).trim()
}

const params = { rows: 120_000, note: 'é, "quoted", \u0000 and 😀', list: [1, true, { b: 1.5, a: '' }] }
const wish = { ...action, params }

test('Python computes the same action digest, with the code in docs/agents/digest.md', () => {
  const [example = ''] = fencesOf(readPage('docs/agents/digest.md'), 'python')
  expect(run(`import json, sys\naction = json.load(sys.stdin)\n${example}`, { ...wish })).toBe(actionDigest(wish))
})

test('JavaScript computes the same action digest, with the code in docs/agents/digest.md', () => {
  const [example = ''] = fencesOf(readPage('docs/agents/digest.md'), 'js')
  const program = `const action = ${JSON.stringify(wish)}\n${example}\nconsole.log(digest)`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  expect(said.trim()).toBe(actionDigest(wish))
})

test('jq writes the same canonical action', () => {
  const file = join(folder, 'action.json')
  writeFileSync(file, JSON.stringify({ type: 'countersign/action/v1', ...wish }))
  expect(JSON.parse(execFileSync('jq', ['-cS', '.', file], { encoding: 'utf8' }))).toEqual(
    JSON.parse(canonicalAction(wish)),
  )
  expect(execFileSync('jq', ['-r', '.params | keys | join(",")', file], { encoding: 'utf8' }).trim()).toBe(
    'list,note,rows',
  )
})

test("Python's cryptography accepts a grant's signature, and not that of another grant", async () => {
  const signer = await fileSigner(join(folder, 'key.pem'))
  const grant = await grants(signer, 'https://countersign.example').issue(approved(), noon)
  const program = `
import base64, json, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
given = json.load(sys.stdin)
key = load_pem_public_key(open(given["key"], "rb").read())
head, body, signature = given["token"].split(".")
raw = base64.urlsafe_b64decode(signature + "==")
der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
try:
    key.verify(der, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
    print("holds")
except InvalidSignature:
    print("does not hold")`
  const token = grant?.token ?? ''
  expect(run(program, { key: signer.publicKeyPath, token })).toBe('holds')
  const [head, body = '', signature] = token.split('.')
  const other = [head, Buffer.from(body, 'base64url').toString('base64url').replace(/.$/, 'A'), signature].join('.')
  expect(run(program, { key: signer.publicKeyPath, token: other })).toBe('does not hold')
})
