import { descriptor, elsewhere, type Entry, extraField, large, unicodePath } from './handWritten.ts'

/** Members that are added to those of a bundle, and the code of what is found. */
export const additions: readonly (readonly [what: string, code: string, entry: Entry])[] = [
  ['that leads up', 'bad-zip', named('../evil')],
  ['that leads up inside', 'bad-zip', named('cards/../../evil')],
  ['that leads up, as Windows has it', 'bad-zip', named('cards\\..\\evil')],
  ['that is absolute', 'bad-zip', named('/evil')],
  ['that names a drive', 'bad-zip', named('C:evil')],
  ['of a folder', 'bad-zip', named('cards/')],
  ['without a name', 'bad-zip', named('')],
  ['that is hidden', 'unlisted-member', named('.evil')],
  ['that no bundle has', 'unlisted-member', named('evil.sh')],
  ['twice for some file systems', 'bad-zip', named('readme.TXT')],
  ['in a folder that is a file', 'bad-zip', named('README.txt/evil')],
  ['that the directory does not list', 'bad-zip', { ...named('evil.sh'), isUnlisted: true }],
  ['with a name behind its NUL', 'unlisted-member', named('README.txt\0evil')],
]

function named(name: string): Entry {
  return { name, bytes: Buffer.from('x') }
}

/** What is done to README.txt of a bundle in the zip; all of it is refused. */
export const changes: readonly (readonly [what: string, change: Partial<Entry>])[] = [
  ['encrypted', { flags: 1 }],
  ['encrypted strongly', { flags: 0x41 }],
  ['compressed in an unknown way', { method: 12 }],
  ['encrypted in its directory', { flags: 0x2000 }],
  ['patched from another', { flags: 0x20 }],
  ['encrypted for who reads from the front', { localFlags: 1 }],
  ['a link', { mode: 0o120777 }],
  ['a link for BeOS', { mode: 0o120777, system: 16 }],
  ['a link for who does not ask for the system', { mode: 0o120777, system: 0 }],
  ['a device', { mode: 0o020666 }],
  ['run as its owner', { mode: 0o104755 }],
  ['a folder for DOS', { mode: 0, system: 0, dosAttributes: 0x10 }],
  ['a link for NTFS', { mode: 0, system: 10, dosAttributes: 0x400 }],
  ['of a system with attributes of its own', { system: 2 }],
  ['with another checksum', { checksum: 1 }],
  ['with a Unicode path', { extra: unicodePath('README.txt', 'evil.txt') }],
  ['with a Unicode path before it', { localExtra: unicodePath('README.txt', 'evil.txt') }],
  ['with attributes of libarchive before it', { localExtra: extraField(0x6c78, Buffer.of(4, 0, 0, 0xff, 0xa1)) }],
  ['with times', { extra: extraField(0x5455, Buffer.alloc(5)), localExtra: extraField(0x5455, Buffer.alloc(9)) }],
  ['with a field that is cut off', { localExtra: Buffer.of(1, 0, 16, 0) }],
  ['with sizes for large files twice', { localExtra: extraField(1, large(1, 1)) }],
  ['of another size for large files', { localLength: elsewhere, localExtra: extraField(1, large(1, 1)) }],
  ['of another size for large files only', { extra: extraField(1, large(1, 1)) }],
  ['of a size for large files that is not given', { localLength: elsewhere }],
  ['stored with its size behind it', { method: 0, flags: 8, behind: descriptor(Buffer.from('x'), 1) }],
  ['said to be longer', { length: 50_000 }],
  ['said to be shorter', { length: 1 }],
  ['said to be far longer than its bytes can be', { length: 900_000 }],
  ['larger than it can have need to be', { bytes: Buffer.alloc(2 ** 20 + 1) }],
  ['with a comment', { comment: 'trust me' }],
  ['behind something hidden', { padding: Buffer.from('hidden') }],
]
