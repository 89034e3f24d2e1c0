import { quoteIdent } from "@wardkeep/core"
import type { Scene } from "../run/check.js"
import { queryText } from "../sql-files.js"

/** Settings that policies and functions read. */
export async function settingNames({ reader }: Scene): Promise<string[]> {
  const rows = await reader.rowsInTime(queryText("setting-names.sql"))
  return (rows ?? []).map(({ name }) => String(name)).filter((name) => name.includes("."))
}

/** `app.branch` as `"app"."branch"`, which `reset` wants. */
export const settingName = (name: string): string => name.split(".").map(quoteIdent).join(".")
