import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { resign as resignAs } from '../bundle.ts'
import { editLines } from '../forgery.ts'
import { add, flip, keyOf, listed, manifestName, nothing, signing } from './forging.ts'
import { all, type Answers, many, on, type Variant } from './variant.ts'

/** What a person without the key can do to the folder. */
export const folders = on(many, [
  ['a changed record', all('members'), flip('records.jsonl')],
  ['no README.txt', ['zip', 'members', 'members'], (members) => void members.delete('README.txt')],
  [
    'no policy file',
    all('members'),
    (members) => void members.delete([...members.keys()].find((one) => one.startsWith('policy/')) ?? ''),
  ],
  ['no records', ['zip', 'members', 'members'], (members) => void members.delete('records.jsonl')],
  ['a file that is not listed', ['zip', 'members', 'members'], add('NOTES TO READ.txt')],
  ['a file of a plain name that is not listed', all('members'), add('metrics2.csv')],
  ['a hidden file', ['zip', 'members', 'members'], add('.hidden')],
  ['a file in a folder of its own', all('members'), add('more/README.txt')],
  ['a file with a name of two lines', ['zip', 'members', 'members'], add('README.txt\n./verify.sh')],
  ['a changed README.txt', all('members'), flip('README.txt')],
  ['a changed checkpoint', all('members'), flip('checkpoint')],
  ['a changed proof', all('members'), flip('checkpoint.add')],
  ['a changed carried record', all('members'), flip('carried.jsonl')],
  ['a changed table', all('members'), flip('requests.csv')],
  ['a changed policy file', all('members'), flip('policy/')],
  ['a changed card template', all('members'), flip('cards/')],
  ['a changed key', all('members'), flip('keys/')],
  [
    'a record that was cut off',
    all('members'),
    (members) => editLines(members, 'records.jsonl', (all) => all.slice(0, -1)),
  ],
  [
    'two tables in the place of each other',
    all('members'),
    (members) => {
      const [requests, exceptions] = ['requests.csv', 'exceptions.csv'].map((name) => members.get(name))
      if (requests && exceptions) members.set('requests.csv', exceptions).set('exceptions.csv', requests)
    },
  ],
])

/** Names that the key's holder lists. */
export const names = on(many, [
  [
    'a listed name that leads out',
    ['members', 'members', 'members'],
    signing(({ subject }) => void ((subject[0] ?? { name: '' }).name = '../README.txt')),
  ],
  ['a listed name with a blank', ['zip', 'members', 'members'], listed('a b')],
  ['a listed name that is hidden', ['zip', 'members', 'members'], listed('.hidden')],
  ['listed names that differ in case alone', ['zip', 'members', 'members'], listed('readme.TXT')],
  [
    'a required member that is not listed',
    ['zip', 'members', 'members'],
    (members, secrets) => {
      members.delete('verify.sh')
      return resignAs(members, keyOf(secrets.log))
    },
  ],
  [
    'a card template with another name than digest',
    ['members', 'members', 'members'],
    listed(`cards/${'a'.repeat(64)}.json`),
  ],
])

/** What is no file, in the unpacked folder. */
export const files: readonly Variant[] = (
  [
    ['an empty folder', ['zip', 'members', 'members'], (place) => mkdirSync(join(place, 'more'))],
    ['a pipe in the place of the manifest', [null, 'manifest', 'manifest'], (place) => pipe(place, manifestName)],
    [
      'an empty folder inside of another',
      ['zip', 'members', 'members'],
      (place) => mkdirSync(join(place, 'cards/more')),
    ],
    ['a link in the place of a member', ['zip', 'members', 'members'], (place) => moveAndLink(place, 'records.jsonl')],
    ['a link in the place of a checkpoint', ['zip', 'members', 'members'], (place) => moveAndLink(place, 'checkpoint')],
    [
      'a link in the place of the manifest',
      ['zip', 'manifest', 'manifest'],
      (place) => moveAndLink(place, manifestName),
    ],
    ['a link in the place of a folder', [null, 'members', 'members'], (place) => moveAndLink(place, 'policy')],
    ['a link to a folder', ['zip', 'members', 'members'], (place) => symlinkSync('..', join(place, 'policy/more'))],
    [
      'a link that leads nowhere',
      ['zip', 'members', 'members'],
      (place) => symlinkSync('nowhere', join(place, 'more')),
    ],
    ['a pipe', [null, 'members', 'members'], (place) => pipe(place, 'more')],
    ['a pipe in the place of the records', [null, 'members', 'members'], (place) => pipe(place, 'records.jsonl')],
    [
      'a pipe in the place of a key',
      [null, 'members', 'members'],
      (place) => pipe(place, `keys/${'k'.repeat(43)}.pem`),
    ],
    ['a folder in the place of a member', [null, 'members', 'members'], (place) => folder(place, 'checkpoint')],
    ['a folder in the place of the manifest', [null, 'manifest', 'manifest'], (place) => folder(place, manifestName)],
  ] satisfies [string, Answers, (place: string) => void][]
).map(([what, answers, unpacked]) => ({ what, answers, day: many, change: nothing, unpacked }))

function moveAndLink(place: string, name: string): void {
  renameSync(join(place, name), `${place}.moved`)
  symlinkSync(`${place}.moved`, join(place, name))
}

function pipe(place: string, name: string): void {
  rmSync(join(place, name), { force: true })
  execFileSync('mkfifo', [join(place, name)])
}

function folder(place: string, name: string): void {
  rmSync(join(place, name))
  mkdirSync(join(place, name))
}
