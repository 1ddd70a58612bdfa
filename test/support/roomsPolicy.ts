import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChannelKind } from '../../src/ports/channel.ts'
import { slackApp, slackPlace } from './slackDouble.ts'
import { channel, oidOf } from './teamsDouble.ts'

/** The accounts in Slack of people of the local tenant. */
export const slackUsers: Readonly<Record<string, string>> = {
  'dba-1': 'U0000000001',
  'dba-2': 'U0000000002',
  'security-1': 'U0000000003',
}

const channels: Readonly<Record<ChannelKind, string>> = { teams: channel, slack: slackPlace }

/** Copies the example policy into a folder, with a channel in each of these rooms for every group, and people in Slack. */
export async function writeRoomsPolicy(folder: string, rooms: readonly ChannelKind[]): Promise<string> {
  await cp('policy', folder, { recursive: true })
  const file = join(folder, 'approvers.json')
  const roster = JSON.parse(await readFile(file, 'utf8')) as { groups: Record<string, object> }
  const groups = Object.entries(roster.groups).map(([name, group]) => {
    return [name, { ...group, channels: rooms.map((kind) => channels[kind]) }] as const
  })
  const people = Object.entries(slackUsers).map(([who, user]) => {
    return [oidOf(who), { slack: [`${slackApp.teamId}/${user}`] }] as const
  })
  const edited = { ...roster, groups: Object.fromEntries(groups), people: Object.fromEntries(people) }
  await writeFile(file, JSON.stringify(edited, null, 2))
  return folder
}
