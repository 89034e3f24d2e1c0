import { WardkeepError } from "@wardkeep/core"
import type { Actor } from "../../database/actor.js"
import { rolledBack } from "../../database/transaction.js"
import { defineProbe, type Scene } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC003",
  title: "The application's login reads the server's files, runs programs or streams every change",
  severity: "leak",
  cwe: "CWE-250",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H",
  run: async (scene, record) => {
    const actors = new Map(scene.actors.map((actor) => [actor.login, actor]))
    for (const [login, actor] of actors) {
      const answers = await rolledBack(actor.connection, async (tx) => await tx.attempt(question))
      record.probe(login)
      if (answers.rows.length > 0) record.control()
      const row = answers.rows[0] ?? {}
      for (const { column, message, fix, severity } of powers) {
        // A superuser has every one of them and is another check's finding.
        if (row[column] !== "t" || row.superuser === "t") continue
        const tried = column === "replication" ? await streams(scene, actor) : ""
        record.found({
          object: login,
          message: `The login ${login} ${message}`,
          evidence: `${column} is granted to ${login}, directly or by membership${tried}`,
          replay: `-- connected as ${login}\n${question};`,
          fix: fix(login),
          severity,
        })
      }
    }
  },
})

/** A slot of this session alone, which holds nothing and is gone with it. Nothing is streamed. */
const slot = "CREATE_REPLICATION_SLOT wk_probe TEMPORARY PHYSICAL"

/** Whether a connection for replication is let in: not every pooler and not every pg_hba.conf does. */
async function streams(scene: Scene, actor: Actor): Promise<string> {
  try {
    const session = await scene.freshSession(actor, { replication: "database" })
    const { error } = await session.run(slot)
    await session.close()
    return error === undefined
      ? "; a connection for replication was let in and made a slot"
      : "; tried, no slot was made"
  } catch (error) {
    if (error instanceof WardkeepError && error.code === "WK005") return "; a connection for replication was not let in"
    throw error
  }
}

const member = (role: string): string => `pg_catalog.pg_has_role(r.oid, '${role}', 'MEMBER') as ${role}`

/** Columns of catalogs in which values of tables lie, and that nobody but a superuser reads unless it is granted. */
const catalogs = [
  { name: "pg_statistic", column: "stavalues1", what: "where values of every analyzed table lie" },
  {
    name: "pg_statistic_ext_data",
    column: "stxdmcv",
    what: "where values of every table with extended statistics lie",
  },
  { name: "pg_largeobject", column: "data", what: "where every large object lies" },
]

const readable = ({ name, column }: (typeof catalogs)[number]): string =>
  `pg_catalog.has_column_privilege(r.oid, 'pg_catalog.${name}', '${column}', 'SELECT') as ${name}`

const question = `select r.rolsuper as superuser, r.rolreplication as replication, ${[
  "pg_read_server_files",
  "pg_write_server_files",
  "pg_execute_server_program",
  "pg_read_all_stats",
]
  .map(member)
  .join(", ")}, ${catalogs.map(readable).join(", ")} from pg_catalog.pg_roles as r where r.rolname = session_user`

interface Power {
  readonly column: string
  readonly message: string
  readonly severity: "leak" | "hygiene"
  readonly fix: (login: string) => string
}

const revoked =
  (role: string) =>
  (login: string): string =>
    `revoke ${role} from "${login}";`

const powers: readonly Power[] = [
  ...catalogs.map(
    ({ name, what }): Power => ({
      column: name,
      message: `reads ${name}, ${what} and no policy is asked.`,
      severity: "leak",
      fix: (login) =>
        `revoke select on pg_catalog.${name} from public, "${login}"; revoke pg_read_all_data from "${login}";`,
    }),
  ),
  {
    column: "replication",
    message: "may stream the changes of every table, which no policy filters.",
    severity: "leak",
    fix: (login) => `alter role "${login}" noreplication;`,
  },
  {
    column: "pg_read_server_files",
    message: "may read the server's files, the tables' among them.",
    severity: "leak",
    fix: revoked("pg_read_server_files"),
  },
  {
    column: "pg_write_server_files",
    message: "may write the server's files.",
    severity: "leak",
    fix: revoked("pg_write_server_files"),
  },
  {
    column: "pg_execute_server_program",
    message: "may run programs on the server as its operating-system user.",
    severity: "leak",
    fix: revoked("pg_execute_server_program"),
  },
  {
    column: "pg_read_all_stats",
    message: "reads the text of every session's statements, with the values in it.",
    severity: "hygiene",
    fix: revoked("pg_read_all_stats"),
  },
]
