import { setTimeout as sleep } from "node:timers/promises"
import { quoteIdent, WardkeepError } from "@wardkeep/core"
import pg from "pg"
import { migrate } from "postgres-migrations"

/** Advisory lock of every Wardkeep migration in a database, whatever the package ("WKMG" as a number). */
const ownLock = BigInt(0x574b4d47)
/** The lock of postgres-migrations, which waits for it without end; a session that holds it is given it again at once. */
const theirLock = -8525285245963000605n

export interface MigrationRun {
  readonly schema: string
  readonly directory: string
}

/**
 * Runs the migration directories of several packages in one process under one lock. The client must not be a pooled one.
 *
 * @returns the names of the migrations applied, empty when there was nothing to do
 * @param patience milliseconds to wait for another process
 * @throws WK301 a migration failed (nothing of that file is kept), or another session holds the lock for that long
 */
export async function runMigrations(
  client: pg.Client,
  runs: readonly MigrationRun[],
  patience = 30_000,
): Promise<string[]> {
  const deadline = performance.now() + patience
  return await locked(client, ownLock, deadline, () =>
    locked(client, theirLock, deadline, async () => {
      try {
        const applied: string[] = []
        for (const run of runs) applied.push(...(await runOne(client, run)))
        return applied
      } finally {
        await client.query("reset search_path")
      }
    }),
  )
}

async function locked<T>(client: pg.Client, key: bigint, deadline: number, work: () => Promise<T>): Promise<T> {
  await takeLock(client, key, deadline)
  try {
    return await work()
  } finally {
    await client.query("select pg_advisory_unlock($1)", [key])
  }
}

async function runOne(client: pg.Client, { schema, directory }: MigrationRun): Promise<string[]> {
  // postgres-migrations looks for a table `migrations` in any schema and then uses the search path, so a host's own
  // table of that name breaks it. Its table therefore exists before it looks, in our schema, in its published shape.
  await client.query(`set search_path = ${quoteIdent(schema)}`)
  await client.query(
    `create table if not exists ${quoteIdent(schema)}.migrations (
       id integer primary key, name varchar(100) unique not null, hash varchar(40) not null,
       executed_at timestamp default current_timestamp)`,
  )
  const watched = rememberLastError(client)
  try {
    const applied = await migrate({ client: watched.client }, directory)
    return applied.map((migration) => migration.fileName)
  } catch (cause) {
    const failure = watched.lastError()
    throw new WardkeepError("WK301", {
      message: failure === undefined ? firstLine(cause) : `${failure.code ?? "?????"}: ${failure.message}`,
      detail: `schema ${schema}${failure?.position === undefined ? "" : `, at character ${failure.position}`}`,
      cause: failure ?? cause,
    })
  }
}

/**
 * The lock is tried, never waited for. CREATE INDEX CONCURRENTLY runs while it is held and waits for every older snapshot;
 * a process inside `pg_advisory_lock` would keep such a snapshot while it waits for the holder, which is a deadlock
 * (40P01). Who polls sleeps outside of a statement and a transaction, so the index has nobody of ours to wait for. Shown by
 * "packages in one call, with an index made concurrently, while another process does the same" in run-migrations.db.test.ts.
 */
async function takeLock(client: pg.Client, key: bigint, deadline: number): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [key])
    if (rows[0]?.taken === true) return
    if (performance.now() >= deadline) break
    await sleep(Math.min(250, Math.max(1, deadline - performance.now())))
  }
  throw new WardkeepError("WK301", {
    message: "another session holds the lock under which this database is migrated",
    detail: await holder(client, key),
    // Any login may take an advisory lock: it need not be a migration.
    hint: "Wait for it, or end that session: select pg_terminate_backend(pid).",
  })
}

async function holder(client: pg.Client, key: bigint): Promise<string> {
  const { rows } = await client.query<{ who: string }>(
    `select 'pid ' || a.pid || ', login ' || coalesce(a.usename, '?') as who
       from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select d.oid from pg_database d where d.datname = current_database())
        and l.classid::bigint = ($1::bigint >> 32) & 4294967295 and l.objid::bigint = $1::bigint & 4294967295`,
    [key],
  )
  return rows.map(({ who }) => who).join("; ") || "it has just been released"
}

/** postgres-migrations replaces the server's error by a text; the SQLSTATE and position are kept here. */
function rememberLastError(client: pg.Client): { client: pg.Client; lastError: () => pg.DatabaseError | undefined } {
  let last: pg.DatabaseError | undefined
  const proxy = new Proxy(client, {
    get(target, property) {
      if (property !== "query") return Reflect.get(target, property, target)
      return async (...args: Parameters<pg.Client["query"]>) => {
        try {
          return await Reflect.apply(target.query, target, args)
        } catch (error) {
          if (error instanceof pg.DatabaseError) last ??= error
          throw error
        }
      }
    },
  })
  return { client: proxy, lastError: () => last }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? ""
}
