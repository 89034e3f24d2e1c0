import { randomBytes, randomInt } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { settingName } from "../../probe/setting-names.js"

/** Something that outlives a transaction. */
export interface Leftover {
  readonly name: string
  readonly leave: readonly string[]
  /** Whether the next one is in its own context or forgot it. */
  readonly next: "context" | "none"
  /** Returns a row where it is still there. */
  readonly meet: string
  readonly clear: readonly string[]
}

/** What the victim could leave; rows of `table` are its own, as it sees them. */
export function leftoversOf(victim: Actor, table: Relation | undefined): Leftover[] {
  const word = quoteLiteral(`wk${randomBytes(9).toString("hex")}`)
  const number = randomInt(1_000_000_000, 2_000_000_000)
  const { role, settings } = victim.tenant.connect
  const names = Object.keys(settings)
  const inContext = { next: "context" } as const
  return [
    {
      name: "a temporary table",
      leave: [`create temporary table wk_left as select ${word}::text as word`],
      ...inContext,
      meet: `select 1 from pg_temp.wk_left where word = ${word}`,
      clear: ["drop table if exists pg_temp.wk_left"],
    },
    {
      name: "a prepared statement",
      leave: [`prepare wk_left as select ${word}::text`],
      ...inContext,
      meet: "execute wk_left",
      clear: ["deallocate wk_left"],
    },
    ...(table === undefined
      ? []
      : [
          {
            name: "a cursor with rows",
            leave: [`declare wk_left cursor with hold for select 1 from ${quoted(table)} limit 5`],
            ...inContext,
            meet: "fetch all from wk_left",
            clear: ["close wk_left"],
          },
        ]),
    {
      name: "an advisory lock",
      leave: [`select pg_catalog.pg_advisory_lock(${number})`],
      ...inContext,
      meet: `select 1 from pg_catalog.pg_locks where locktype = 'advisory' and objid = ${number} and pid = pg_catalog.pg_backend_pid() and granted`,
      clear: [`select pg_catalog.pg_advisory_unlock(${number})`],
    },
    {
      name: "a LISTEN",
      leave: ["listen wk_left"],
      ...inContext,
      meet: "select 1 from pg_catalog.pg_listening_channels() as channel where channel = 'wk_left'",
      clear: ["unlisten wk_left"],
    },
    ...(table === undefined || names.length === 0
      ? []
      : [
          {
            name: "a context set for the session",
            leave: Object.entries(settings).map(([name, value]) => forSession(name, value)),
            next: "none" as const,
            meet: `select 1 from ${quoted(table)} limit 1`,
            clear: names.map((name) => `reset ${settingName(name)}`),
          },
        ]),
    ...(role === undefined
      ? []
      : [
          {
            name: "a role set for the session",
            leave: [`set session role ${quoteIdent(role)}`],
            next: "none" as const,
            meet: `select 1 where current_user = ${quoteLiteral(role)}`,
            clear: ["reset role"],
          },
        ]),
  ]
}

export const forSession = (name: string, value: string): string =>
  `select pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`
