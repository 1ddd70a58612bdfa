import type { Command } from './plan.ts'
import type { Stores } from './stores.ts'
import type { World } from './world.ts'

/** Moves the clocks: of all at once, as time does, or one that is off from then on, until the same again. */
export function pass(
  { stores: { time }, off, clocks, reached, isSealing }: World,
  { seconds, whose, process }: Command & { do: 'clock' },
): void {
  clocks.areMoved = true
  const day = 86_400_000
  if (seconds === 'midnight') time.ms = Math.ceil(time.ms / day) * day + 1
  else if (whose === 'all') time.ms += seconds * 1000
  else off[process] = seconds > 100 || seconds === off[process] ? 0 : seconds
  reached(`clock ${seconds}`)
  if (seconds === 'midnight' && isSealing()) reached('midnight during a seal')
}

/** Somebody deletes a card. */
export function remove({ rooms }: Stores, { room: kind }: Command & { do: 'remove' }): void {
  const room = rooms[kind]
  const [card] = room.cards()
  if (card) room.remove(card)
}

/** A room is away for so many sends; a card of which it says that it is gone is no longer known. */
export function outage(
  { stores: { rooms }, faults, reached }: World,
  { sends, as, room }: Command & { do: 'outage' },
): void {
  let left = sends
  rooms[room].plan = () => {
    if (left === 0) return null
    left -= 1
    faults.hits += 1
    reached(`card ${as}`)
    return { unsent: as }
  }
}
