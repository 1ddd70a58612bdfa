// The database of the service: SQLite, in a file of this process, with a log and a sync of the disk at each commit.
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'

/** Opens the database in a file of this folder. */
export async function open(folder) {
  const database = new DatabaseSync(join(folder, 'approvals.db'))
  database.exec('pragma journal_mode = wal')
  // SQLite's own default. This build syncs less once there is a log.
  database.exec('pragma synchronous = full')
  const prepared = new Map()
  const query = (sql, values = []) => {
    if (!prepared.has(sql)) prepared.set(sql, database.prepare(sql))
    return prepared.get(sql).all(Object.fromEntries(values.map((value, i) => [`$${i + 1}`, value])))
  }
  let last = Promise.resolve()
  return {
    query: async (sql, values) => query(sql, values),
    /** Does some work in one transaction, one after the other, since they share one connection. */
    transaction(work) {
      const mine = last.then(async () => {
        query('begin immediate')
        try {
          const result = await work(query)
          query('commit')
          return result
        } catch (cause) {
          query('rollback')
          throw cause
        }
      })
      last = mine.catch(() => undefined)
      return mine
    },
  }
}
