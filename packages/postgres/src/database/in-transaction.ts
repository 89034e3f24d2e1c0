import type { Queryable } from "./queryable.js"

/**
 * BEGIN, the work, COMMIT; ROLLBACK when the work throws. What leaves is the work's own error, also when the connection
 * was lost and cannot roll back: the server has done so then.
 */
export async function inTransaction<T>(client: Queryable, work: () => Promise<T>, begin = "begin"): Promise<T> {
  await client.query(begin)
  try {
    const result = await work()
    await client.query("commit")
    return result
  } catch (error) {
    await client.query("rollback").catch(() => undefined)
    throw error
  }
}
