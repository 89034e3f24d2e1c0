import type { Actor } from "../database/actor.js"

/**
 * What a committed transaction would leave behind for good. A temporary table is the session's own and goes with it;
 * every other write is told by the transaction's own number.
 */
const question = `select 1 where pg_catalog.pg_current_xact_id_if_assigned() is not null and (
  not exists (select from held where temporary) or exists (select from held where not temporary and writes))`

const anything = "select 1 where pg_catalog.pg_current_xact_id_if_assigned() is not null"

const held = `with held as (
  select c.relpersistence = 't' as temporary, l.mode not in ('AccessShareLock', 'RowShareLock') as writes
    from pg_catalog.pg_locks as l join pg_catalog.pg_class as c on c.oid = l.relation
    where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and c.relnamespace <> 'pg_catalog'::regnamespace)`

/**
 * Tried in a transaction that is rolled back: whether this tenant's context, and these statements in it, write more than what may
 * stay: what is of the session alone, or nothing at all.
 */
export async function leavesRows(
  actor: Actor,
  statements: readonly string[] = [],
  mayStay: "session" | "nothing" = "session",
): Promise<boolean> {
  return await actor.act(async (tx) => {
    for (const statement of statements) await tx.keep(statement)
    const { count, error } = await tx.attempt(mayStay === "session" ? `${held} ${question}` : anything)
    return error !== undefined || count > 0
  })
}
