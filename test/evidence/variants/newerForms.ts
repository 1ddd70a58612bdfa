import { everyEvent, flip, listed, signing } from './forging.ts'
import { inManifest } from './statements.ts'
import { all, type Change, many, on } from './variant.ts'

const later = (type: string): Change => signing((statement) => void (statement.predicateType = type))
export const newerForms = on(many, [
  ['an unknown type of event', all('newer'), everyEvent('succeeded', { type: 'wondered' })],
  ['a later version of an event', all('newer'), everyEvent('succeeded', { v: 2, zone: 1 })],
  ['a later version with a fraction', all('newer'), everyEvent('succeeded', { v: 2, zone: 0.000_000_1 })],
  ['a listed member that is unknown', all('newer'), listed('metrics2.csv')],
  ['a listed member in an unknown folder', all('newer'), listed('reports/a/b.json')],
  [
    'a manifest of a later form',
    all('newer'),
    later('urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v12'),
  ],
  [
    'an unknown member, and a changed one',
    ['members', 'members', 'members'],
    (members, secrets) => {
      const changed = listed('metrics2.csv')(members, secrets) ?? members
      flip('requests.csv')(changed, secrets)
      return changed
    },
  ],
  [
    'a manifest that no version can have',
    inManifest,
    later('urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/evidence-bundle/v02'),
  ],
])
