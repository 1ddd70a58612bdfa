// The database of the service: PostgreSQL, through a pool, with the server's own defaults for what reaches the disk.
import pg from 'pg'

/** Opens the database whose server has its socket in this folder. */
export async function open(folder) {
  const pool = new pg.Pool({ host: folder, user: 'postgres', database: 'postgres' })
  return {
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    /** Does some work in one transaction, which is undone if the work fails. */
    async transaction(work) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        const result = await work(async (sql, values) => (await client.query(sql, values)).rows)
        await client.query('commit')
        return result
      } catch (cause) {
        await client.query('rollback')
        throw cause
      } finally {
        client.release()
      }
    },
  }
}
