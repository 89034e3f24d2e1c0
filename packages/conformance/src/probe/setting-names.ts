import { quoteIdent } from "@wardkeep/core"
import type { Connection } from "../database/connection.js"
import type { Scene } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { queryText } from "../sql-files.js"

/** Each is set to several values on every table; what is beyond is said. */
const most = 25

interface SettingNames {
  readonly names: readonly string[]
  /** Functions that put a name together from what nothing in the catalog says. */
  readonly computedBy: readonly string[]
}

const known = new WeakMap<Connection, Promise<SettingNames>>()

async function read(reader: Connection): Promise<SettingNames> {
  const rows = (await reader.rowsInTime(queryText("setting-names.sql"))) ?? []
  const texts = (field: "name" | "routine"): string[] =>
    rows.flatMap((row) => (row[field] === null || row[field] === undefined ? [] : [String(row[field])]))
  return { names: texts("name"), computedBy: texts("routine") }
}

/** Settings that policies, views, functions, triggers, constraints and defaults read; what is not known is said. */
export async function settingNames({ reader }: Scene, record: CheckRecord): Promise<string[]> {
  const found = known.get(reader) ?? read(reader)
  known.set(reader, found)
  const { names, computedBy } = await found
  for (const routine of computedBy) {
    record.leftOut(routine, "the name of a setting is put together there when it runs, and that setting was not tried")
  }
  for (const name of names.slice(most)) {
    record.leftOut(name, `settings beyond the first ${most} were not tried`)
  }
  return names.slice(0, most)
}

/** `app.branch` as `"app"."branch"`, which `reset` wants. */
export const settingName = (name: string): string => name.split(".").map(quoteIdent).join(".")
