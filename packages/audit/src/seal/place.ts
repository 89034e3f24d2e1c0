import { WardkeepError } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"

/** What only this sealer has. */
export interface Place {
  /** The lock says who seals; the fence is what the work of a stalled sealer fails on. */
  readonly fence: string
  /** The server's process that holds the lock. */
  readonly pid: number
  /** The number of the lock. */
  readonly key: string
}

interface Attempt {
  readonly key: string
  readonly taken: boolean
  readonly pid: number
}

/**
 * Any login may take an advisory lock, and pg_locks shows the number of the one that is held. So a lock in the hands of a
 * login that could not seal is left to it, and the place gets another number.
 *
 * @throws WK403 another process seals already · WK410 a pooler stands between · WK456 a standby
 */
export async function takePlace(client: Queryable): Promise<Place> {
  await requireDirect(client)
  await requirePrimary(client)
  let { key, taken, pid } = await attempt(client)
  for (let turn = 0; !taken; turn++) {
    if (await sealerHolds(client, key))
      throw new WardkeepError("WK403", { message: "another process seals this database" })
    if (turn === 3)
      throw new WardkeepError("WK403", {
        message: "logins that cannot seal took the place of the sealer each time it was given another number",
        hint: "pg_locks names their sessions (advisory locks of this database); end them, and start the sealer again.",
      })
    await client.query(
      "update wardkeep_audit.seal_state set lock_key = wardkeep_audit.some_key() where lock_key = $1",
      [key],
    )
    ;({ key, taken, pid } = await attempt(client))
  }
  const { rows } = await client.query<{ fence: string }>(
    "update wardkeep_audit.seal_state set fence = fence + 1 returning fence::text",
  )
  return { fence: rows[0]?.fence ?? "", pid, key }
}

/** Lets another process seal. */
export async function leavePlace(client: Queryable, { key }: Place): Promise<void> {
  await client.query("select pg_advisory_unlock($1)", [key])
}

export function pooled(): WardkeepError {
  return new WardkeepError("WK410", { message: "a pooler stands between the sealer and the server" })
}

async function attempt(client: Queryable): Promise<Attempt> {
  const { rows } = await client.query<Attempt>(
    "select lock_key::text as key, pg_try_advisory_lock(lock_key) as taken, pg_backend_pid() as pid from wardkeep_audit.seal_state",
  )
  if (rows[0] === undefined) throw new WardkeepError("WK901", { message: "the state of sealing has no row" })
  return rows[0]
}

async function sealerHolds(client: Queryable, key: string): Promise<boolean> {
  const { rows } = await client.query(
    `select from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32) | l.objid::bigint = $1 and pg_has_role(a.usesysid, current_user, 'member')`,
    [key],
  )
  return rows.length > 0
}

/**
 * The lock belongs to one process of the server. A pooler names a process of its own when a session begins, and may let
 * each transaction go to another one: the lock would stay behind in a session that nobody owns.
 */
async function requireDirect(client: Queryable): Promise<void> {
  const named: unknown = Reflect.get(client, "processID")
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid")
  if (typeof named === "number" && Number(rows[0]?.pid) !== named) throw pooled()
}

/**
 * A standby takes no writes, and has no log of its own.
 *
 * @throws WK456
 */
export async function requirePrimary(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>("select pg_is_in_recovery() as standby")
  if (rows[0]?.standby === true)
    throw new WardkeepError("WK456", { message: "this server is a standby, and is sealed at its primary" })
}
