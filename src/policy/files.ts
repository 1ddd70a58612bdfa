import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BadPolicy, lineAt } from './flaw.ts'
import { sizes } from '../core/policy/sizes.ts'

const names = ['forbid.cedar', 'approve.cedar', 'allow.cedar', 'schema.cedarschema', 'approvers.json'] as const

/** Without this file a policy shows actions by their verbs and the keys of their params. */
const optional = 'presentation.json'

export type FileName = (typeof names)[number] | typeof optional

/**
 * Reads the files of a policy. Every other file is refused, since rules in a file that is not read would silently have no
 * effect.
 *
 * @throws {BadPolicy}
 */
export async function readFiles(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new BadPolicy([{ file: folder, reason: 'there is no such folder to read the policy from' }], { cause })
  })
  const present = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const missing = names.filter((name) => !present.includes(name))
  const known: readonly string[] = [...names, optional]
  const unread = [...present.filter((name) => !known.includes(name)), ...(await rulesInside(folder, folders))]
  const flaws = [
    ...missing.map((file) => ({ file, reason: `the file is missing in ${folder}` })),
    ...unread.filter((file) => !ignored.test(file)).map((file) => ({ file, reason: unreadBecause(file, known) })),
  ]
  if (flaws.length) throw new BadPolicy(flaws)
  const files = known.filter((name) => present.includes(name))
  return new Map(await Promise.all(files.map(async (name) => [name, await readBounded(folder, name)] as const)))
}

/** The files with rules in folders of the folder, by their paths. Others may be tests, or data of a stack. */
async function rulesInside(folder: string, folders: readonly string[]): Promise<readonly string[]> {
  const inside = folders.map(async (name) => {
    const files = name.startsWith('.') ? [] : await readdir(join(folder, name))
    return files.filter((file) => /\.cedar/i.test(file)).map((file) => `${name}/${file}`)
  })
  return (await Promise.all(inside)).flat()
}

/** Entries of the folder that are of no concern: hidden ones, and Markdown for readers. */
const ignored = /^\.|^[^.]*\.md$/i

function unreadBecause(name: string, known: readonly string[]): string {
  const meant = known.find((file) => name.toLowerCase().startsWith(file.toLowerCase()))
  const rename = meant === undefined ? '' : `; rename it to ${meant} if it is meant to be that file`
  return `this is never read. Only these files are: ${known.join(', ')}${rename}. Move everything else out of the folder`
}

async function readBounded(folder: string, file: string): Promise<Uint8Array> {
  const { size } = await stat(join(folder, file))
  const bytes = size > sizes.file ? null : await readFile(join(folder, file))
  // The file may have grown since `stat`.
  if (!bytes || bytes.length > sizes.file)
    throw new BadPolicy([{ file, reason: `the file has more than ${sizes.file} bytes` }])
  return bytes
}

/** Control characters, which editors do not show. Cedar accepts some of them, and its time grows with their square. */
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/

/** Decodes a file. @throws {BadPolicy} unless it is UTF-8 without a mark and without control characters */
export function textOf(file: string, bytes: Uint8Array): string {
  const text = decoded(file, bytes)
  const at = text.search(control)
  if (at >= 0) throw new BadPolicy([{ file, line: lineAt(text, at), reason: 'a control character' }])
  return text
}

function decoded(file: string, bytes: Uint8Array): string {
  const [first, second, third] = bytes
  const refuse = (reason: string): never => {
    throw new BadPolicy([{ file, line: 1, reason }])
  }
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (first === 0) !== (second === 0))
    return refuse('the file is written in UTF-16: save it as UTF-8')
  if (first === 0xef && second === 0xbb && third === 0xbf)
    return refuse('the file begins with a byte order mark (BOM): save it as UTF-8 without one')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new BadPolicy([{ file, reason: 'the file is not valid UTF-8: save it as UTF-8' }], { cause })
  }
}
