/**
 * Puts an entry into a map that remembers the newest entries only, and takes the oldest out if there are too many. An entry
 * that was there before counts as new again.
 */
export function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key) // a map is in the order in which keys were put in
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
