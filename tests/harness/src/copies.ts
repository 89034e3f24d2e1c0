import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type EmbeddedServer, type ServerOptions, startEmbedded } from "./embedded.ts"
import { isRunning } from "./processes.ts"
import { withClient } from "./sql.ts"

/** Settings of a server whose log is archived, as {@link restoreTo} needs it. The folder is that of its data, its own user's. */
export const archiving = {
  archive_mode: true,
  archive_command: "mkdir -p archived && cp %p archived/%f",
}

const dataOf = ({ folder }: EmbeddedServer): string => join(folder, "data")

/** A base backup as PostgreSQL documents it, of a server that goes on; it goes with the server. The embedded binaries have no pg_basebackup. */
export async function baseBackup(server: EmbeddedServer): Promise<string> {
  const folder = mkdtempSync(join(server.folder, "backup-"))
  await withClient(server.url, async (client) => {
    await client.query("select pg_backup_start('copy', fast => true)")
    copyFiles(dataOf(server), folder)
    const { rows } = await client.query<{ label: string }>(
      "select labelfile as label from pg_backup_stop(wait_for_archive => false)",
    )
    writeFileSync(join(folder, "backup_label"), rows[0]?.label ?? "")
  })
  return folder
}

/** A standby that streams from the server. */
export async function startStandby(server: EmbeddedServer): Promise<EmbeddedServer> {
  const { host, port, user, password } = server
  const source = `host=${host} port=${port} user=${user} password=${password}`
  return await startFrom(await baseBackup(server), server, {
    "postgresql.auto.conf": `primary_conninfo = '${source}'\n`,
    "standby.signal": "",
  })
}

/** Ends the streaming, as a network that fails does. What the standby had until then stays. */
export async function cutOff(standby: EmbeddedServer): Promise<void> {
  await withClient(standby.url, async (client) => {
    await client.query("alter system set primary_conninfo = ''")
    await client.query("select pg_reload_conf()")
  })
  await until(standby, "not exists (select from pg_stat_wal_receiver)")
}

/** Makes a server of its own of a standby; takes writes when this resolves. */
export async function promote(standby: EmbeddedServer): Promise<void> {
  await withClient(standby.url, (client) => client.query("select pg_promote(wait => true)"))
  await until(standby, "not pg_is_in_recovery()")
}

/** A restore to a point in time, `target` a setting of recovery such as `recovery_target_name`; open for writes when this resolves. */
export async function restoreTo(
  backup: string,
  server: EmbeddedServer,
  target: Readonly<Record<string, string>>,
): Promise<EmbeddedServer> {
  const settings = {
    ...target,
    restore_command: `cp ${join(dataOf(server), "archived")}/%f %p`,
    recovery_target_action: "promote",
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  const restored = await startFrom(backup, server, {
    "postgresql.auto.conf": lines.join(""),
    "recovery.signal": "",
  })
  await until(restored, "not pg_is_in_recovery()")
  return restored
}

/** Ends the server as its service would, and starts so many copies of its files. */
export async function startCopies(
  server: EmbeddedServer,
  count: number,
  options: Omit<ServerOptions, "binaries" | "copied"> = {},
): Promise<EmbeddedServer[]> {
  process.kill(server.pid, "SIGINT")
  for (let turns = 0; existsSync(join(dataOf(server), "postmaster.pid")); turns++) {
    if (turns === 400) throw new Error("the server did not end within 20 seconds")
    await sleep(50)
  }
  const copies: EmbeddedServer[] = []
  for (let n = 0; n < count; n++) copies.push(await startFrom(dataOf(server), server, {}, options))
  return copies
}

/**
 * Ends every process of the server at once, none of which can write down anything more. The machine goes on: what it was given to write stays.
 *
 * @returns when, by `process.hrtime.bigint()`
 */
export async function crash({ pid, url }: EmbeddedServer): Promise<bigint> {
  const others = await withClient(url, (client) =>
    client.query<{ pid: number }>("select pid from pg_stat_activity where pid <> pg_backend_pid()"),
  )
  const at = process.hrtime.bigint()
  for (const each of [pid, ...others.rows.map((row) => row.pid)]) {
    try {
      process.kill(each, "SIGKILL")
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
    }
  }
  for (let turns = 0; isRunning(pid); turns++) {
    if (turns === 400) throw new Error("the server did not end within 20 seconds")
    await sleep(50)
  }
  return at
}

/** Waits until a condition holds that is asked of the server. */
export async function until(server: Pick<EmbeddedServer, "url">, condition: string): Promise<void> {
  await withClient(server.url, async (client) => {
    for (let turns = 0; turns < 400; turns++) {
      const { rows } = await client.query<{ holds: boolean }>(`select ${condition} as holds`)
      if (rows[0]?.holds === true) return
      await sleep(50)
    }
    throw new Error(`not within 20 seconds: ${condition}`)
  })
}

function startFrom(
  files: string,
  { password, binaries }: EmbeddedServer,
  added: Readonly<Record<string, string>> = {},
  options: Omit<ServerOptions, "binaries" | "copied"> = {},
): Promise<EmbeddedServer> {
  const fill = (data: string): void => {
    copyFiles(files, data)
    for (const [name, text] of Object.entries(added)) writeFileSync(join(data, name), text)
  }
  return startEmbedded({ ...options, binaries, copied: { password, fill } })
}

function copyFiles(from: string, to: string): void {
  execFileSync("cp", ["-R", "-p", `${from}/.`, to])
  for (const own of ["postmaster.pid", "postmaster.opts", "archived"])
    rmSync(join(to, own), { recursive: true, force: true })
}
